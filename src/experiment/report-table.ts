/** A look's rows as data, ready to be shown: per metric and variant what it is, what it was compared with, and what stands. */

import type { AnalysisRecord } from '../model/analysis-data.ts';
import type { Phase } from '../model/experiment-messages.ts';
import type { ExperimentSpec, OnlineMetric } from '../model/experiment-spec.ts';
import type { ValueFormat } from '../stats/explained-report.ts';
import type { AnalysisRow } from '../stats/interim-analysis.ts';
import { adjustP } from '../stats/multiplicity.ts';
import { arrivalOf } from './arrival.ts';
import { shownValue } from './metric-cells.ts';

/** Share of false claims among exploratory rows that are called clear. */
const EXPLORATORY_LEVEL = 0.1;

/**
 * Of a guardrail: `proven` harmless, `harmed` beyond its margin, or `unproven`. Of the others: the variant is `better` or
 * `worse`, or it is `open`. A quantile is `shown`, and nothing is claimed.
 */
export type RowStatus = 'proven' | 'harmed' | 'unproven' | 'better' | 'worse' | 'open' | 'shown';

export interface EffectRow {
  readonly metric: string;
  readonly role: OnlineMetric['role'];
  readonly kind: OnlineMetric['kind'];
  readonly format: ValueFormat;
  readonly better: OnlineMetric['better'];
  readonly variant: string;
  /** Matured units of the baseline and of the variant. */
  readonly units: readonly [number, number];
  /** Their values over all stages; null without units. */
  readonly values: readonly [number | null, number | null];
  /** In the metric's own direction and unit; null before there is one. */
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  /** Of a guardrail: turned so that positive = harm; it is at least `lo` and at most `hi`. */
  readonly harm: { readonly lo: number | null; readonly hi: number | null } | null;
  readonly margin: number | null;
  readonly status: RowStatus;
  /** In a rollout nothing waits for a proof. */
  readonly phase: Phase;
  /** Secondary rows: decided by nobody, and clear by Benjamini and Hochberg's method among themselves. */
  readonly isExploratory: boolean;
}

/** The rows of a look, in the order of the spec. */
export function effectRows(spec: ExperimentSpec, record: AnalysisRecord): readonly EffectRow[] {
  const clear = clearRows(record.rows);
  return Object.freeze(
    record.rows.map((row): EffectRow => {
      const index = spec.metrics.findIndex(({ name }) => name === row.metric);
      const metric = spec.metrics[index]!;
      const { kind, format, better } = metric;
      const { ciLo, ciHi, diff } = row.effect;
      const values = [shownValue(spec, record.data, index, 0), shownValue(spec, record.data, index, row.arm)] as const;
      return Object.freeze({
        metric: row.metric,
        role: row.role,
        kind,
        format,
        better,
        variant: spec.arms[row.arm]!.name,
        units: row.units,
        values,
        effect: kind === 'quantile' ? difference(values) : diff,
        interval: ciLo === null || ciHi === null ? null : ([ciLo, ciHi] as const),
        harm: row.role === 'guardrail' ? { lo: row.oriented.lo, hi: row.oriented.hi } : null,
        margin: row.margin,
        status: isWaiting(record, index, row) ? 'open' : statusOf(row, metric, clear),
        phase: record.phase,
        isExploratory: row.role === 'secondary',
      });
    }),
  );
}

/** No gain is claimed of a primary metric before its events have arrived; harm is. */
const isWaiting = ({ arrivals = [] }: AnalysisRecord, index: number, { role, arm, oriented }: AnalysisRow): boolean =>
  role === 'primary' && oriented.lo !== null && oriented.lo > 0 && arrivalOf(arrivals, index, arm) !== 'arrived';

function statusOf(row: AnalysisRow, { kind, better }: OnlineMetric, clear: ReadonlySet<AnalysisRow>): RowStatus {
  const { role, oriented, margin, effect } = row;
  if (kind === 'quantile') return 'shown';
  const { lo, hi } = oriented;
  if (role === 'guardrail') {
    if (lo !== null && lo > margin!) return 'harmed';
    return hi !== null && hi < margin! ? 'proven' : 'unproven';
  }
  if (role === 'secondary') {
    if (!clear.has(row)) return 'open';
    return effect.diff! > 0 === (better === 'higher') ? 'better' : 'worse';
  }
  if (lo !== null && lo > 0) return 'better';
  return hi !== null && hi < 0 ? 'worse' : 'open';
}

/** Exploratory rows that stand among all of them. */
function clearRows(rows: readonly AnalysisRow[]): ReadonlySet<AnalysisRow> {
  const tested = rows.filter(({ role, effect }) => role === 'secondary' && effect.status === 'ok');
  const { p } = adjustP(
    tested.map(({ effect }) => effect.p!),
    'bh',
  );
  return new Set(tested.filter((_, index) => p![index]! <= EXPLORATORY_LEVEL));
}

const difference = ([before, after]: readonly [number | null, number | null]): number | null =>
  before === null || after === null ? null : after - before;
