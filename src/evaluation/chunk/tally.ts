/** Counts and sums of rows, for the running table: what chunks report, and what adds up over them. */
import type { ChunkResult } from '../../model/evaluate-messages.ts';
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationSpec } from '../../model/evaluation-spec.ts';
import { EVALUATION_BUDGET } from '../../plan/walk.ts';
import { metricValue } from '../metric-value.ts';

export function tallyOf(spec: EvaluationSpec, rows: readonly ResultRow[]): ChunkResult {
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const calls = rows.flatMap((row) => row.calls);
  const count = <T>(of: readonly T[], is: (each: T) => boolean) => of.filter(is).length;
  const made = count(calls, ({ source }) => source === 'made');
  return {
    rows: rows.length,
    cells: {
      done: count(cells, ({ state }) => state === 'done'),
      failed: count(cells, ({ state }) => state === 'failed'),
      missing: count(cells, ({ state }) => state === 'missing'),
    },
    calls: { made, shared: calls.length - made },
    sums: spec.metrics.map((metric) =>
      spec.variants.map((_, variant) => {
        const values = rows.flatMap((row) => {
          const value = row.variant === variant ? metricValue(metric, spec, row) : null;
          return value !== null && 'value' in value ? [value.value] : [];
        });
        return [values.length, values.reduce((sum, value) => sum + value, 0)] as const;
      }),
    ),
    isOutOfBudget: rows.some(isOutOfBudget),
  };
}

function isOutOfBudget({ error, cells }: ResultRow): boolean {
  if (error?.code === EVALUATION_BUDGET) return true;
  return Object.values(cells).some((cell) => cell.state === 'missing' && cell.reason === EVALUATION_BUDGET);
}
