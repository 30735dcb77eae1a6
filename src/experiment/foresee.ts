/** A plan with the traffic that it rests on, and whether there is any hope in it: what is said before an experiment starts. */

import { showWhole } from '../base/format.ts';
import type { ExperimentSpec, OnlineMetric } from '../model/experiment-spec.ts';
import { type ExperimentPlan, planExperiment } from './planner.ts';
import type { MetricBaseline } from './planner-variances.ts';
import type { MeasuredTraffic } from './traffic.ts';

/** What somebody says of a metric instead of what was measured: `sd` null where it follows from the mean. */
export interface Assumption {
  readonly metric: string;
  readonly mean: number;
  readonly sd: number | null;
}

export interface ForeseenOptions {
  /** Units of the pipeline in a day, instead of those that were measured. */
  readonly unitsPerDay?: number | undefined;
  readonly assumptions?: readonly Assumption[];
  /** The part of all units that is in no experiment; default: none. */
  readonly holdOut?: number;
}

export interface Foreseen {
  readonly plan: ExperimentPlan;
  readonly traffic: MeasuredTraffic;
  /** Units of the pipeline in a day, as planned with; null: not known. */
  readonly unitsPerDay: number | null;
  readonly holdOut: number;
  readonly baselines: readonly (MetricBaseline | null)[];
  /** Why it could not end well, in words; empty where it could, or where that is not known. */
  readonly hopeless: readonly string[];
}

export function foresee(
  spec: ExperimentSpec,
  traffic: MeasuredTraffic,
  { unitsPerDay = traffic.unitsPerDay ?? undefined, assumptions = [], holdOut = 0 }: ForeseenOptions = {},
): Foreseen {
  const said = new Map(assumptions.map((assumption) => [assumption.metric, assumption]));
  const baselines = spec.metrics.map((metric, index) => {
    const assumption = said.get(metric.name);
    return assumption === undefined ? traffic.metrics[index]! : baselineOf(assumption);
  });
  const within = unitsPerDay === undefined ? null : unitsPerDay * (1 - holdOut);
  const plan = planExperiment({ spec, traffic: { unitsPerDay: within, metrics: baselines } });
  return Object.freeze({
    ...{ plan, traffic, unitsPerDay: unitsPerDay ?? null, holdOut, baselines },
    hopeless: Object.freeze(hopelessIn(spec, plan)),
  });
}

/** Whether a mean says how much units differ: of what is true or not it does. */
export const isSpreadKnown = ({ kind, format }: OnlineMetric): boolean => kind === 'rate' || format === 'share';

function baselineOf({ mean, sd }: Assumption): MetricBaseline {
  return { mean, variance: sd === null ? Math.max(0, mean * (1 - mean)) : sd ** 2 };
}

/** Guardrails have to be proven for a promotion: one that never can be makes the whole of it pointless. */
function hopelessIn({ unitName }: ExperimentSpec, plan: ExperimentPlan): string[] {
  const { isHopeless, days, maxDays, maxUnits, guardrails, assumed } = plan;
  const number = (value: number): string => showWhole(Math.ceil(value));
  const rounded = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en');
  return [
    ...(isHopeless ? [`it takes about ${rounded(days!)} days, and may last ${rounded(maxDays)}`] : []),
    ...guardrails.flatMap(({ metric, unitsNeeded }) =>
      maxUnits !== null && unitsNeeded > maxUnits && !assumed.includes(metric)
        ? [
            `'${metric}' cannot be proven harmless: that takes about ${number(unitsNeeded)} ${unitName}s, and at most ${number(maxUnits)} come`,
          ]
        : [],
    ),
  ];
}
