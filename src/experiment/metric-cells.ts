/** From what the store has summed up to what the statistics take: per metric, the arms of each stage. */

import { SluiceError } from '../base/errors.ts';
import type { AnalysisData, MetricCell } from '../model/analysis-data.ts';
import { type ExperimentSpec, type FrozenSettings, type OnlineMetric, VALUE_SCALE } from '../model/experiment-spec.ts';
import { type AnalysisMetric, type ArmState, BURN_IN_UNITS, BURN_IN_UNITS_SUM } from '../stats/interim-analysis.ts';
import type { ArmSummary } from '../stats/moments.ts';

const NO_UNITS: ArmState = Object.freeze({ n: 0, mean: 0, variance: 0 });

/** Quantiles are of units' means and do not merge: they are shown, and never tested. */
export const isTested = ({ kind }: OnlineMetric): boolean => kind !== 'quantile';

/** Stages that anything was seen in, ascending; the first one looked at where nothing was. */
export function stagesOf({ exposed, matured, cells, fromStage }: AnalysisData): readonly number[] {
  const stages = new Set([...exposed, ...matured, ...cells].map(({ stage }) => stage));
  return stages.size === 0 ? [fromStage] : [...stages].sort((a, b) => a - b);
}

/** Exposed units of a stage and arm whose window of this length is over. */
export function maturedUnits({ matured }: AnalysisData, windowMs: number, stage: number, arm: number): number {
  return matured
    .filter((count) => count.windowMs === windowMs && count.stage === stage && count.arm === arm)
    .reduce((sum, { n }) => sum + n, 0);
}

/** Units of a metric with a recorded value, over all stages. */
export function recordedUnits({ cells }: AnalysisData, metric: number, arm: number): number {
  return cells.filter((cell) => cell.metric === metric && cell.arm === arm).reduce((sum, { n }) => sum + n, 0);
}

/** A metric as one look sees it, for these arms, the baseline first. */
export function analysisMetric(
  spec: ExperimentSpec,
  settings: FrozenSettings,
  data: AnalysisData,
  index: number,
  arms: readonly number[],
): AnalysisMetric {
  const metric = spec.metrics[index]!;
  const own = new Map(
    data.cells.filter((cell) => cell.metric === index).map((cell) => [`${cell.stage}/${cell.arm}`, cell]),
  );
  const stateAt = (stage: number) => (arm: number) =>
    armState(metric, own.get(`${stage}/${arm}`), maturedUnits(data, metric.windowMs, stage, arm));
  return {
    name: metric.name,
    role: metric.role,
    better: metric.better,
    kind: TAILS[metric.kind],
    margin: metric.margin,
    stages: stagesOf(data).map((stage) => arms.map(stateAt(stage))),
    vRef: settings.vRefs[index]!,
  };
}

/** Units in the smaller arm before a metric has an interval. */
export const burnIn = ({ kind }: OnlineMetric): number => (TAILS[kind] === 'sum' ? BURN_IN_UNITS_SUM : BURN_IN_UNITS);

/** Which burn-in a kind has: sums have heavy tails, and a ratio is near normal only once its denominator is steady. */
const TAILS = { rate: 'rate', mean: 'mean', share: 'share', sum: 'sum', ratio: 'sum', quantile: 'mean' } as const;

/**
 * One arm in one stage. Where silence is an answer, matured units without a value are so many zeros: they add to n and to no
 * sum. Where it is not, they are missing, and not in n.
 */
function armState(metric: OnlineMetric, cell: MetricCell | undefined, matured: number): ArmState {
  const recorded = cell?.n ?? 0;
  const units = metric.absent === 'zero' ? Math.max(recorded, matured) : recorded;
  if (units === 0) return NO_UNITS;
  if (cell === undefined && metric.kind === 'ratio') return NO_UNITS;
  const sums = { ...(cell === undefined ? NO_SUMS : exactSums(cell)), n: BigInt(units) };
  if (metric.kind === 'ratio') return exactRatio(sums);
  if (metric.kind === 'rate') return { n: units, successes: Math.round(Number(sums.v) / VALUE_SCALE) };
  const state = exactMean(sums.n, sums.v, sums.vv);
  return metric.kind === 'share' ? { ...state, variance: shareVariance(sums) } : state;
}

const NO_SUMS = { v: 0n, vv: 0n, d: 0n, dd: 0n, vd: 0n };
const ONE = BigInt(VALUE_SCALE);

/**
 * Shares lie between 0 and 1, and of units that all have the same one the next may have another: their variance is taken as if
 * one unit more had been at either end, as that of rates is (the floor of `src/stats/asymp-cs.ts`). Else a share that nobody has would have no
 * interval, and could never be proven harmless.
 */
const shareVariance = ({ n, v, vv }: { readonly n: bigint; readonly v: bigint; readonly vv: bigint }): number =>
  exactMean(n + 2n, v + ONE, vv + ONE * ONE).variance;

