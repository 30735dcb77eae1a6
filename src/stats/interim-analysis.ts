/**
 * One look at a live experiment: from each metric's arm summaries to the intervals that the gate reads. Levels are
 * split here and nowhere else: the primary's alpha over the variants, the rollback level over guardrails and variants,
 * the promotion bound of a guardrail not at all, since all of them must pass.
 */
import {
  asympCs,
  asympCsOneSided,
  type Bound,
  type ConfidenceSequence,
  type Estimate,
  flooredMeans,
  flooredRates,
  NO_SEQUENCE,
  type RateSummary,
  type Side,
  summaryOfRate,
} from './asymp-cs.ts';
import { type Better, type GuardrailInterval, type MaybeInterval, orientGuardrail, orientPrimary } from './gate.ts';
import type { ArmSummary } from './moments.ts';
import { problem, type Result } from './result.ts';
import { type Stage, stageCs, stageCsOneSided } from './stage-cs.ts';

/** Units in the smaller arm before any interval: for rates and means, and for sums and costs, whose tails are heavy. */
export const BURN_IN_UNITS = 50;
export const BURN_IN_UNITS_SUM = 100;

/** One arm's matured units: a rate by its successes, anything else by its mean and variance. */
export type ArmState = RateSummary | ArmSummary;

export interface AnalysisMetric {
  readonly name: string;
  readonly role: 'primary' | 'guardrail' | 'secondary';
  readonly better: Better;
  /** Values of `share` lie in [0, 1], and those of `rate` are 0 or 1. `sum` has the longer burn-in. */
  readonly kind: 'rate' | 'share' | 'mean' | 'sum';
  /** The harm a guardrail tolerates; null for other roles. */
  readonly margin: number | null;
  /** Arms per stage, the baseline first. `asymp_cs` takes exactly one stage. */
  readonly stages: readonly (readonly ArmState[])[];
  /** Planned n SE^2 of one unit; read by `stage_cs` only. */
  readonly vRef: number;
}

/** Frozen at the start of the experiment. */
export interface AnalysisSettings {
  readonly method: 'asymp_cs' | 'stage_cs';
  readonly alpha: number;
  /** One-sided level of all rollback bounds together. */
  readonly alphaRollback: number;
  /** One-sided level of each promotion bound. */
  readonly alphaPromotion: number;
  readonly nStar: number;
  readonly nStarRollback: number;
  /**
   * Whether a limit of rates and shares has the standard error under that limit, until its arms have seen enough events.
   * Else rare failures seem proven harmless before any can have happened. Default: false.
   */
  readonly nullVariance?: boolean;
}

export interface AnalysisRow {
  readonly metric: string;
  readonly role: AnalysisMetric['role'];
  /** Which variant, counted from 1. */
  readonly arm: number;
  /** Matured units of the baseline and of this variant. */
  readonly units: readonly [number, number];
  /** The variant's effect in the metric's own direction. */
  readonly effect: Result<ConfidenceSequence>;
  /** The effect turned for the gate: positive = better for a primary, = harm for a guardrail. */
  readonly oriented: MaybeInterval;
  readonly margin: number | null;
}

/** Looks at every metric and variant: one row each. Nothing is decided here; hand `gateIntervals` to `gate`. */
export function lookAt(metrics: readonly AnalysisMetric[], settings: AnalysisSettings): readonly AnalysisRow[] {
  const guardrails = metrics.filter(({ role }) => role === 'guardrail').length;
  return metrics.flatMap((metric) => {
    const variants = (metric.stages[0]?.length ?? 1) - 1;
    return Array.from({ length: variants }, (_, index) => rowOf(metric, index + 1, variants, guardrails, settings));
  });
}

