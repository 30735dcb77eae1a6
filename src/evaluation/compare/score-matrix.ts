/**
 * An evaluation's results as columns of numbers: by variant and metric a value or a reason per example and repeat. Rows
 * are taken one at a time, so that ten thousand outputs need not be held at once; what has no row is missing.
 */
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { EvaluationSpec, MetricSpec } from '../../model/evaluation-spec.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import { momentsOf, sampleVariance } from '../../stats/moments.ts';
import { wilson } from '../../stats/rates.ts';
import { isNoVariation } from '../../stats/result.ts';
import { clusterSums, tTest } from '../../stats/t-test.ts';
import { COMPARE_LIMITS, type EvaluationFacts, type ExplainedMean } from './comparison-report.ts';

/** Values of one metric and variant. The place of an example's repeat is `example * repeats + repeat - 1`. */
export interface Column {
  readonly metric: MetricSpec;
  readonly repeats: number;
  /** NaN where it is missing. */
  readonly values: Float64Array;
  /** 0 where the value was measured; else the place of the reason: of a value it is why it is the worst. */
  readonly reasons: Uint16Array;
  /** Of a win rate: 1 where the judge changed its mind with the order, 0 where not, -1 where it was not asked. */
  readonly flips: Int8Array | null;
}

export interface ScoreMatrix {
  readonly facts: EvaluationFacts;
  /** Rows of examples, variants or repeats that the evaluation does not have are left out; the last of a place stands. */
  add(row: ResultRow): void;
  /** Undefined: the evaluation has no such metric. */
  column(variant: number, metric: string): Column | undefined;
  /** Why, by place. */
  reason(place: number): string;
  /** By place: whether the reason is that the example has nothing to score. */
  isInapplicable(place: number): boolean;
  runs(variant: number): { readonly [outcome in RunOutcome | 'missing']: number };
  /** All of it as data, which another thread can be given; what is added later is not in a copy. */
  data(): ScoreMatrixData;
}

export interface ScoreMatrixData {
  readonly facts: EvaluationFacts;
  /** By variant. */
  readonly columns: readonly (readonly Column[])[];
  readonly outcomes: readonly Uint8Array[];
  /** Reasons that were met, and places of those that say that nothing is to be scored. */
  readonly reasons: readonly string[];
  readonly inapplicable: readonly number[];
}

const NO_ROW = 'not evaluated yet';
const OTHERS = 'other reasons';
const OUTCOMES = ['missing', 'completed', 'degraded', 'failed', 'cancelled'] as const;

export const createScoreMatrix = (facts: EvaluationFacts): ScoreMatrix => openScoreMatrix(facts);

/** The score matrix that gave this. */
export const scoreMatrixFrom = (data: ScoreMatrixData): ScoreMatrix => openScoreMatrix(data.facts, data);

function openScoreMatrix(facts: EvaluationFacts, known?: ScoreMatrixData): ScoreMatrix {
  const { spec, examples } = facts;
  const { repeats } = spec;
  const size = examples.length * repeats;
  const places = new Map(examples.map(({ id }, place) => [id, place]));
  const columns = spec.variants.map((_, variant) => {
    const own = known?.columns[variant] ?? spec.metrics.map(columnOf);
    return new Map(own.map((column) => [column.metric.name, column]));
  });
  const outcomes = known?.outcomes ?? spec.variants.map(() => new Uint8Array(size));
  const reasons = createReasons(known);

  function columnOf(metric: MetricSpec): Column {
    const flips = metric.kind === 'win-rate' ? new Int8Array(size).fill(-1) : null;
    const noRows = new Uint16Array(size).fill(1);
    return Object.freeze({ metric, repeats, values: new Float64Array(size).fill(Number.NaN), reasons: noRows, flips });
  }
  function put({ metric, values, reasons: why, flips }: Column, at: number, row: ResultRow): void {
    const found = metricValue(metric, spec, row);
    const isValue = 'value' in found && Number.isFinite(found.value);
    values[at] = isValue ? found.value : Number.NaN;
    if (!isValue)
      why[at] = 'missing' in found ? reasons.place(found.missing, found.isInapplicable) : reasons.place('not a number');
    else why[at] = found.isWorst ? reasons.place(failureOf(metric, row)) : 0;
    if (flips !== null) flips[at] = flipOf(metric, row);
  }

  return Object.freeze({
    facts,
    add(row) {
      const example = places.get(row.exampleId);
      const own = columns[row.variant];
      if (example === undefined || own === undefined || !(row.repeat >= 1 && row.repeat <= repeats)) return;
      const at = example * repeats + row.repeat - 1;
      outcomes[row.variant]![at] = OUTCOMES.indexOf(row.outcome);
      for (const column of own.values()) put(column, at, row);
    },
    column: (variant, metric) => columns[variant]?.get(metric),
    reason: reasons.at,
    isInapplicable: reasons.isInapplicable,
    runs(variant) {
      const counts = { missing: 0, completed: 0, degraded: 0, failed: 0, cancelled: 0 };
      for (const outcome of outcomes[variant] ?? []) counts[OUTCOMES[outcome]!] += 1;
      return Object.freeze(counts);
    },
    data: () => ({ facts, columns: columns.map((own) => [...own.values()]), outcomes, ...reasons.data() }),
  } satisfies ScoreMatrix);
}

