import OpenAI, { InternalServerError } from 'openai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { LogEntry, ServerDependencies } from '../../src/api/environment.ts';
import { SluiceError } from '../../src/base/errors.ts';
import type { Runnable, RunOptions, StartedRun } from '../../src/client/client.ts';
import type { RunResult, StreamEvent } from '../../src/client/run-result.ts';
import type { AnyPipeline } from '../../src/dsl/edit.ts';
import type { Scope } from '../../src/store/api-keys.ts';
import { LIMITS } from './api-support.ts';
import { answerTo, FAILS, mute, patient, talker } from './talker.ts';

const RUN = `run-${'7'.repeat(32)}`;
const PLAN = 'abcdefabcdef';
const URL_OF_RUN = 'http://localhost:8233/run';

const spent = { paidCalls: 1, costUsd: null, unknownCalls: 0, estimatedCalls: 0, inputTokens: 30, outputTokens: 12 };
const resultOf = (question: string, more: Partial<RunResult> = {}): RunResult => ({
  ...{
    runId: RUN,
    pipeline: 'docs-bot',
    variant: null,
    planId: PLAN,
    arms: { tone: 'baseline' },
    outcome: 'completed',
    degraded: false,
  },
  ...{ nodes: [], error: null, durationMs: 5, calls: [], temporalUrl: URL_OF_RUN, ...spent },
  output: { text: answerTo(question), citations: ['page-1'] },
  ...more,
});
const failed = (outcome: 'failed' | 'cancelled') =>
  resultOf('', {
    outcome,
    output: null,
    error: { code: 'cut', message: 'the reply broke off', key: 'reply' } as never,
  });

interface Asked {
  readonly pipeline: Runnable;
  readonly input: unknown;
  readonly options: RunOptions;
  readonly unit: string | undefined;
  readonly isStream: boolean;
}

/** An app over a client that answers with `finish`, and what that client was asked. */
function appOf(finish: (question: string) => Promise<RunResult>, { waitMs = 60_000, runsAtOnce = 8 } = {}) {
  const asked: Asked[] = [];
  const logged: LogEntry[] = [];
  const units = new Map<object, string | undefined>();
  const begin = (pipeline: Runnable, input: unknown, options: RunOptions, isStream: boolean): StartedRun => {
    pipeline.input.parse(input); // as the client checks it; what it throws then is not what is tested here
    asked.push({ pipeline, input, options, unit: units.get(pipeline), isStream });
    const finished = finish((input as { question: string }).question);
    finished.catch(() => undefined);
    const begun = async () => undefined;
    return { runId: RUN, planId: PLAN, temporalUrl: URL_OF_RUN, begun, answer: Promise.resolve(null), finished };
  };
  const client = {
    async serve(pipeline: Runnable, input: unknown, { unit }: { unit?: string } = {}) {
      const parsed = pipeline.input.safeParse(input);
      if (!parsed.success)
        throw new SluiceError('input_invalid', { message: z.prettifyError(parsed.error), remedy: 'correct it' });
      const served = { ...pipeline };
      units.set(served, unit);
      return served;
    },
    start: async (pipeline: Runnable, input: unknown, options: RunOptions) => begin(pipeline, input, options, false),
    stream(pipeline: Runnable, input: unknown, options: RunOptions) {
      const started = begin(pipeline, input, options, true);
      return { started: Promise.resolve(started), answer: started.finished, ...eventsOf(started.finished) };
    },
  };
  const secrets = new Map<string, object>();
  const keyWith = (...scopes: Scope[]) => {
    const { key, keyId, secret } = makeApiKey();
    const row = { keyId, name: 'app', secretHash: hashSecret(secret), scopes, owner: 'ada', expiresAt: null };
    secrets.set(keyId, { ...row, createdBy: 'test', createdAt: 0, revokedAt: null, isExpired: false });
    return key;
  };
  const app = createApp({
    runtime: { client, store: { apiKeys: { find: async (id: string) => secrets.get(id) } }, temporal: {} },
    pipelines: new Map<string, AnyPipeline>([
      ['docs-bot', talker],
      ['docs-bot:patient', patient],
      ['mute', mute],
    ]),
    limits: { ...LIMITS, waitMs, runsAtOnce },
    version: '0.0.0-test',
    log: (entry: LogEntry) => logged.push(entry),
  } as unknown as ServerDependencies);
  const key = keyWith('ask');
  const ask = async (path: string, body?: object, headers: { [name: string]: string } = {}) => {
    const response = await app.request(`/v1${path}`, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };
  return { app, key, ask, asked, logged, keyWith };
}

function eventsOf(finished: Promise<RunResult>): AsyncIterable<StreamEvent> {
  return {
    async *[Symbol.asyncIterator]() {
      const result = await finished;
      const { runId, output, error, outcome } = result;
      if (outcome === 'failed' || outcome === 'cancelled') return yield { kind: 'failed', runId, error, result };
      const text = (output as { text?: string }).text ?? null;
      yield { kind: 'accepted', runId, text, rest: text, output };
      yield { kind: 'answer', runId, result };
    },
  };
}

const quick = () => appOf(async (question) => (question === FAILS ? failed('failed') : resultOf(question)));
const CHAT = '/chat/completions';
const saying = (content: unknown, more: object = {}) => ({
  model: 'docs-bot',
  messages: [{ role: 'user', content }],
  ...more,
});
/** The `data` of each event, `[DONE]` as it is, and the comments beside. */
function read(text: string) {
  const lines = text.split('\n').filter((line) => line !== '');
  const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));
  return {
    chunks: data.filter((each) => each !== '[DONE]').map((each) => JSON.parse(each)),
    isDone: data.at(-1) === '[DONE]',
    comments: lines.filter((line) => line.startsWith(':')),
    others: lines.filter((line) => !/^(data: |:)/.test(line)),
  };
}

