/** Pairs are asked in both orders, and only what is said both times counts. */
import { describe, expect, test } from 'vitest';
import type { PlayedRun } from '../../../src/evaluation/chunk/play-run.ts';
import { scorePair } from '../../../src/evaluation/chunk/score-run.ts';
import type { MemoWalk } from '../../../src/evaluation/memo-host.ts';
import type { Json, Wiring } from '../../../src/plan/plan.ts';
import { CallFailure } from '../../../src/plan/walk.ts';
import { example, SCORERS } from '../small-evaluation.ts';

const scorer = SCORERS.find(({ kind }) => kind === 'pair')!;
const facts = { latencyMs: 1, costUsd: 0, inputTokens: 0, outputTokens: 0, failed: false, degraded: false };

const run = (text: string, changes: Partial<PlayedRun> = {}): PlayedRun => ({
  outcome: 'completed',
  error: null,
  output: { text },
  facts,
  nodes: new Map([['draft\0text', { value: text }]]),
  walk: {} as MemoWalk,
  ...changes,
});
const failed = (): PlayedRun =>
  run('', {
    outcome: 'failed',
    output: undefined,
    error: { code: 'content_refused', message: 'no', node: 'draft' },
    nodes: new Map([['draft\0text', { missing: 'failed', node: 'draft' }]]),
  });
const lost = (): PlayedRun => ({
  ...failed(),
  outcome: 'missing',
  error: { code: 'overloaded', message: '503', node: 'draft' },
});

type Asked = { readonly first: string; readonly second: string };
const judging = (judge: (asked: Asked) => string) => ({
  scorer,
  example: example('e', 'text'),
  signal: new AbortController().signal,
  execute: async ({ input }: { input: Json }) => ({ winner: judge(input as unknown as Asked), reason: 'so' }),
});

describe('a pair', () => {
  test.each([
    [
      'prefers the variant both times',
      ({ first }: Asked) => (first === 'b' ? 'first' : 'second'),
      { win: 1, flipped: 0 },
    ],
    [
      'prefers the baseline both times',
      ({ first }: Asked) => (first === 'a' ? 'first' : 'second'),
      { win: 0, flipped: 0 },
    ],
    ['always picks the first', () => 'first', { win: 0.5, flipped: 1 }],
    ['always picks the second', () => 'second', { win: 0.5, flipped: 1 }],
    ['sees no difference', () => 'tie', { win: 0.5, flipped: 0 }],
    ['sees one in one order only', ({ first }: Asked) => (first === 'a' ? 'second' : 'tie'), { win: 0.5, flipped: 1 }],
  ])('whose judge %s', async (_, judge, score) => {
    expect(await scorePair(judging(judge), run('a'), run('b'))).toMatchObject({ state: 'done', score });
  });

  test.each(['both', '', 'toString'])("is missing where the judge's word is '%s', in whichever order", async (word) => {
    for (const judge of [() => word, ({ first }: Asked) => (first === 'a' ? 'tie' : word)])
      expect(await scorePair(judging(judge), run('a'), run('b'))).toEqual({
        ...{ state: 'missing', reason: "'winner' is none of first, second and tie", resumable: false },
      });
  });

  test('is not asked where a side failed: who failed has lost', async () => {
    const never = judging(() => expect.fail('it was asked'));
    expect(await scorePair(never, run('a'), failed())).toEqual({ state: 'failed', reason: 'content_refused' });
    expect(await scorePair(never, failed(), run('b'))).toMatchObject({ score: { win: 1, flipped: 0 } });
    expect(await scorePair(never, failed(), failed())).toMatchObject({ score: { win: 0.5, flipped: 0 } });
  });

  test('is missing where a side could not be run, or the judge not be asked', async () => {
    const never = judging(() => expect.fail('it was asked'));
    for (const [one, other] of [
      [lost(), run('b')],
      [run('a'), lost()],
      [lost(), failed()],
      [failed(), lost()],
    ] as const)
      expect(await scorePair(never, one, other)).toMatchObject({ state: 'missing', resumable: true });
    const away = judging(() => {
      throw new CallFailure('output_malformed', 'nonsense', { retryable: true });
    });
    expect(await scorePair(away, run('a'), run('b'))).toEqual({
      state: 'missing',
      reason: 'output_malformed',
      resumable: true,
    });
  });

  test('is beside the question where the example has nothing to judge by, whatever became of the runs', async () => {
    const { $object } = scorer.input as { readonly $object: object };
    const wanting = {
      ...scorer,
      input: { $object: { ...$object, wanted: { $from: ['expected', 'text'] } } } as Wiring,
    };
    const never = { ...judging(() => expect.fail('it was asked')), scorer: wanting };
    const beside = { state: 'missing', reason: 'the example expects nothing', resumable: false, isInapplicable: true };
    for (const [one, other] of [
      [run('a'), run('b')],
      [run('a'), failed()],
      [lost(), run('b')],
    ] as const)
      expect(await scorePair(never, one, other)).toEqual(beside);
    const unable = judging(() => {
      throw new CallFailure('no_expected', 'nothing', { retryable: false });
    });
    expect(await scorePair(unable, run('a'), run('b'))).toEqual({ ...beside, reason: 'no_expected' });
  });
});