function rowOf(
  metric: AnalysisMetric,
  arm: number,
  variants: number,
  guardrails: number,
  settings: AnalysisSettings,
): AnalysisRow {
  const unitsOf = (which: number): number => metric.stages.reduce((sum, stage) => sum + (stage[which]?.n ?? 0), 0);
  const units = [unitsOf(0), unitsOf(arm)] as const;
  const row = { metric: metric.name, role: metric.role, arm, units, margin: metric.margin };
  const needed = metric.kind === 'sum' ? BURN_IN_UNITS_SUM : BURN_IN_UNITS;
  const smaller = Math.min(...units);
  if (smaller < needed) {
    const effect = problem('insufficient_data', `${smaller} of ${needed} units in the smaller arm`, NO_SEQUENCE);
    return Object.freeze({ ...row, effect, oriented: { lo: null, hi: null } });
  }
  const measure = measureOf(metric, arm, settings);
  const effect = measure.interval(settings.alpha / variants);
  if (metric.role !== 'guardrail') {
    const oriented = orientPrimary({ lo: effect.ciLo, hi: effect.ciHi }, metric.better);
    return Object.freeze({ ...row, effect, oriented });
  }
  const rollback = (side: Side) =>
    measure.bound(settings.alphaRollback / (guardrails * variants), settings.nStarRollback, side).bound;
  const promotion = (side: Side) => measure.bound(settings.alphaPromotion, settings.nStar, side).bound;
  // Harm is a rise where lower is better, and a fall where higher is better: rollback reads the near end of it.
  const ends =
    metric.better === 'lower'
      ? { lo: rollback('lower'), hi: promotion('upper') }
      : { lo: promotion('lower'), hi: rollback('upper') };
  return Object.freeze({ ...row, effect, oriented: orientGuardrail(ends, metric.better) });
}

/** A metric's effect on one arm, ready for any level and side. */
interface Measure {
  readonly interval: (alpha: number) => Result<ConfidenceSequence>;
  readonly bound: (alpha: number, nStar: number, side: Side) => Result<Bound>;
}

function measureOf(metric: AnalysisMetric, arm: number, settings: AnalysisSettings): Measure {
  const nullVariance = settings.nullVariance === true && (metric.kind === 'rate' || metric.kind === 'share');
  if (settings.method === 'stage_cs') {
    const stages: readonly Stage[] = metric.stages.map((states) => ({
      arm0: summarised(states[0] ?? NO_UNITS),
      arm1: summarised(states[arm] ?? NO_UNITS),
    }));
    const shared = { vRef: metric.vRef, nullVariance };
    return {
      interval: (alpha) => stageCs(stages, { alpha, nStar: settings.nStar, ...shared }),
      bound: (alpha, nStar, side) => stageCsOneSided(stages, { alpha, nStar, ...shared }, side),
    };
  }
  const estimate = metric.stages.length === 1 ? estimateOf(metric.stages[0]!, arm, nullVariance) : POOLED;
  return {
    interval: (alpha) => asympCs(estimate, { alpha, nStar: settings.nStar }),
    bound: (alpha, nStar, side) => asympCsOneSided(estimate, { alpha, nStar }, side),
  };
}

/** Pooling stages is refused, by an estimate that no method accepts. */
const POOLED: Estimate = { diff: Number.NaN, se: Number.NaN, n: 0 };

/** An arm that a stage does not have. */
const NO_UNITS: ArmSummary = { n: 0, mean: 0, variance: 0 };

function estimateOf(states: readonly ArmState[], arm: number, nullVariance: boolean): Estimate {
  const [control, treatment] = [states[0] ?? NO_UNITS, states[arm] ?? NO_UNITS];
  return 'successes' in control && 'successes' in treatment
    ? flooredRates(control, treatment, nullVariance)
    : flooredMeans(summarised(control), summarised(treatment), nullVariance);
}

const summarised = (state: ArmState): ArmSummary => ('successes' in state ? summaryOfRate(state) : state);

/** The gate's intervals for one variant: its primary (the first, if several) and all guardrails. */
export function gateIntervals(
  rows: readonly AnalysisRow[],
  arm: number,
): { readonly primary: MaybeInterval | null; readonly guardrails: readonly GuardrailInterval[] } {
  const own = rows.filter((row) => row.arm === arm);
  return {
    primary: own.find(({ role }) => role === 'primary')?.oriented ?? null,
    guardrails: own
      .filter(({ role }) => role === 'guardrail')
      .map(({ metric, margin, oriented }) => ({ name: metric, margin: margin ?? Number.NaN, ...oriented })),
  };
}
