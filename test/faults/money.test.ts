/** That the comparison of both sides' accounts sees what it is for. */
import { expect, test } from 'vitest';
import type { RunResult } from '../../src/client/run-result.ts';
import type { ProviderCallRow } from '../../src/store/provider-calls.ts';
import type { RequestSeen } from '../standin/record.ts';
import { accountOf } from './money.ts';

const billed = { inputTokens: 1_000, outputTokens: 10, cachedInputTokens: 0, searchUnits: 0 };
const whole = { route: 'openai/chat', model: 'gpt-5-mini', status: 200, fault: null, streamed: true } as const;
const request = (parts: Partial<RequestSeen>) =>
  ({ ...whole, usageSent: true, billed, body: { n: 1 }, ...parts }) as RequestSeen;
const row = (parts: Partial<ProviderCallRow>) =>
  ({
    model: 'gpt-5-mini',
    usage: 'reported',
    inputTokens: 1_000,
    outputTokens: 10,
    costUsd: 0.00027,
    ...parts,
  }) as ProviderCallRow;
const run = (calls: readonly ProviderCallRow[], parts: Partial<RunResult> = {}) => {
  const known = calls.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  const unknownCalls = calls.filter(({ costUsd }) => costUsd === null).length;
  return { calls, costUsd: known, estimatedCalls: 0, unknownCalls, ...parts } as RunResult;
};
const problemsOf = (ours: RunResult, theirs: readonly RequestSeen[]) => accountOf(ours, theirs).problems;

const cutRequest = request({ usageSent: false, fault: 'cut', body: { n: 2 } });
const cutRow = row({ usage: 'unknown', inputTokens: null, outputTokens: null, costUsd: null });

test('both sides agree', () => {
  expect(problemsOf(run([row({}), cutRow]), [request({}), cutRequest])).toEqual([]);
});

test.each<[string, RunResult, readonly RequestSeen[]]>([
  ['a call that has no row', run([row({})]), [request({}), cutRequest]],
  ['a token too many', run([row({ outputTokens: 11 })]), [request({})]],
  ['a hundred-millionth of a dollar', run([row({ costUsd: 0.00027001 })]), [request({})]],
  ['a sum that is not that of its calls', run([row({})], { costUsd: 0.0003 }), [request({})]],
  ['a cut call that counts as known', run([row({}), row({})]), [request({}), cutRequest]],
  ['a cut call that the total does not tell of', run([cutRow], { unknownCalls: 0 }), [cutRequest]],
  ['the same request paid twice', run([row({}), row({})]), [request({}), request({})]],
])('%s is seen', (_what, ours, theirs) => {
  expect(problemsOf(ours, theirs)).not.toEqual([]);
});
