/**
 * Sample ratios of a look: do units arrive in the planned shares, and do they leave their records in them? A variant that
 * loses records (it crashes, it times out) is exposed as planned and recorded less, so both are counted.
 */
import { srmSequential } from '../stats/srm.ts';
import { stagesOf } from './look-cells.ts';
import type { LookData, SrmRow } from './look-data.ts';
import type { ExperimentSpec, OnlineMetric } from './spec.ts';

/** The arms that are still served, the baseline first: sample ratios are of these. */
export function servedArms(spec: ExperimentSpec, { stopped }: Pick<LookData, 'stopped'>): readonly number[] {
  return spec.arms.map((_, arm) => arm).filter((arm) => !stopped.includes(arm));
}

/**
 * A row of exposed units, and one for each primary and guardrail whose records every matured unit should have left. Counts
 * and weights are of the arms that are served; e-values of stages multiply. Rows of nothing are left out.
 */
export function sampleRatios(spec: ExperimentSpec, data: LookData): readonly SrmRow[] {
  const arms = servedArms(spec, data);
  const total = arms.reduce((sum, arm) => sum + spec.arms[arm]!.weight, 0);
  const weights = arms.map((arm) => spec.arms[arm]!.weight / total);
  const rowOf = (of: SrmRow['of'], metric: number | null, units: readonly Counted[]): readonly SrmRow[] => {
    const byStage = stagesOf(data).map((stage) => arms.map((arm) => unitsOf(units, stage, arm)));
    const counts = arms.map((_, place) => byStage.reduce((sum, stage) => sum + stage[place]!, 0));
    if (counts.every((count) => count === 0)) return [];
    return [Object.freeze({ of, metric, counts, weights, p: productP(byStage, weights) })];
  };
  return Object.freeze([
    ...rowOf('exposed', null, data.exposed),
    ...spec.metrics.flatMap((metric, index) =>
      isExpectedOfAll(spec, metric)
        ? rowOf(
            'recorded',
            index,
            data.cells.filter((cell) => cell.metric === index),
          )
        : [],
    ),
  ]);
}

/** The chance of the worst of the rows, as one of so many; null without rows. */
export function worstP(rows: readonly SrmRow[]): number | null {
  return rows.length === 0 ? null : Math.min(1, rows.length * Math.min(...rows.map(({ p }) => p)));
}

interface Counted {
  readonly stage: number;
  readonly arm: number;
  readonly n: number;
}

const unitsOf = (units: readonly Counted[], stage: number, arm: number): number =>
  units.filter((count) => count.stage === stage && count.arm === arm).reduce((sum, { n }) => sum + n, 0);

function productP(byStage: readonly (readonly number[])[], weights: readonly number[]): number {
  let logE = 0;
  for (const counts of byStage) {
    const ratio = srmSequential(counts, weights);
    if (ratio.status !== 'ok') continue;
    // Units of an arm that should have none.
    if (ratio.logE === null) return 0;
    logE += ratio.logE;
  }
  return Math.min(1, Math.exp(-logE));
}

/** Whether a matured unit without a value has lost it: silence is an answer of feedback, and samples leave units out. */
function isExpectedOfAll(spec: ExperimentSpec, { role, absent, source, denominator }: OnlineMetric): boolean {
  if (role === 'secondary' || absent === 'zero') return false;
  return [source, denominator].every((from) => {
    if (from?.from !== 'score') return true;
    return spec.scorers.find((scorer) => scorer.spec.id === from.scorer)?.sample === 1;
  });
}
