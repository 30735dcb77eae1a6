/** Before an experiment starts: how many units and days it takes, what it could see, and what it could not prove. */
import type { ExperimentSpec, OnlineMetric } from '../model/experiment-spec.ts';
import { asympCsOneSided, DEFAULT_N_STAR } from '../stats/asymp-cs.ts';
import { standardNormalQuantile } from '../stats/distributions.ts';
import { explain } from '../stats/explain.ts';
import type { PlanReport } from '../stats/explained-report.ts';
import { sequentialSampleSize, unitVariance } from '../stats/sample-size.ts';
import type { PlannedTuning } from './method.ts';

const DAY_MS = 86_400_000;

export interface Traffic {
  /** Units that the pipeline meets in a day, in the experiment's share or not; null: not known. */
  readonly unitsPerDay: number | null;
  /** In the order of the spec; null: not known. */
  readonly metrics: readonly (MetricBaseline | null)[];
}

export interface GuardrailPlan {
  readonly metric: string;
  readonly margin: number;
  /** Whether the planned units prove it with the power asked, if there is no harm. */
  readonly isProvable: boolean;
  /** The smallest margin that they would prove. */
  readonly provableMargin: number;
  /** Units, all arms together, that would prove its margin. */
  readonly unitsNeeded: number;
}

export interface ExperimentPlan {
  /** The primary metric's name; null: it has none. */
  readonly primary: string | null;
  /** Units in all arms together until the smallest effect worth having is seen; null: no such effect is declared. */
  readonly units: number | null;
  readonly days: number | null;
  /** Units that enter the share in a day; null: not known. */
  readonly unitsPerDay: number | null;
  readonly maxDays: number;
  /** The most units that its maximum duration gives it; null: not known. */
  readonly maxUnits: number | null;
  /** The effect that is seen with the power asked by the end of the maximum duration; null: not known. */
  readonly mdeAtMax: number | null;
  readonly guardrails: readonly GuardrailPlan[];
  /** Metrics whose spread is not known, and was assumed. */
  readonly assumed: readonly string[];
  /** The maximum duration is too short for the effect that is asked for. */
  readonly isHopeless: boolean;
  /** Of `freezeSettings`. */
  readonly tuning: PlannedTuning;
  readonly sentences: readonly string[];
}

/** Plans an experiment on its pipeline's traffic. The lightest variant counts: it is decided on last. */
export function planExperiment({
  spec,
  traffic,
}: {
  readonly spec: ExperimentSpec;
  readonly traffic: Traffic;
}): ExperimentPlan {
  const { stop } = spec;
  const vRefs = referenceVariances(spec, traffic.metrics);
  const pair = pairPlan(spec);
  const index = spec.metrics.findIndex(({ role }) => role === 'primary');
  const primary = spec.metrics[index];
  const unitsPerDay = traffic.unitsPerDay === null ? null : traffic.unitsPerDay * spec.share;
  const maxDays = stop.maxDurationMs / DAY_MS;
  const maxUnits =
    unitsPerDay === null || primary === undefined
      ? null
      : Math.floor((unitsPerDay * Math.max(0, stop.maxDurationMs - primary.windowMs - stop.graceMs)) / DAY_MS);
  const delta = primary?.minimumEffect ?? null;
  const needed = delta === null ? null : pair.unitsFor(delta, vRefs[index]!);
  const days =
    needed === null || !unitsPerDay ? null : needed.total / unitsPerDay + (primary!.windowMs + stop.graceMs) / DAY_MS;
  const nStar = pair.tuned(needed?.total ?? null, maxUnits);
  // A guardrail is proven with what the experiment is planned for; where it is for no effect, with all it can have.
  const planned = needed === null ? nStar : needed.pair;
  const guardrails = spec.metrics.flatMap((metric, at): readonly GuardrailPlan[] =>
    metric.role === 'guardrail' && metric.margin !== null
      ? [guardrailPlan(spec, metric as Guarded, vRefs[at]!, { planned, nStar, perPair: pair.perPair })]
      : [],
  );
  const plan = {
    primary: primary?.name ?? null,
    units: needed?.total ?? null,
    days,
    unitsPerDay,
    maxDays,
    maxUnits,
    mdeAtMax: maxUnits === null ? null : minimumDelta(spec, vRefs[index]!, maxUnits / pair.perPair),
    guardrails,
    assumed: spec.metrics.filter((_, at) => isAssumed(traffic.metrics[at] ?? null)).map(({ name }) => name),
    isHopeless: days !== null && days > maxDays,
    tuning: { nStar, vRefs },
  };
  return Object.freeze({ ...plan, sentences: explain(planReport(spec, plan, primary)) });
}