/** All rows at once. */
export function scoreMatrixOf(facts: EvaluationFacts, rows: Iterable<ResultRow>): ScoreMatrix {
  const matrix = createScoreMatrix(facts);
  for (const row of rows) matrix.add(row);
  return matrix;
}

function failureOf({ source }: MetricSpec, row: ResultRow): string {
  const cell = source.from === 'score' ? row.cells[source.scorer] : undefined;
  return cell?.state === 'failed' ? cell.reason : 'failed';
}

function flipOf({ source }: MetricSpec, row: ResultRow): number {
  const cell = source.from === 'score' ? row.cells[source.scorer] : undefined;
  return cell?.state === 'done' ? (cell.score.flipped ?? -1) : -1;
}

/** Reasons by place: 0 is none, 1 that there is no row, and the last what is beyond the limit. */
function createReasons(known?: Pick<ScoreMatrixData, 'reasons' | 'inapplicable'>) {
  const words = [...(known?.reasons ?? ['', NO_ROW])];
  const inapplicable = new Set(known?.inapplicable);
  const places = new Map(words.map((word, place) => [`${inapplicable.has(place)} ${word}`, place]));
  const last = COMPARE_LIMITS.reasonsKept;
  return {
    place(reason: string, isInapplicable = false): number {
      const key = `${isInapplicable} ${reason}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      if (words.length >= last) return last;
      const place = words.push(reason) - 1;
      places.set(key, place);
      if (isInapplicable) inapplicable.add(place);
      return place;
    },
    at: (place: number): string => words[place] ?? OTHERS,
    isInapplicable: (place: number): boolean => inapplicable.has(place),
    data: () => ({ reasons: [...words], inapplicable: [...inapplicable] }),
  };
}

export type MetricValue =
  | { readonly value: number /** The run failed, and this is the worst there is. */; readonly isWorst: boolean }
  | { readonly missing: string /** Nothing could be scored here: see `Cell`. */; readonly isInapplicable?: true };

/** The number that a metric is of one row; or the reason why there is none, which is never a zero. */
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

export interface MeanSettings {
  readonly alpha: number;
  /** Passes and failures, each of one run: Wilson's interval. */
  readonly isRate: boolean;
  readonly cluster: readonly number[] | null;
}

/** A side's own mean with its interval, independent of the comparison. */
export const NO_MEAN: ExplainedMean = Object.freeze({ mean: null, lo: null, hi: null });

/** Student's t over examples, or over clusters; Wilson's for rates. Without variation a mean alone. */
export function explainedMean(values: readonly number[], { alpha, isRate, cluster }: MeanSettings): ExplainedMean {
  const n = values.length;
  if (n === 0) return NO_MEAN;
  if (isRate && cluster === null && values.every((value) => value === 0 || value === 1)) {
    const passes = values.filter((value) => value === 1).length;
    const { lo, hi } = wilson(passes, n, alpha);
    return Object.freeze({ mean: passes / n, lo, hi });
  }
  const { mean } = momentsOf(values);
  const error = meanError(values, cluster);
  if (error === null) return Object.freeze({ mean, lo: null, hi: null });
  const { ciLo: lo, ciHi: hi } = tTest(mean, error.se, error.df, alpha);
  return Object.freeze({ mean, lo, hi });
}

/** Standard error of a mean: by its values, or CR1 over clusters; null below two of them and without variation. */
export function meanError(values: readonly number[], cluster: readonly number[] | null) {
  const moments = momentsOf(values);
  const { n, mean } = moments;
  if (cluster === null) {
    const deviation = Math.sqrt(sampleVariance(moments));
    return n < 2 || isNoVariation(deviation, mean) ? null : { se: deviation / Math.sqrt(n), df: n - 1 };
  }
  const sums = clusterSums(
    values.map((value) => value - mean),
    cluster,
  );
  const clusters = sums.length;
  if (clusters < 2) return null;
  const se = Math.sqrt((clusters / (clusters - 1)) * sums.reduce((total, sum) => total + sum * sum, 0)) / n;
  return isNoVariation(se * Math.sqrt(clusters), mean) ? null : { se, df: clusters - 1 };
}
