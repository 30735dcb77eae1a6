/** Each way in which a provider fails, as its typed failure: for every kind of call, streamed and not, nothing mocked. */
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { MOST_REPLY_BYTES } from '../../src/models/provider-calling.ts';
import { usageOfFailure } from '../../src/models/provider-failures.ts';
import type { Providers } from '../../src/models/providers.ts';
import type { Fault } from '../standin/faults.ts';
import type { ReplyScript } from '../standin/scripts.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { BAD_KEY, callOf, failureOf, GOOD_KEY, providersAt, type Subject, servedSubjects } from './subjects.ts';

let standIn: LocalStandIn;
let providers: Providers;

beforeAll(async () => {
  standIn = await startStandIn({ keys: [GOOD_KEY] });
  providers = providersAt(standIn);
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

type Kind = 'text' | 'stream' | 'data' | 'rerank' | 'embed';
const Facts = z.object({ language: z.string() });
const request = { messages: [{ role: 'user' as const, content: 'What does a run record?' }], maxOutputTokens: 200 };

function make(subject: Subject, kind: Kind, from: Providers = providers): Promise<unknown> {
  const call = callOf();
  switch (kind) {
    case 'text':
      return from.languageModel(subject.languageModel).writeText(request, call);
    case 'stream':
      return from.languageModel(subject.languageModel).writeText({ ...request, onText: () => undefined }, call);
    case 'data':
      return from.languageModel(subject.languageModel).writeData(request, { name: 'facts', schema: Facts }, call);
    case 'rerank':
      return from.reranker(subject.reranker!).rerank({ query: 'q', documents: [{ text: 'x' }], topN: 1 }, call);
    case 'embed':
      return from.embedder(subject.embedder!).embed({ texts: ['x'], as: 'passage' }, call);
  }
}

const kindsOf = ({ reranker }: Subject): readonly Kind[] => [
  'text',
  'stream',
  'data',
  'embed',
  ...(reranker ? (['rerank'] as const) : []),
];
const calls = servedSubjects.flatMap((subject) =>
  kindsOf(subject).map((kind) => ({ subject, kind, name: subject.name })),
);

interface Expected {
  readonly code: string;
  readonly retryable: boolean;
}

const everywhere: readonly (readonly [string, Fault, Expected])[] = [
  ['a rate limit', { kind: 'rate-limited' }, { code: 'rate_limited', retryable: true }],
  ['a spent quota', { kind: 'rate-limited', quota: true }, { code: 'quota_exhausted', retryable: false }],
  ['500', { kind: 'status', status: 500 }, { code: 'overloaded', retryable: true }],
  ['502', { kind: 'status', status: 502 }, { code: 'overloaded', retryable: true }],
  ['503', { kind: 'status', status: 503 }, { code: 'overloaded', retryable: true }],
  ['529', { kind: 'status', status: 529 }, { code: 'overloaded', retryable: true }],
  ['504', { kind: 'status', status: 504 }, { code: 'timeout', retryable: true }],
  ['401', { kind: 'status', status: 401 }, { code: 'key_invalid', retryable: false }],
  ['403', { kind: 'status', status: 403 }, { code: 'key_invalid', retryable: false }],
  ['404', { kind: 'status', status: 404 }, { code: 'model_unknown', retryable: false }],
  ['400', { kind: 'status', status: 400 }, { code: 'request_invalid', retryable: false }],
  [
    'a prompt too long',
    { kind: 'status', status: 400, code: 'context_length_exceeded' },
    { code: 'context_too_long', retryable: false },
  ],
  ['a cut connection', { kind: 'cut' }, { code: 'overloaded', retryable: true }],
  ['no JSON', { kind: 'malformed-json', where: 'body' }, { code: 'output_malformed', retryable: true }],
  ['another shape', { kind: 'wrong-schema', where: 'body' }, { code: 'output_malformed', retryable: true }],
];

describe.each(calls)('$name $kind', ({ subject, kind }) => {
  it.each(everywhere)('meets %s', async (_name, fault, expected) => {
    await standIn.fault(fault);
    const failure = await failureOf(make(subject, kind));
    expect(failure).toBeInstanceOf(StepFailure);
    expect(failure).toMatchObject({ ...expected, benign: expected.code === 'rate_limited' });
    expect((failure as StepFailure).message).toContain(`${subject.name}/`);
    expect((failure as StepFailure).message.length).toBeLessThan(600);
    expect((failure as StepFailure).remedy).not.toBe('');
  });

  it('meets a reply without a body', async () => {
    await standIn.fault({ kind: 'empty-body' });
    // A stream that brings nothing has ended early; a reply that is nothing is no JSON.
    const code = kind === 'stream' ? 'overloaded' : 'output_malformed';
    expect(await failureOf(make(subject, kind))).toMatchObject({ code, retryable: true });
  });

  it.each([
    ['seconds', { seconds: 7 }, 7_000, 7_000],
    ['milliseconds', { ms: 1_250 }, 1_250, 1_250],
    ['a date', { dateInSeconds: 30 }, 30_000, 31_000],
  ] as const)('waits as long as it is asked to, in %s', async (_form, retryAfter, atLeast, atMost) => {
    await standIn.fault({ kind: 'rate-limited', retryAfter });
    const askedAt = Date.now();
    const { retryAfterMs } = (await failureOf(make(subject, kind))) as StepFailure;
    // A date comes nearer while the reply is on its way.
    expect(retryAfterMs! + Date.now() - askedAt).toBeGreaterThanOrEqual(atLeast);
    expect(retryAfterMs).toBeLessThanOrEqual(atMost);
  });

  it('waits for an overloaded server too, and never after what waiting does not cure', async () => {
    await standIn.fault({ kind: 'status', status: 503, retryAfter: { seconds: 3 } });
    expect(await failureOf(make(subject, kind))).toMatchObject({ retryAfterMs: 3_000 });
    await standIn.fault({ kind: 'rate-limited', quota: true, retryAfter: { seconds: 3 } });
    expect(await failureOf(make(subject, kind))).toMatchObject({ retryAfterMs: undefined });
  });

  it('meets a server that is not there', async () => {
    const gone = await startStandIn();
    await gone.close();
    const nowhere = providersAt(gone);
    const failure = await failureOf(make(subject, kind, nowhere));
    expect(failure).toMatchObject({ code: 'overloaded', retryable: true, data: { providerCode: 'ECONNREFUSED' } });
  });

  it('never tells a key, nor what it was sent with', async () => {
    for (const from of [providersAt(standIn, BAD_KEY), providers]) {
      await standIn.fault({ kind: 'status', status: 500 });
      const failure = (await failureOf(make(subject, kind, from))) as StepFailure;
      const told = [inspect(failure, { depth: 20, showHidden: true }), JSON.stringify(failure), failure.stack].join();
      for (const key of [BAD_KEY, GOOD_KEY])
        for (const piece of [key, key.slice(0, 8), key.slice(-8)]) expect(told).not.toContain(piece);
      expect(told).not.toMatch(/bearer|authorization/i);
      expect(failure.cause).toBeUndefined();
      await standIn.reset();
    }
  });

  it('says that a key is not accepted, and by which variable it is set', async () => {
    const failure = (await failureOf(make(subject, kind, providersAt(standIn, BAD_KEY)))) as StepFailure;
    expect(failure).toMatchObject({ code: 'key_invalid', retryable: false });
    expect(failure.remedy).toContain(subject.name === 'openai' ? 'OPENAI_API_KEY' : 'CO_API_KEY');
    expect(failure.message).not.toMatch(/k9-evil|Xw3/);
  });

  it('gives up on a reply that does not end', async () => {
    await standIn.fault({ kind: 'large-body', bytes: MOST_REPLY_BYTES + 1_000_000 });
    expect(await failureOf(make(subject, kind))).toMatchObject({
      code: 'output_malformed',
      message: expect.stringContaining('bytes'),
    });
  });
});

const chats = servedSubjects.flatMap((subject) =>
  (['text', 'stream'] as const).map((kind) => ({ subject, kind, name: subject.name })),
);

describe.each(chats)('$name $kind', ({ subject, kind }) => {
  const replied = async (script: ReplyScript) => {
    await standIn.reply({}, script);
    return (await failureOf(make(subject, kind))) as StepFailure;
  };

  it('refuses a reply that its limit cut, and says what it cost', async () => {
    const failure = await replied({ text: 'A run records', finish: 'length' });
    expect(failure).toMatchObject({ code: 'output_cut', retryable: false });
    const [seen] = await standIn.requests();
    expect(usageOfFailure(failure)).toMatchObject({ outputTokens: seen!.billed!.outputTokens });
  });

  it('refuses a reply that breaks off with an error, or that is empty', async () => {
    if (subject.name === 'cohere')
      expect(await replied({ text: 'A run', finish: 'error' })).toMatchObject({ code: 'overloaded' });
    expect(await replied({ text: ' \n' })).toMatchObject({ code: 'output_malformed', retryable: true });
  });

  it.runIf(subject.name === 'openai')('meets a model that will not answer', async () => {
    expect(await replied({ refusal: 'I cannot help with that.' })).toMatchObject({
      code: 'content_refused',
      retryable: false,
    });
    expect(await replied({ text: 'A run', finish: 'content-filter' })).toMatchObject({ code: 'content_refused' });
  });

  it.each(
    subject.name === 'openai'
      ? [
          { status: 400, code: 'invalid_prompt' },
          { status: 400, code: 'content_filter' },
        ]
      : [{ status: 498 }],
  )('meets a content policy: $status $code', async (refusal) => {
    await standIn.fault({ kind: 'status', ...refusal });
    expect(await failureOf(make(subject, kind))).toMatchObject({ code: 'content_refused', retryable: false });
  });
});

describe.each(servedSubjects)('$name', (subject) => {
  it.each([0, 1, 3])('refuses a stream that ends well-formed but early, after %i pieces', async (afterTokens) => {
    await standIn.fault({ kind: 'early-end', afterTokens });
    expect(await failureOf(make(subject, 'stream'))).toMatchObject({
      code: 'overloaded',
      retryable: true,
      message: expect.stringContaining('early'),
    });
  });

  it.each([
    ['no JSON', { kind: 'malformed-json', where: 'reply' }],
    ['JSON of another shape', { kind: 'wrong-schema', where: 'reply' }],
  ] as const)('refuses data that is %s, says what it cost, and does not quote it', async (_what, fault) => {
    await standIn.fault(fault);
    const failure = (await failureOf(make(subject, 'data'))) as StepFailure;
    expect(failure).toMatchObject({
      code: 'output_malformed',
      retryable: true,
      message: expect.stringContaining('facts'),
    });
    const [seen] = await standIn.requests();
    expect(usageOfFailure(failure)).toMatchObject({ inputTokens: seen!.billed!.inputTokens });
  });
});