type Guarded = OnlineMetric & { readonly margin: number };

function guardrailPlan(
  spec: ExperimentSpec,
  { name, margin }: Guarded,
  v: number,
  { planned, nStar, perPair }: { readonly planned: number; readonly nStar: number; readonly perPair: number },
): GuardrailPlan {
  const least = provableMargin(spec, { v, nStar, units: planned });
  return {
    metric: name,
    margin,
    isProvable: least <= margin,
    provableMargin: least,
    unitsNeeded: Math.ceil(unitsToProve(spec, { v, nStar, margin }) * perPair),
  };
}

function planReport(
  spec: ExperimentSpec,
  plan: Omit<ExperimentPlan, 'sentences'>,
  primary: OnlineMetric | undefined,
): PlanReport {
  return {
    kind: 'plan',
    metric: plan.primary,
    mde: plan.units === null ? null : (primary?.minimumEffect ?? null),
    format: primary?.format ?? 'number',
    unit: spec.unitName,
    units: plan.units,
    days: plan.days,
    maxDays: plan.maxDays,
    mdeAtMax: plan.mdeAtMax,
    unprovable: plan.guardrails
      .filter(({ isProvable }) => !isProvable)
      .map(({ metric, unitsNeeded }) => ({ metric, units: unitsNeeded })),
    assumed: plan.assumed,
  };
}

/** Searches end here: more units than anybody has. */
const MOST_UNITS = 1e12;

/** Of the pair of the baseline and its lightest variant, the variant's part. Variants of weight 0 are in no pair. */
function lightestShare(spec: ExperimentSpec): number {
  const [baseline, variant] = lightest(spec);
  return variant / (baseline + variant);
}

function lightest({ arms }: ExperimentSpec): readonly [number, number] {
  const weights = arms.slice(1).map(({ weight }) => weight);
  const served = weights.filter((weight) => weight > 0);
  return [arms[0]?.weight ?? 0, served.length === 0 ? 0 : Math.min(...served)];
}

export interface PairPlan {
  /** Units in all arms together for one of the pair. */
  readonly perPair: number;
  readonly unitsFor: (delta: number, v: number) => { readonly pair: number; readonly total: number };
  /** n* of a plan: what is needed, but no more than what comes. */
  readonly tuned: (needed: number | null, most: number | null) => number;
}

function pairPlan(spec: ExperimentSpec): PairPlan {
  const [baseline, variant] = lightest(spec);
  const perPair = 1 / (baseline + variant);
  const { alpha, power, minUnits } = spec.stop;
  return {
    perPair,
    unitsFor: (delta, v) => {
      const { nTotal } = sequentialSampleSize({ delta, v, alpha: alpha / variantsOf(spec), power });
      const pair = nTotal ?? MOST_UNITS;
      return { pair, total: Math.ceil(pair * perPair) };
    },
    tuned: (needed, most) => {
      const wanted = Math.min(needed ?? Number.POSITIVE_INFINITY, most ?? Number.POSITIVE_INFINITY);
      return Number.isFinite(wanted) ? Math.max(2 * minUnits, Math.round(wanted / perPair), 1) : DEFAULT_N_STAR;
    },
  };
}

