/**
 * Sample ratios of a look: do units arrive in the planned shares, and do they leave their records in them? A variant that
 * loses records (it crashes, it times out) is exposed as planned and recorded less, so both are counted.
 */

import type { AnalysisData, AnalysisRecord, ExposureRates, SrmRow } from '../model/analysis-data.ts';
import type { ExperimentSpec, OnlineMetric } from '../model/experiment-spec.ts';
import { sameRateSequential, srmOverStages, srmSequential } from '../stats/srm.ts';
import { type Method, methodOf } from './method.ts';
import { stagesOf } from './metric-cells.ts';

/** The arms that are still served, the baseline first: sample ratios are of these. */
export function servedArms(spec: ExperimentSpec, { stopped }: Pick<AnalysisData, 'stopped'>): readonly number[] {
  return spec.arms.map((_, arm) => arm).filter((arm) => !stopped.includes(arm));
}

/**
 * A row of exposed units, and one for each primary and guardrail whose records every matured unit should have left. Counts
 * and weights are of the arms that are served; e-values of stages multiply, and chi-squares add. Rows of nothing are left
 * out.
 */
export function sampleRatios(
  spec: ExperimentSpec,
  data: AnalysisData,
  { srmChiSquare }: Pick<Method, 'srmChiSquare'>,
): readonly SrmRow[] {
  const arms = servedArms(spec, data);
  const total = arms.reduce((sum, arm) => sum + spec.arms[arm]!.weight, 0);
  const weights = arms.map((arm) => spec.arms[arm]!.weight / total);
  const rowOf = (of: SrmRow['of'], metric: number | null, units: readonly Counted[]): readonly SrmRow[] => {
    const byStage = stagesOf(data).map((stage) => arms.map((arm) => unitsOf(units, stage, arm)));
    const counts = arms.map((_, place) => byStage.reduce((sum, stage) => sum + stage[place]!, 0));
    if (counts.every((count) => count === 0)) return [];
    const row = { of, metric, counts, weights, p: productP(byStage, weights) };
    return [Object.freeze(srmChiSquare ? { ...row, chiSquareP: srmOverStages(byStage, weights).p } : row)];
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

/** The same of the chi-square test; null where no row has one. */
export function worstChiSquareP(rows: readonly SrmRow[]): number | null {
  const known = rows.flatMap(({ chiSquareP }) => chiSquareP ?? []);
  return known.length === 0 ? null : Math.min(1, known.length * Math.min(...known));
}

/** What a look says of its sample ratios together. */
export interface SampleRatioVerdict {
  /** Of the sequential test; null without units. */
  readonly p: number | null;
  /** Of the chi-square test; null where it was not computed. */
  readonly chiSquareP: number | null;
  readonly haltsBelow: number;
  /** Whether the look halted for it, or would have without a reason that comes first. */
  readonly isOff: boolean;
  /** The row that is farthest off, and its p by the test that found it; null without units. */
  readonly worst: { readonly row: SrmRow; readonly p: number } | null;
}

export function sampleRatioVerdict({
  srm,
  verdicts,
  methodVersion,
}: Pick<AnalysisRecord, 'srm' | 'verdicts' | 'methodVersion'>): SampleRatioVerdict {
  const { srmHaltsBelow: haltsBelow } = methodOf(methodVersion);
  const p = worstP(srm);
  const isLive = p !== null && p < haltsBelow;
  const isOff = isLive || verdicts.some(({ reason }) => reason === 'srm');
  const pOf = (row: SrmRow): number => (isOff && !isLive ? (row.chiSquareP ?? 1) : row.p);
  const row = srm.reduce<SrmRow | null>(
    (found, next) => (found === null || pOf(next) < pOf(found) ? next : found),
    null,
  );
  const worst = row === null ? null : { row, p: pOf(row) };
  return { p, chiSquareP: worstChiSquareP(srm), haltsBelow, isOff, worst };
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

// Whether all arms expose the same part of the units that are assigned to them. Who is exposed cannot depend on the arm; where
// it does all the same (an arm delays or breaks what comes before the edited node), those who are compared differ.

/** Over the arms that are served; e-values of stages multiply. Null where nobody is assigned, or nothing is known of it. */
export function exposureRates(spec: ExperimentSpec, data: AnalysisData): ExposureRates | null {
  const { assigned = [] } = data;
  const arms = servedArms(spec, data);
  let logE = 0;
  const totals = arms.map(() => ({ assigned: 0, exposed: 0 }));
  const stages = new Set(assigned.map(({ stage }) => stage));
  for (const stage of stages) {
    const counts = arms.map((arm) => assigned.find((each) => each.stage === stage && each.arm === arm));
    const units = counts.map((count) => count?.n ?? 0);
    const exposed = counts.map((count) => count?.exposed ?? 0);
    for (const [place, total] of totals.entries()) {
      total.assigned += units[place]!;
      total.exposed += exposed[place]!;
    }
    const test = sameRateSequential(exposed, units);
    if (test.status === 'ok') logE += test.logE;
  }
  if (totals.every((total) => total.assigned === 0)) return null;
  return Object.freeze({
    assigned: totals.map((total) => total.assigned),
    exposed: totals.map((total) => total.exposed),
    p: Math.min(1, Math.exp(-logE)),
  });
}
