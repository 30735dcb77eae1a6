/** What becomes an item of a queue of pairs, and what is kept of how it was drawn. */
import { expect, test } from 'vitest';
import type { Cell, ResultRow } from '../../src/model/evaluation-result.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import { NO_REDACTION } from '../../src/redaction/redaction.ts';
import { type Starting, startReview } from '../../src/review/start.ts';
import type { NewQueue } from '../../src/store/reviews.ts';
import { JUDGE, subjectOf } from '../evaluation/calibration/make.ts';
import { done, rowOf, specOf } from '../evaluation/compare/make.ts';

const preferred: ScorerSpec = { ...JUDGE, id: 'preferred', kind: 'pair' };
const spec = specOf({ metrics: [], scorers: [preferred] });

const sideOf = (example: number, variant: number, parts: Partial<ResultRow> = {}): ResultRow => {
  const cell = { ...done({ win: 1 }), subject: subjectOf(example, variant) } as Cell;
  const cells = variant === 0 ? {} : { preferred: cell };
  return rowOf(example, variant, { output: `answer ${example} of ${variant}`, cells, ...parts });
};

async function startOver(rows: readonly ResultRow[]): Promise<NewQueue> {
  const begun: NewQueue[] = [];
  const store = {
    evaluations: {
      get: async () => ({ evaluationId: 'e', spec }),
      eachResult: async function* () {
        yield* rows;
      },
    },
    reviews: { start: async (queue: NewQueue) => begun.push(queue) },
  };
  const starting = { store, scorersOf: () => [], redaction: NO_REDACTION } as unknown as Starting;
  await startReview(starting, { name: 'pairs', evaluation: 'e', scorer: 'preferred', seed: 3 }, 'mo');
  return begun[0]!;
}

test('pairs are asked about where both sides have answered', async () => {
  const failed = { outcome: 'failed', output: null } as const;
  const { items } = await startOver([
    ...[sideOf(0, 0), sideOf(0, 1)],
    ...[sideOf(1, 0, failed), sideOf(1, 1)],
    ...[sideOf(2, 0), sideOf(2, 1, failed)],
    ...[sideOf(3, 0, { outcome: 'missing', output: null }), sideOf(3, 1)],
    sideOf(4, 1),
  ]);
  expect(items.map(({ subject }) => subject)).toEqual([subjectOf(0, 1)]);
});

test('the seed of the sample is not that of the order in which answers are shown', async () => {
  const rows = [sideOf(0, 0), sideOf(0, 1)];
  const [one, other] = [await startOver(rows), await startOver(rows)];
  expect([one.sampleSeed, other.sampleSeed]).toEqual([3, 3]);
  expect(one.seed).not.toBe(other.seed);
});
