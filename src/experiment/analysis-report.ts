/** The design of an experiment and the results of its newest interim analysis, as data for the CLI and the dashboard. */

import type { AnalysisRecord, ExposureRates, SrmRow } from '../model/analysis-data.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { EXPOSURE_HALT_P } from '../stats/srm.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { type NamedArrival, namedArrivals } from './arrival.ts';
import { METHOD_VERSION } from './method.ts';
import { recordedUnits } from './metric-cells.ts';
import { type EffectRow, effectRows } from './report-table.ts';
import { type SampleRatioVerdict, sampleRatioVerdict, servedArms } from './srm.ts';

export interface ExperimentDesign
  extends Pick<ExperimentSpec, 'unitName' | 'share' | 'layer' | 'arms' | 'metrics' | 'stop' | 'rollout' | 'breaker'> {
  readonly scorers: readonly string[];
}

export interface FunnelArm {
  readonly arm: string;
  readonly weight: number;
  readonly isServed: boolean;
  /** Null if it was not recorded: in analyses of method version 1, and before the first analysis. */
  readonly assigned: number | null;
  readonly exposed: number;
  /** Whose window for the first metric's outcomes is over. */
  readonly matured: number;
  /** Of which a value of the first metric is known. */
  readonly recorded: number;
}

/** p is of the worst of the ratios, as one of so many; null while nobody is exposed. */
export interface Ratio extends Pick<SampleRatioVerdict, 'p' | 'chiSquareP' | 'haltsBelow' | 'isOff'> {
  /** The units of the worst ratio, and its p by the test that found it. */
  readonly worst: { readonly of: string; readonly p: number } | null;
  readonly rows: readonly {
    readonly of: string;
    readonly arms: readonly string[];
    readonly counts: readonly number[];
    readonly weights: readonly number[];
    readonly p: number;
    /** Null where there are too few units, and in looks of method version 1. */
    readonly chiSquareP: number | null;
  }[];
}

/** Whether all arms expose the same part of their assigned units. */
export interface ExposureReport extends ExposureRates {
  readonly arms: readonly string[];
  readonly haltsBelow: number;
}

/** The results of one interim analysis. */
export interface AnalysisSummary {
  readonly lookNo: number | null;
  readonly table: readonly EffectRow[];
  readonly funnel: readonly FunnelArm[];
  readonly ratio: Ratio;
  /** Null where it is not known. */
  readonly exposure: ExposureReport | null;
  /** Of metrics whose data are events, the rows of all arms. */
  readonly arrivals: readonly NamedArrival[];
  readonly counts: AnalysisRecord['data']['counts'] | null;
  readonly daysLeft: number | null;
}

/** The results, and those of the rollout that followed by its newest analysis; null without one. */
export interface AnalysisReport extends AnalysisSummary {
  readonly experimentId: string;
  readonly asked: ExperimentDesign;
  readonly rollout: AnalysisSummary | null;
}

/**
 * @param look the deciding or newest analysis; null before the first
 * @param rolloutLook the newest analysis of the rollout that followed
 */
export function analysisReport(
  { experimentId, spec }: Pick<ExperimentRow, 'experimentId' | 'spec'>,
  look: AnalysisRecord | null,
  rolloutLook: AnalysisRecord | null = null,
): AnalysisReport {
  const { unitName, share, layer, scorers, metrics, stop, rollout, breaker } = spec;
  const arms = spec.arms.map(({ name, weight, edits }) => ({ name, weight, edits }));
  const asked = {
    unitName,
    share,
    layer,
    arms,
    metrics,
    scorers: scorers.map((each) => each.spec.id),
    stop,
    rollout,
    breaker,
  };
  const looked = look === null ? emptySummary(spec) : summaryOf(spec, look);
  return { experimentId, asked, ...looked, rollout: rolloutLook === null ? null : summaryOf(spec, rolloutLook) };
}

function emptySummary({ arms }: ExperimentSpec): AnalysisSummary {
  const funnel = arms.map(({ name, weight }) => ({
    ...{ arm: name, weight, isServed: true, assigned: null, exposed: 0, matured: 0, recorded: 0 },
  }));
  const { worst: _, ...unknown } = sampleRatioVerdict({ srm: [], verdicts: [], methodVersion: METHOD_VERSION });
  const ratio = { ...unknown, worst: null, rows: [] };
  return { lookNo: null, table: [], funnel, ratio, exposure: null, arrivals: [], counts: null, daysLeft: null };
}

function summaryOf(spec: ExperimentSpec, look: AnalysisRecord): AnalysisSummary {
  const { arms, metrics } = spec;
  const { data, srm, exposure = null, lookNo, daysLeft } = look;
  const served = servedArms(spec, data);
  const names = served.map((arm) => arms[arm]!.name);
  const { worst, ...verdict } = sampleRatioVerdict(look);
  const ofRow = ({ of, metric }: SrmRow): string => (metric === null ? of : metrics[metric]!.name);
  const ratio = {
    ...verdict,
    worst: worst === null ? null : { of: ofRow(worst.row), p: worst.p },
    rows: srm.map((row) => {
      const { counts, weights, p, chiSquareP = null } = row;
      return { of: ofRow(row), arms: names, counts, weights, p, chiSquareP };
    }),
  };
  const window = metrics[0]?.windowMs;
  const funnel = arms.map(({ name, weight }, arm) => ({
    ...{
      arm: name,
      weight,
      isServed: served.includes(arm),
      assigned: data.assigned === undefined ? null : sum(data.assigned.filter((each) => each.arm === arm)),
      exposed: sum(data.exposed.filter((each) => each.arm === arm)),
    },
    matured: sum(data.matured.filter((each) => each.arm === arm && each.windowMs === window)),
    recorded: recordedUnits(data, 0, arm),
  }));
  return {
    ...{ lookNo, table: effectRows(spec, look), funnel, ratio, counts: data.counts, daysLeft },
    exposure: exposure && { ...exposure, arms: names, haltsBelow: EXPOSURE_HALT_P },
    arrivals: namedArrivals(spec, look),
  };
}

const sum = (counts: readonly { readonly n: number }[]): number => counts.reduce((total, { n }) => total + n, 0);