const variantsOf = ({ arms }: ExperimentSpec): number => Math.max(1, arms.length - 1);

/** The effect on a metric that so many units of a pair show with the power asked; null without units. */
function minimumDelta(spec: ExperimentSpec, v: number, pair: number): number | null {
  const { alpha, power } = spec.stop;
  const { multiplier } = sequentialSampleSize({ delta: 1, v, alpha: alpha / variantsOf(spec), power });
  if (!(pair > 0) || multiplier === null) return null;
  return (multiplier + standardNormalQuantile(power)) * Math.sqrt(v / pair);
}

interface Proof {
  /** n SE^2 of one unit. */
  readonly v: number;
  readonly nStar: number;
}

/**
 * The smallest margin that so many units of a pair prove if there is no harm, with the power of one of G guardrails that have
 * to be proven together: 1 - (1 - power)/G.
 */
function provableMargin(spec: ExperimentSpec, { v, nStar, units }: Proof & { readonly units: number }): number {
  const guardrails = spec.metrics.filter(({ role }) => role === 'guardrail').length;
  const power = 1 - (1 - spec.stop.power) / Math.max(1, guardrails);
  const n = Math.max(1, Math.round(units));
  const se = Math.sqrt(v / n);
  const { bound } = asympCsOneSided({ diff: 0, se, n }, { alpha: spec.stop.alphaPromotion, nStar }, 'upper');
  return bound === null ? Number.POSITIVE_INFINITY : bound + standardNormalQuantile(power) * se;
}

/** Units of a pair that prove a margin. */
function unitsToProve(spec: ExperimentSpec, { v, nStar, margin }: Proof & { readonly margin: number }): number {
  const proves = (units: number): boolean => provableMargin(spec, { v, nStar, units }) <= margin;
  let [few, many] = [1, 2];
  while (!proves(many) && many < MOST_UNITS) [few, many] = [many, many * 2];
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2);
    if (proves(middle)) many = middle;
    else few = middle;
  }
  return many;
}

/** What is known of one metric's units before the experiment, in the metric's unit. */
export interface MetricBaseline {
  readonly mean: number;
  /** Of one unit's value; of a ratio, of its linearised value. */
  readonly variance: number;
}

/** A rate that nothing is known of: of failures and complaints most are rarer than this, so the sequence starts tight. */
const ASSUMED_RATE = 0.05;
/** Units' standard deviation as so many of the smallest effect, or of the margin, that anybody cares for. */
const ASSUMED_EFFECTS = 5;
/** Units' standard deviation where nothing at all is known, by how values read. */
const ASSUMED_DEVIATIONS = { number: 0.1, ms: 100, usd: 0.001 } as const;

/** Whether a metric's spread has to be assumed: nothing was measured, or everything measured was the same. */
function isAssumed(baseline: MetricBaseline | null): boolean {
  return baseline === null || !(Number.isFinite(baseline.variance) && baseline.variance > 0);
}

/** n SE^2 of one unit, by metric. */
function referenceVariances(spec: ExperimentSpec, baselines: readonly (MetricBaseline | null)[]): readonly number[] {
  const share = lightestShare(spec);
  return Object.freeze(
    spec.metrics.map((metric, index) => {
      const baseline = baselines[index] ?? null;
      const variance = isAssumed(baseline) ? assumedVariance(metric) : baseline!.variance;
      return unitVariance(variance, share).v ?? variance;
    }),
  );
}

/**
 * A guess on the small side. A reference a hundred times too small makes intervals a sixth wider than they could be, one a
 * hundred times too large three times as wide; valid they are with either.
 */
function assumedVariance({ kind, format, minimumEffect, margin }: OnlineMetric): number {
  if (kind === 'rate' || kind === 'share' || format === 'share') return ASSUMED_RATE * (1 - ASSUMED_RATE);
  const scale = minimumEffect ?? margin;
  return (scale === null ? ASSUMED_DEVIATIONS[format] : ASSUMED_EFFECTS * scale) ** 2;
}