/**
 * What a metric is in one arm, over all stages, in its own unit; null where nothing is known. For display: effects are compared
 * within stages. A quantile does not merge, and is that of the newest stage.
 */
export function shownValue(spec: ExperimentSpec, data: AnalysisData, index: number, arm: number): number | null {
  const metric = spec.metrics[index]!;
  const cells = data.cells.filter((cell) => cell.metric === index && cell.arm === arm);
  if (metric.kind === 'quantile') {
    const newest = cells.findLast(({ quantile }) => quantile !== null);
    return newest === undefined ? null : newest.quantile!.estimate / VALUE_SCALE;
  }
  const sums = cells.map(exactSums);
  const total = (name: 'v' | 'd'): bigint => sums.reduce((sum, next) => sum + next[name], 0n);
  if (metric.kind === 'ratio') return total('d') > 0n ? quotient(total('v'), total('d')) : null;
  const units = stagesOf(data).reduce((sum, stage) => {
    const recorded = cells.find((cell) => cell.stage === stage)?.n ?? 0;
    return (
      sum + (metric.absent === 'zero' ? Math.max(recorded, maturedUnits(data, metric.windowMs, stage, arm)) : recorded)
    );
  }, 0);
  return units === 0 ? null : quotient(total('v'), BigInt(units) * BigInt(VALUE_SCALE));
}

/**
 * From exact sums to means and variances. Sums of squares minus squares of sums lose all digits in floating point, and none
 * in whole numbers: everything is worked out as a fraction of integers, which becomes a number once, rounded correctly.
 * So equal sums give equal numbers, bit for bit, on every machine.
 */
const SCALE = BigInt(VALUE_SCALE);
/** Bits of a quotient, with more than a number's 53 left to round by. */
const QUOTIENT_BITS = 66;
const INTEGER = /^-?\d{1,60}$/;

/** The sums of a cell as integers, in millionths and their squares. */
export interface ExactSums {
  readonly n: bigint;
  readonly v: bigint;
  readonly vv: bigint;
  readonly d: bigint;
  readonly dd: bigint;
  readonly vd: bigint;
}

/**
 * Reads a cell's sums.
 *
 * @throws SluiceError `look_data_invalid` for a sum that is no whole number
 */
export function exactSums(cell: MetricCell): ExactSums {
  const read = (name: 'v' | 'vv' | 'd' | 'dd' | 'vd'): bigint => {
    if (INTEGER.test(cell[name])) return BigInt(cell[name]);
    throw new SluiceError('look_data_invalid', {
      message: `metric ${cell.metric}, stage ${cell.stage}, arm ${cell.arm}: the sum '${name}' is '${cell[name].slice(0, 80)}', which is no whole number`,
      remedy: 'sums are whole millionths as decimal text; a ledger that was changed by hand has to be restored',
    });
  };
  return { n: BigInt(cell.n), v: read('v'), vv: read('vv'), d: read('d'), dd: read('dd'), vd: read('vd') };
}

/** The number nearest to numerator/denominator; the denominator must be above 0. */
export function quotient(numerator: bigint, denominator: bigint): number {
  if (numerator < 0n) return -quotient(-numerator, denominator);
  if (numerator === 0n) return 0;
  const shift = BigInt(QUOTIENT_BITS + bitLength(denominator) - bitLength(numerator));
  const scaled = shift >= 0n ? numerator << shift : numerator;
  const divisor = shift >= 0n ? denominator : denominator << -shift;
  const whole = scaled / divisor;
  // A remainder makes the last bit 1, far below what is rounded: an exact half is distinguished from slightly more than a
  // half.
  const sticky = scaled % divisor === 0n ? whole : whole | 1n;
  return Number(sticky) * 2 ** -Number(shift);
}

const bitLength = (value: bigint): number => value.toString(2).length;

/** Mean and variance of n units' values, in the metric's own unit. */
export function exactMean(n: bigint, v: bigint, vv: bigint): ArmSummary {
  if (n === 0n) return { n: 0, mean: 0, variance: 0 };
  const variance = n < 2n ? 0 : quotient(notNegative(n * vv - v * v), n * (n - 1n) * SCALE * SCALE);
  return { n: Number(n), mean: quotient(v, n * SCALE), variance };
}

/**
 * A ratio of sums as if it were a mean: its value R, and the variance of the units' linearised values (V - R D)/mean(D), which
 * is the delta method (Deng, Knoblich and Lu 2018). An arm whose denominators sum to nothing says nothing, and has no units.
 */
export function exactRatio({ n, v, vv, d, dd, vd }: ExactSums): ArmSummary {
  if (n === 0n || d <= 0n) return { n: 0, mean: 0, variance: 0 };
  const squares = notNegative(vv * d * d - 2n * v * d * vd + v * v * dd);
  const variance = n < 2n ? 0 : quotient(squares * n * n, d ** 4n * (n - 1n));
  return { n: Number(n), mean: quotient(v, d), variance };
}

/** Sums that belong together never give less than 0; those that somebody changed might. */
const notNegative = (value: bigint): bigint => (value < 0n ? 0n : value);
