/**
 * OpenAI's own clients against the compatible endpoint: the npm one, and the Python one where SLUICE_TEST_PYTHON is a folder
 * that has it (`.ci/run` fetches it).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  UnprocessableEntityError,
} from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Live, startLive } from '../support/live.ts';
import { type Api, keyOf, startApi } from './api-support.ts';
import { answerTo, FAILS, mute, patient, talker, talkerSteps } from './talker.ts';

const packages = process.env.SLUICE_TEST_PYTHON ?? '';
const hasPython = existsSync(join(packages, 'openai'));
if (!hasPython) console.warn('SLUICE_TEST_PYTHON has no openai: the Python client is not tested');

let live: Live;
let api: Api;
let key: string;
let sluice: OpenAI;
beforeAll(async () => {
  live = await startLive(() => talkerSteps);
  api = await startApi(live, [talker, patient, mute]);
  key = await keyOf(live, 'app', ['ask', 'feedback'], { owner: 'ada' });
  sluice = clientOf(key);
});
afterAll(async () => {
  await api?.close(1_000);
  await live?.stop();
});

const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${api.url}/v1` });
const saying = (content: string) => ({ model: 'docs-bot', messages: [{ role: 'user' as const, content }] });
const errorOf = (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );
const runs = async () => (await live.store.runs.list({ limit: 100 })).runs;

describe('the npm client', () => {
  test('lists what it may ask', async () => {
    const namesOf = async (client: OpenAI) => (await Array.fromAsync(await client.models.list())).map(({ id }) => id);
    expect(await namesOf(sluice)).toEqual(['docs-bot']);
    const operator = clientOf(await keyOf(live, 'operator', ['operate']));
    expect(await namesOf(operator)).toEqual(['docs-bot', 'docs-bot:patient']);
    expect(await operator.models.retrieve('docs-bot:patient')).toMatchObject({ object: 'model', owned_by: 'sluice' });
  });

  test('asks, and its run is recorded for its unit', async () => {
    const messages = [{ role: 'system' as const, content: 'Be kind.' }, ...saying('Why?').messages];
    const asked = sluice.chat.completions.create({ model: 'docs-bot', messages, user: 'u-17', temperature: 0 });
    const { data, response } = await asked.withResponse();
    expect(data.choices[0]).toMatchObject({
      message: { role: 'assistant', content: answerTo('Why?', ['system: Be kind.']) },
      finish_reason: 'stop',
    });
    const runId = response.headers.get('x-run-id')!;
    expect(data).toMatchObject({ id: `chatcmpl-${runId}`, sluice: { runId, citations: ['page-1'] } });
    expect(await live.store.runs.get(runId)).toMatchObject({ runId, unit: 'u-17', owner: 'ada', state: 'completed' });
  });

  test('streams what is answered, with what it took', async () => {
    const question = 'Which words are there? '.repeat(50);
    const asked = { ...saying(question), stream: true as const, stream_options: { include_usage: true } };
    const chunks = await Array.fromAsync(await sluice.chat.completions.create(asked));
    const content = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(content).toBe(answerTo(question));
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 0 } });
    const helped = await sluice.chat.completions.stream(saying(question)).finalContent();
    expect(helped).toBe(content);
  });

  test('gives feedback to what it was answered', async () => {
    const { response } = await sluice.chat.completions.create(saying('Why?')).withResponse();
    const runId = response.headers.get('x-run-id')!;
    await sluice.post(`/runs/${runId}/feedback`, { body: { thumb: 'down', note: 'why not?' } });
    expect(await live.store.feedback.ofRun(runId)).toMatchObject([{ thumb: -1, note: 'why not?', by: 'key:app' }]);
    const refused = await errorOf(sluice.post(`/runs/${runId}/feedback`, { body: { thumb: 'sideways' } }));
    expect(refused).toBeInstanceOf(UnprocessableEntityError);
    expect((refused as APIError).message).toContain('thumb');
  });

  test('says why it is refused', async () => {
    const several = { ...saying('x'), n: 2 };
    const refused = await Promise.all([
      errorOf(clientOf('sk-none').models.list()),
      errorOf(sluice.models.retrieve('docs-bott')),
      errorOf(sluice.chat.completions.create(several)),
      errorOf(sluice.embeddings.create({ model: 'docs-bot', input: 'x', encoding_format: 'float' })),
    ]);
    expect(refused.map((error) => (error as Error).constructor)).toEqual([
      ...[AuthenticationError, NotFoundError, BadRequestError, NotFoundError],
    ]);
    expect(refused.map((error) => (error as APIError).message)).toEqual([
      expect.stringContaining('401 the key is not known'),
      expect.stringContaining("did you mean 'docs-bot'?"),
      expect.stringContaining('one answer is given'),
      expect.stringContaining('nothing at this path'),
    ]);
    expect(refused[2]).toMatchObject({ param: 'n', requestID: expect.any(String) });
  });

  test('raises a run that failed, and does not pay for another', async () => {
    const before = (await runs()).length;
    const failed = await errorOf(sluice.chat.completions.create(saying(FAILS)));
    expect(failed).toBeInstanceOf(UnprocessableEntityError);
    expect(failed).toMatchObject({ code: 'run_failed', type: 'run_error' });
    const streamed = await sluice.chat.completions.create({ ...saying(FAILS), stream: true });
    const broken = await errorOf(Array.fromAsync(streamed));
    expect(broken).toBeInstanceOf(APIError);
    expect((broken as APIError).message).toContain('the reply broke off');
    expect((await runs()).length).toBe(before + 2);
  });

  test('gets the same run for the same key', async () => {
    const once = { headers: { 'Idempotency-Key': 'order-7' } };
    const [first, again] = [
      await sluice.chat.completions.create(saying('once'), once),
      await sluice.chat.completions.create(saying('once'), once),
    ];
    expect(again.id).toBe(first.id);
    const streamed = await sluice.chat.completions.create({ ...saying('once'), stream: true }, once);
    const ids = new Set((await Array.fromAsync(streamed)).map(({ id }) => id));
    expect(ids).toEqual(new Set([first.id]));
  });
});

describe('programs', () => {
  const asked = answerTo('How do I stream text?');
  const runProgram = async (program: string, ...args: readonly string[]) => {
    const env = { ...process.env, OPENAI_BASE_URL: `${api.url}/v1`, OPENAI_API_KEY: key, PYTHONPATH: packages };
    return (await promisify(execFile)(program, args, { env })).stdout;
  };
  const feedbackOfLast = async (count: number) => {
    const newest = (await runs()).slice(0, count);
    const said = await Promise.all(newest.map(({ runId }) => live.store.feedback.ofRun(runId)));
    return said.flat().map(({ thumb }) => thumb);
  };

  test('the one that the guide shows, by npm', async () => {
    expect(await runProgram(process.execPath, join(import.meta.dirname, 'openai-client-process.ts'))).toBe(
      `${asked}\n${asked}`,
    );
    expect(await feedbackOfLast(2)).toEqual([1]);
  });

  test.runIf(hasPython)('the one that the guide shows, in Python, and what else that client does', async () => {
    const before = (await runs()).length;
    const output = await runProgram('python3', join(import.meta.dirname, 'openai_client.py'));
    expect(output.startsWith(`${asked}\n${asked}\n`)).toBe(true);
    const seen = JSON.parse(output.trim().split('\n').at(-1)!);
    expect(seen).toEqual({
      ...{ models: ['docs-bot'], model: 'docs-bot', answer: asked, streamed: asked, usage: 0 },
      runId: expect.stringMatching(/^run-/),
      failed: error('UnprocessableEntityError', 422, 'run_failed', 'the reply broke off'),
      failedStream: error('APIError', null, 'run_failed', 'the reply broke off'),
      unauthorized: error('AuthenticationError', 401, 'unauthorized', 'the key is not known'),
      unsupported: error('BadRequestError', 400, 'request_invalid', 'one answer is given'),
      unknown: error('NotFoundError', 404, 'model_unknown', "did you mean 'docs-bot'?"),
    });
    expect(await live.store.feedback.ofRun(seen.runId)).toMatchObject([{ thumb: 1 }]);
    // Three that were answered, and one of each that failed.
    expect((await runs()).length).toBe(before + 5);
  });

  const error = (name: string, status: number | null, code: string, words: string) => ({
    ...{ name, status, code, message: expect.stringContaining(words) },
  });
});
