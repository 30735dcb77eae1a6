/** Sums of chunks' counts. */
import type { ChunkResult } from './evaluate-messages.ts';

export const emptyTally = (): ChunkResult => ({
  rows: 0,
  cells: { done: 0, failed: 0, missing: 0 },
  calls: { made: 0, shared: 0 },
  sums: [],
  isOutOfBudget: false,
});

export function addTallies(one: ChunkResult, other: ChunkResult): ChunkResult {
  return {
    rows: one.rows + other.rows,
    cells: {
      done: one.cells.done + other.cells.done,
      failed: one.cells.failed + other.cells.failed,
      missing: one.cells.missing + other.cells.missing,
    },
    calls: { made: one.calls.made + other.calls.made, shared: one.calls.shared + other.calls.shared },
    sums: other.sums.map((variants, metric) =>
      variants.map(([n, sum], variant) => {
        const [before, sumBefore] = one.sums[metric]?.[variant] ?? [0, 0];
        return [before + n, sumBefore + sum] as const;
      }),
    ),
    isOutOfBudget: one.isOutOfBudget || other.isOutOfBudget,
  };
}
