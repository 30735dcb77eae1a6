/** The number that a metric is of one row; or the reason why there is none, which is never a zero. */
import type { ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationSpec, MetricSpec } from '../model/evaluation-spec.ts';

export type MetricValue =
  | { readonly value: number /** The run failed, and this is the worst there is. */; readonly isWorst: boolean }
  | { readonly missing: string /** Nothing could be scored here: see `Cell`. */; readonly isInapplicable?: true };

export function metricValue(
  { source, kind, above }: MetricSpec,
  { scorers }: Pick<EvaluationSpec, 'scorers'>,
  row: ResultRow,
): MetricValue {
  const shape = (value: number) => (kind === 'share' ? Number(value > (above ?? 0)) : value);
  if (source.from === 'run') {
    const fact = row.run[source.field];
    if (fact === null) return { missing: row.error?.code ?? 'not known' };
    return row.outcome === 'missing'
      ? { missing: row.error?.code ?? 'no run' }
      : { value: shape(Number(fact)), isWorst: false };
  }
  const cell = row.cells[source.scorer];
  if (cell === undefined) return { missing: 'not scored' };
  if (cell.state === 'missing')
    return { missing: cell.reason, ...(cell.isInapplicable && { isInapplicable: cell.isInapplicable }) };
  if (cell.state === 'done') {
    const value = cell.score[source.field];
    return value === undefined ? { missing: 'not scored' } : { value: shape(value), isWorst: false };
  }
  const field = scorers.find(({ id }) => id === source.scorer)?.fields[source.field];
  return field === undefined ? { missing: 'not scored' } : { value: shape(field.worst), isWorst: true };
}
