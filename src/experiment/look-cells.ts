/** From what the store has summed up to what the statistics take: per metric, the arms of each stage. */

import { type ExperimentSpec, type FrozenSettings, type OnlineMetric, VALUE_SCALE } from '../model/experiment-spec.ts';
import type { LookData, MetricCell } from '../model/look-data.ts';
import { type ArmState, BURN_IN_UNITS, BURN_IN_UNITS_SUM, type LookMetric } from '../stats/interim-analysis.ts';
import { exactMean, exactRatio, exactSums, quotient } from './look-exact.ts';

const NO_UNITS: ArmState = Object.freeze({ n: 0, mean: 0, variance: 0 });

/** Quantiles are of units' means and do not merge: they are shown, and never tested. */
export const isTested = ({ kind }: OnlineMetric): boolean => kind !== 'quantile';

/** Stages that anything was seen in, ascending; the first one looked at where nothing was. */
export function stagesOf({ exposed, matured, cells, fromStage }: LookData): readonly number[] {
  const stages = new Set([...exposed, ...matured, ...cells].map(({ stage }) => stage));
  return stages.size === 0 ? [fromStage] : [...stages].sort((a, b) => a - b);
}

/** Exposed units of a stage and arm whose window of this length is over. */
export function maturedUnits({ matured }: LookData, windowMs: number, stage: number, arm: number): number {
  return matured
    .filter((count) => count.windowMs === windowMs && count.stage === stage && count.arm === arm)
    .reduce((sum, { n }) => sum + n, 0);
}

/** Units of a metric with a recorded value, over all stages. */
export function recordedUnits({ cells }: LookData, metric: number, arm: number): number {
  return cells.filter((cell) => cell.metric === metric && cell.arm === arm).reduce((sum, { n }) => sum + n, 0);
}

/** A metric as one look sees it, for these arms, the baseline first. */
export function lookMetric(
  spec: ExperimentSpec,
  settings: FrozenSettings,
  data: LookData,
  index: number,
  arms: readonly number[],
): LookMetric {
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
export function shownValue(spec: ExperimentSpec, data: LookData, index: number, arm: number): number | null {
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
