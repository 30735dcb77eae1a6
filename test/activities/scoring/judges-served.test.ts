/** Judges over HTTP, with the attempts that their policy gives them. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMakeAttempt, createSlots, makeCall } from '../../../src/evaluation/attempts.ts';
import { type Json, stepName } from '../../../src/index.ts';
import { createScoringSteps } from '../../../src/steps/implementations.ts';
import { judgeAnswer, judgePair } from '../../../src/steps/scoring-steps.ts';
import { providersAt } from '../../providers/subjects.ts';
import { type LocalStandIn, startStandIn } from '../../standin/start.ts';

const payloads = { put: async () => undefined, get: async () => new Map<string, string>() };
const never = new AbortController().signal;
const answer = 'It lasts 300 seconds.';
const asked = { question: 'How long?', expected: '300 seconds' };
let standIn: LocalStandIn;

beforeAll(async () => {
  standIn = await startStandIn();
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

/** As an evaluation makes it, but without pauses. */
function call(step: typeof judgeAnswer | typeof judgePair, input: Json, model: string) {
  const textSearch = { embed: () => Promise.reject(new Error('nothing is embedded')) };
  const attempt = createMakeAttempt({ payloads }, createScoringSteps({ providers: providersAt(standIn), textSearch }));
  const { attempts, timeoutMs } = step.policy;
  const policy = {
    ...{ attempts, timeoutMs, lane: 'activity' as const },
    backoff: { firstMs: 1, factor: 1, maxMs: 1 },
  };
  return makeCall({
    ...{ policy, slots: createSlots(1), room: async () => undefined, callLimitMs: 60_000, signal: never },
    make: (number) =>
      attempt({
        ...{ step: stepName(step), config: { model }, input, runId: 'evaluation', key: 'judged', call: 'step' },
        ...{ attempt: number, policy, signal: never },
      }),
  });
}

const MODELS = [
  ['openai/gpt-5-mini', 'openai/chat'],
  ['cohere/command-a-03-2025', 'cohere/chat'],
] as const;

test.each(MODELS)('%s: a verdict that is none is asked for again, and then is a verdict', async (model, route) => {
  await standIn.reply({ route, schema: 'verdict' }, { data: { reason: 'Fine.', verdict: 'excellent' } });
  await standIn.reply({ route, schema: 'verdict' }, { data: { reason: 'As the reference.', verdict: 'correct' } });
  const { outcome, attempts } = await call(judgeAnswer, { ...asked, answer }, model);
  expect(outcome).toEqual({
    value: { correct: true, score: 1, verdict: 'correct', reason: 'As the reference.' },
  });
  expect(attempts).toBe(2);
});

test.each(MODELS)(
  '%s: a judge that goes on talking nonsense fails as such, and gives no score',
  async (model, route) => {
    await standIn.fault({ kind: 'malformed-json', where: 'reply' }, { route, times: 'always' });
    const { outcome, attempts } = await call(judgeAnswer, { ...asked, answer }, model);
    expect(outcome).toMatchObject({ failure: { code: 'output_malformed', retryable: true } });
    expect(attempts).toBe(3);
    expect(await standIn.requests({ route })).toHaveLength(3);
  },
);

test.each(MODELS)('%s: the better of two', async (model, route) => {
  await standIn.reply({ route, schema: 'comparison' }, { data: { reason: 'Exact.', winner: 'second' } });
  const { outcome } = await call(judgePair, { ...asked, first: 'Long.', second: answer }, model);
  expect(outcome).toEqual({ value: { winner: 'second', reason: 'Exact.' } });
  const [request] = await standIn.requests({ route });
  // The reason is asked for before the winner: models write fields in the order of the schema.
  expect(JSON.stringify(request!.body)).toMatch(/"reason":\{"type":"string"\},"winner":/);
});
