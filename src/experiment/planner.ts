/** Before an experiment starts: how many units and days it takes, what it could see, and what it could not prove. */

import type { ExperimentSpec, OnlineMetric } from '../model/experiment-spec.ts';
import { explain } from '../stats/explain.ts';
import type { PlanReport } from '../stats/explained-report.ts';
import { minimumDelta, pairPlan, provableMargin, unitsToProve } from './planner-units.ts';
import { isAssumed, type MetricBaseline, referenceVariances } from './planner-variances.ts';
import type { PlannedTuning } from './settings.ts';

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