describe('models', () => {
  test('are pipelines that declare chat; variants are for those who operate', async () => {
    const { ask, keyWith } = quick();
    const { body } = await ask('/models');
    expect(body).toEqual({
      object: 'list',
      data: [{ id: 'docs-bot', object: 'model', created: expect.any(Number), owned_by: 'sluice' }],
    });
    const operating = { authorization: `Bearer ${keyWith('operate')}` };
    const all = await ask('/models', undefined, operating);
    expect(all.body.data.map(({ id }: { id: string }) => id)).toEqual(['docs-bot', 'docs-bot:patient']);
    expect((await ask('/models/docs-bot')).body).toEqual(body.data[0]);
    expect((await ask('/models/docs-bot%3Apatient', undefined, operating)).body.id).toBe('docs-bot:patient');
  });

  test.each([
    ['/models/docs-bott', 404, "did you mean 'docs-bot'?"],
    ['/models/mute', 404, 'declares no chat'],
    ['/models/docs-bot:patient', 403, 'operate'],
    ['/embeddings', 404, 'nothing at this path'],
  ])('%s is refused as OpenAI refuses', async (path, status, words) => {
    const refused = await quick().ask(path);
    expect([refused.status, refused.body.error.code]).toEqual([status, refused.body.code]);
    expect(refused.body.error.message).toContain(words);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('a completion', () => {
  test('has the text, the tokens, and the run', async () => {
    const { ask, asked } = quick();
    const { status, headers, body } = await ask(CHAT, saying('Why?', { user: 'u-17' }));
    expect([status, headers.get('x-run-id')]).toEqual([200, RUN]);
    expect(body).toEqual({
      id: `chatcmpl-${RUN}`,
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'docs-bot',
      system_fingerprint: PLAN,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: answerTo('Why?'), refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage: { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 },
      sluice: {
        ...{ runId: RUN, planId: PLAN, arms: { tone: 'baseline' }, degraded: false },
        ...{ citations: ['page-1'], temporalUrl: URL_OF_RUN },
      },
    });
    expect(asked).toMatchObject([
      { input: { user: 'u-17' }, unit: 'u-17', options: { owner: 'ada' }, isStream: false },
    ]);
  });

  test('parts of text are joined, other roles come along, and what has no text is empty', async () => {
    const { ask, asked } = quick();
    const text = (words: string) => ({ type: 'text', text: words });
    const messages = [
      { role: 'developer', content: 'Be kind.' },
      { role: 'assistant', content: null, tool_calls: [{ id: '1' }] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { role: 'user', content: [text('one'), text('two')] },
    ];
    await ask(CHAT, { model: 'docs-bot', messages, safety_identifier: 'hash', user: null });
    expect(asked[0]).toMatchObject({
      input: { question: 'one\ntwo', before: ['developer: Be kind.', 'assistant: ', 'assistant: No.'] },
      unit: 'hash',
    });
  });

  test('a variant is run as it is, by whoever operates', async () => {
    const { ask, asked, keyWith } = quick();
    const model = { model: 'docs-bot:patient', user: 'u-1' };
    expect((await ask(CHAT, saying('x', model))).body.error).toMatchObject({ type: 'permission_error' });
    const operating = { authorization: `Bearer ${keyWith('ask', 'operate')}` };
    expect((await ask(CHAT, saying('x', model), operating)).body.model).toBe('docs-bot:patient');
    expect(asked.map(({ pipeline, unit }) => [pipeline, unit])).toEqual([
      [expect.objectContaining({ plan: patient.plan }), 'u-1'],
    ]);
  });

  test('the same key is the same run, of the same owner', async () => {
    const { ask, asked } = quick();
    await ask(CHAT, saying('x'), { 'idempotency-key': 'order-7' });
    expect(asked[0]?.options.idempotencyKey).toBe('ada/order-7');
  });

  test('what only tunes a model, and what is without effect, is taken', async () => {
    const tuning = {
      temperature: 0,
      top_p: 1,
      max_tokens: 9,
      seed: 7,
      metadata: { a: 'b' },
      store: true,
      logit_bias: {},
    };
    const without = {
      ...{ n: 1, stop: null, tools: [], response_format: { type: 'text' }, logprobs: false, modalities: ['text'] },
      ...{ audio: null, stream: null, stream_options: null, functions: null, top_logprobs: 0 },
    };
    expect((await quick().ask(CHAT, saying('x', { ...tuning, ...without, invented: 1 }))).status).toBe(200);
  });
});

describe('what is refused before there is a run', () => {
  const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
  test.each([
    ['several answers', saying('x', { n: 2 }), 'n', 'one answer is given'],
    ['tools', saying('x', { tools: [{ type: 'function' }] }), 'tools', 'tools is not taken'],
    ['where to stop', saying('x', { stop: ['.'] }), 'stop', 'stop is not taken'],
    ['JSON', saying('x', { response_format: { type: 'json_schema' } }), 'response_format.type', 'answers are text'],
    ['probabilities', saying('x', { logprobs: true }), 'logprobs', 'not known'],
    ['audio', saying('x', { modalities: ['text', 'audio'] }), 'modalities[1]', 'answers are text'],
    ['a search of the web', saying('x', { web_search_options: {} }), 'web_search_options', 'the pipeline’s own'],
    ['images', saying([image]), 'messages[0].content', 'only text is taken'],
    [
      'a role that is none',
      { model: 'docs-bot', messages: [{ role: 'king', content: '' }] },
      'messages[0].role',
      'role',
    ],
    ['no messages', { model: 'docs-bot', messages: [] }, 'messages', 'messages'],
    ['no model', { messages: [{ role: 'user', content: 'x' }] }, 'model', 'model'],
    ['a unit that is too long', saying('x', { user: 'u'.repeat(1_001) }), 'user', 'user'],
  ])('%s', async (_, body, param, words) => {
    const { ask, asked } = quick();
    const refused = await ask(CHAT, body);
    expect([refused.status, refused.body.code, asked]).toEqual([400, 'request_invalid', []]);
    expect(refused.body.error).toMatchObject({ type: 'invalid_request_error', param, code: 'request_invalid' });
    expect(refused.body.error.message).toContain(words);
  });

  test.each([
    ['a model that is not there', saying('x', { model: 'gpt-5' }), {}, 404, 'invalid_request_error', 'model_unknown'],
    ['an input that does not fit', saying(''), {}, 422, 'invalid_request_error', 'input_invalid'],
    ['a wrong key', saying('x'), { authorization: 'Bearer sk-none' }, 401, 'authentication_error', 'unauthorized'],
    ['a key that is none', saying('x'), { 'idempotency-key': 'a b' }, 400, 'invalid_request_error', 'request_invalid'],
    [
      'another type',
      saying('x'),
      { 'content-type': 'text/plain' },
      415,
      'invalid_request_error',
      'media_type_unsupported',
    ],
  ])('%s', async (_, body, headers, status, type, code) => {
    const { ask, asked } = quick();
    const refused = await ask(CHAT, body, headers);
    expect([refused.status, refused.body.code, refused.body.error.type]).toEqual([status, code, type]);
    expect(asked).toEqual([]);
  });

  test('a key that may not ask', async () => {
    const { ask, keyWith } = quick();
    const refused = await ask(CHAT, saying('x'), { authorization: `Bearer ${keyWith('read')}` });
    expect([refused.status, refused.body.error.type]).toEqual([403, 'permission_error']);
  });

  test('one more than may be waited for, until one has ended', async () => {
    const end = Promise.withResolvers<void>();
    const { ask, asked } = appOf((question) => end.promise.then(() => resultOf(question)), { runsAtOnce: 2 });
    const first = [ask(CHAT, saying('1')), ask(CHAT, saying('2', { stream: true }))];
    await expect.poll(() => asked.length).toBe(2);
    const refused = await ask(CHAT, saying('3'));
    expect(refused.body.error.type).toBe('rate_limit_error');
    // Nothing has begun, so a client may ask again by itself.
    expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual(['1', null]);
    end.resolve();
    await Promise.all(first);
    expect((await ask(CHAT, saying('3'))).status).toBe(200);
  });
});

describe('a run that has begun is not to be begun again', () => {
  test.each(['failed', 'cancelled'] as const)('one that %s', async (outcome) => {
    const refused = await appOf(async () => failed(outcome)).ask(CHAT, saying('x'));
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([422, 'false']);
    expect(refused.headers.get('x-run-id')).toBe(RUN);
    expect(refused.body.data).toMatchObject({ runId: RUN, failure: { code: 'cut' } });
    expect(refused.body.error).toMatchObject({ type: 'run_error', code: `run_${outcome}` });
    expect(refused.body.error.message).toContain('the reply broke off');
  });

  test('one that takes longer', async () => {
    const refused = await appOf(() => new Promise(() => undefined), { waitMs: 20 }).ask(CHAT, saying('x'));
    expect([refused.status, refused.body.code]).toEqual([422, 'run_unfinished']);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(refused.body.error.message).toContain(`/v1/runs/${RUN}`);
  });

  test('one that could not be waited for, because a server went away', async () => {
    const away = new SluiceError('database_unreachable', { message: 'the database is away', remedy: 'wait' });
    const refused = await appOf(() => Promise.reject(away)).ask(CHAT, saying('x'));
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([503, 'false']);
    expect(refused.headers.get('x-run-id')).toBe(RUN);
    expect(refused.body.error).toMatchObject({ type: 'server_error', code: 'database_unreachable' });
  });

  test('by the npm client neither, which would ask twice more after a 503', async () => {
    const away = new SluiceError('database_unreachable', { message: 'the database is away', remedy: 'wait' });
    const { app, key, asked } = appOf(() => Promise.reject(away));
    const fetch = async (url: unknown, init?: RequestInit) => app.request(String(url), init);
    const client = new OpenAI({ apiKey: key, baseURL: 'http://sluice/v1', fetch });
    const error = await client.chat.completions
      .create({ model: 'docs-bot', messages: [{ role: 'user', content: 'x' }] })
      .then(String, (error: unknown) => error);
    expect(error).toBeInstanceOf(InternalServerError);
    expect((error as Error).message).toContain('the database cannot be reached');
    expect(asked).toHaveLength(1);
  });

  test('one whose output has no text, as what is deployed may have', async () => {
    const { ask } = appOf(async () => resultOf('', { output: { passages: [] } }));
    const refused = await ask(CHAT, saying('x'));
    expect([refused.status, refused.body.code]).toEqual([422, 'run_wordless']);
    const { chunks, isDone } = read((await ask(CHAT, saying('x', { stream: true }))).text);
    expect([chunks.at(-1).error.code, isDone]).toEqual(['run_wordless', false]);
  });
});

describe('a stream', () => {
  const streaming = (content: string, more: object = {}) => saying(content, { stream: true, ...more });

  test('begins with the role, has the text in pieces, and ends with the run', async () => {
    const long = 'Why are there words of several lengths, and 😀 between them? '.repeat(40);
    const { ask, asked } = quick();
    const { status, headers, text } = await ask(CHAT, streaming(long, { user: 'u-1' }));
    expect([status, headers.get('content-type'), headers.get('x-run-id')]).toEqual([200, 'text/event-stream', RUN]);
    const { chunks, isDone, comments, others } = read(text);
    expect([isDone, comments, others]).toEqual([true, [`: ${RUN} is at it`], []]);
    expect(new Set(chunks.map(({ id, object }) => `${id} ${object}`))).toEqual(
      new Set([`chatcmpl-${RUN} chat.completion.chunk`]),
    );
    const deltas = chunks.map(({ choices }) => choices[0]);
    expect(deltas[0]).toEqual({
      index: 0,
      delta: { role: 'assistant', content: '' },
      finish_reason: null,
      logprobs: null,
    });
    const pieces: string[] = deltas.slice(1, -1).map(({ delta }) => delta.content);
    expect(pieces.join('')).toBe(answerTo(long));
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.every((piece) => piece.isWellFormed() && piece.length <= 250)).toBe(true);
    expect(deltas.at(-1)).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({ sluice: { runId: RUN, citations: ['page-1'] } });
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
    expect(asked).toMatchObject([{ isStream: true, unit: 'u-1' }]);
    expect(asked[0]?.options).not.toHaveProperty('drafts');
  });

  test('says what it took where that is asked for, last and without a choice', async () => {
    const { ask } = quick();
    const { chunks } = read((await ask(CHAT, streaming('x', { stream_options: { include_usage: true } }))).text);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 42 } });
  });

  test('of a run that failed ends with an error, and is not done', async () => {
    const { status, headers, text } = await quick().ask(CHAT, streaming(FAILS));
    const { chunks, isDone } = read(text);
    expect([status, headers.get('x-should-retry'), isDone]).toEqual([200, 'false', false]);
    expect(chunks.at(-1)).toEqual({
      error: {
        message: `the run failed: the reply broke off; see GET /v1/runs/${RUN}`,
        ...{ type: 'run_error', param: null, code: 'run_failed' },
      },
    });
  });

  test('that breaks says so, without what nobody meant to say', async () => {
    const { ask, logged } = appOf(() => Promise.reject(new Error('password=hunter2')));
    const { text } = await ask(CHAT, streaming('x'));
    const { chunks, isDone } = read(text);
    expect([chunks.at(-1).error.type, isDone]).toEqual(['server_error', false]);
    expect(text).not.toContain('hunter2');
    expect(chunks.at(-1).error.message).toContain(RUN);
    expect(logged.at(-1)).toMatchObject({ level: 'error', key: 'app', error: 'password=hunter2' });
  });

  test('that is refused is refused by its status', async () => {
    expect((await quick().ask(CHAT, streaming(''))).status).toBe(422);
  });
});
