/**
 * The recent traffic of a pipeline, counted as an experiment on it would count it: units per day, and the baseline of each
 * metric per unit. It uses the counting code of experiments, so that the plan matches the later measurement.
 */
import { showWhole } from '../base/format.ts';
import type { RunAssignment } from '../model/assign.ts';
import { type ExperimentSpec, type OnlineMetric, VALUE_SCALE } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { restoreClaims } from '../store/claims.ts';
import type { NewOutcome } from '../store/outcomes.ts';
import type { Store } from '../store/store.ts';
import { MOST_TRAFFIC_RUNS, type TrafficFeedback, type TrafficRun } from '../store/traffic.ts';
import { type ExperimentPlan, type MetricBaseline, planExperiment, type Traffic } from './planner.ts';
import { outcomesOfFeedback, outcomesOfRun, type ReadValue } from './run-outcomes.ts';
import { isOfOutput, readWiring } from './serve.ts';

const DAY_MS = 86_400_000;
/** Older traffic says little about the present. */
const TRAFFIC_DAYS = 14;

export interface MeasuredTraffic extends Traffic {
  /** Distinct units of the runs, and how many days these are spread over, at least one. */
  readonly units: number;
  readonly days: number;
  readonly runs: number;
  /** Runs of nobody in particular: they would be in no experiment. */
  readonly withoutUnit: number;
  /** Runs that its target leaves out. */
  readonly offTarget: number;
  /** Units that each metric's baseline is of, in the order of the spec. */
  readonly unitsOf: readonly number[];
}

/** @param now milliseconds since the epoch */
export async function measureTraffic(
  store: Pick<Store, 'traffic' | 'payloads'>,
  spec: ExperimentSpec,
  now: number,
): Promise<MeasuredTraffic> {
  const since = now - TRAFFIC_DAYS * DAY_MS;
  const { pipeline, unit, target } = spec;
  const request = {
    ...{ pipeline, since, withInput: unit !== null || target !== null },
    withOutput: spec.metrics.some((metric) => sourcesOf(metric).some(({ from }) => from === 'value')),
  };
  const runs = await store.traffic.runs(request);
  const hasFeedback = spec.metrics.some(({ source }) => source.from === 'feedback');
  const said = hasFeedback ? await store.traffic.feedback(request) : [];
  const inputs = new Map<string, Json>();
  for (const { runId, input } of request.withInput ? runs : [])
    inputs.set(runId, await restoreClaims(store.payloads, input));
  const onTarget = runs.filter(({ runId }) => target === null || readWiring(target, inputs.get(runId)!) === true);
  const byUnit = unitsOf(onTarget, (run) =>
    unit === null ? run.unit : textOf(readWiring(unit, inputs.get(run.runId)!)),
  );
  const days = daysOf(runs, since, now);
  const outcomes = outcomesByUnit(spec, byUnit, said);
  const baselines = spec.metrics.map((metric, index) =>
    isReadable(metric) ? baselineOf(metric, index, outcomes, now) : { units: 0, baseline: null },
  );
  return Object.freeze({
    // Where none came, nobody knows how many will.
    unitsPerDay: byUnit.size === 0 ? null : byUnit.size / days,
    metrics: baselines.map(({ baseline }) => baseline),
    ...{ units: byUnit.size, days, runs: runs.length, offTarget: runs.length - onTarget.length },
    withoutUnit: onTarget.length - [...byUnit.values()].reduce((sum, own) => sum + own.length, 0),
    unitsOf: baselines.map(({ units }) => units),
  });
}

/** Since the first run, where it is that new; what came in less than a day is taken for a day's. */
function daysOf(runs: readonly TrafficRun[], since: number, now: number): number {
  const oldest = runs[0]?.startedAt ?? now;
  // The whole time is known to have been looked through only where not all that may be read were there.
  const isWhole = runs.length < MOST_TRAFFIC_RUNS && oldest - since < DAY_MS;
  return Math.max(1, (now - (isWhole ? since : oldest)) / DAY_MS);
}

function unitsOf(
  runs: readonly TrafficRun[],
  unitOf: (run: TrafficRun) => string | null,
): ReadonlyMap<string, readonly TrafficRun[]> {
  const byUnit = new Map<string, TrafficRun[]>();
  for (const run of runs) {
    const unit = unitOf(run);
    if (unit === null) continue;
    const own = byUnit.get(unit);
    if (own === undefined) byUnit.set(unit, [run]);
    else own.push(run);
  }
  return byUnit;
}

/** Of runs that got the baseline in all that was on: what variants did is not what is served. */
function outcomesByUnit(
  spec: ExperimentSpec,
  byUnit: ReadonlyMap<string, readonly TrafficRun[]>,
  said: readonly TrafficFeedback[],
): readonly UnitOutcomes[] {
  const feedback = Map.groupBy(said, ({ runId }) => runId);
  return [...byUnit].flatMap(([unit, all]) => {
    const runs = all.filter(({ arms }) => Object.values(arms).every((arm) => arm === spec.arms[0]!.name));
    const [first] = runs;
    if (first === undefined) return [];
    const assignment = assignmentOf(spec, unit);
    const outcomes = runs.flatMap((run): readonly NewOutcome[] => [
      ...outcomesOfRun(spec, assignment, factsOf(run), readerOf(run)),
      ...(feedback.get(run.runId) ?? []).flatMap((one) => outcomesOfFeedback(spec, assignment, one)),
    ]);
    return { metAt: first.startedAt, metIn: first.runId, outcomes };
  });
}

const assignmentOf = ({ name, arms }: ExperimentSpec, unit: string): RunAssignment => ({
  ...{ experiment: name, arm: arms[0]!.name, armIndex: 0, stage: 1, unit, probability: 1, isOverride: false },
});

const factsOf = ({ runId, state, startedAt, finishedAt, costUsd, inputTokens, outputTokens }: TrafficRun) => ({
  ...{ runId, outcome: state, latencyMs: Math.max(0, finishedAt - startedAt), costUsd },
  ...{ inputTokens, outputTokens, finishedAt },
});

const readerOf =
  ({ output }: TrafficRun): ReadValue =>
  ({ wiring }) =>
    output === null ? undefined : readWiring(wiring, output);

type Parts = Pick<ExperimentSpec['metrics'][number], 'source' | 'denominator'>;

const sourcesOf = ({ source, denominator }: Parts) => (denominator === null ? [source] : [source, denominator]);

/** Scores are made for experiments alone, and what nodes gave is not read again: of these nothing is known beforehand. */
function isReadable(metric: Parts): boolean {
  return sourcesOf(metric).every(
    (source) =>
      source.from === 'run' || source.from === 'feedback' || (source.from === 'value' && isOfOutput(source.wiring)),
  );
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** As if it had met the baseline with its first run. */
export interface UnitOutcomes {
  readonly metAt: number;
  readonly metIn: string;
  readonly outcomes: readonly NewOutcome[];
}

export interface KnownBaseline {
  /** Matured units with a value. */
  readonly units: number;
  /** Null: fewer than two, or what is not tested. */
  readonly baseline: MetricBaseline | null;
}

/** Of units whose window is over. Mean and variance are in the metric's unit. */
function baselineOf(metric: OnlineMetric, index: number, units: readonly UnitOutcomes[], now: number): KnownBaseline {
  if (metric.kind === 'quantile') return { units: 0, baseline: null };
  const sums = units
    .filter(({ metAt }) => metAt + metric.windowMs <= now)
    .flatMap((unit) => sumsOf(metric, index, unit) ?? []);
  return { units: sums.length, baseline: metric.kind === 'ratio' ? ratioOf(sums) : momentsOf(sums.map(({ v }) => v)) };
}

interface Sums {
  readonly v: number;
  readonly d: number;
}

/** The unit's value; undefined where it has none. Of each run the latest counts, as in looks. */
function sumsOf(metric: OnlineMetric, index: number, { metAt, metIn, outcomes }: UnitOutcomes): Sums | undefined {
  const counted = new Map<string, NewOutcome>();
  for (const outcome of outcomes) {
    if (outcome.metric !== index) continue;
    const isInside = outcome.at <= metAt + metric.windowMs && (outcome.at >= metAt || outcome.runId === metIn);
    const known = counted.get(outcome.runId);
    if (isInside && (known === undefined || outcome.at >= known.at)) counted.set(outcome.runId, outcome);
  }
  if (counted.size === 0) return metric.absent === 'zero' && metric.kind !== 'ratio' ? { v: 0, d: 0 } : undefined;
  const total = (of: (outcome: NewOutcome) => number) =>
    [...counted.values()].reduce((sum, outcome) => sum + of(outcome), 0) / VALUE_SCALE;
  return {
    v: unitValue(
      metric,
      total(({ v }) => v),
      counted.size,
    ),
    d: total(({ d = 0 }) => d),
  };
}

function unitValue({ kind, cap }: OnlineMetric, sum: number, outcomes: number): number {
  switch (kind) {
    case 'mean':
    case 'share':
    case 'quantile':
      return sum / outcomes;
    case 'rate':
      return sum > 0 ? 1 : 0;
    case 'sum':
      return cap === null ? sum : Math.min(sum, cap);
    case 'ratio':
      return sum;
    default:
      return kind satisfies never;
  }
}

function momentsOf(values: readonly number[]): MetricBaseline | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}

/** The variance is that of its linearised values. */
function ratioOf(sums: readonly Sums[]): MetricBaseline | null {
  const [above, below] = [sums.reduce((sum, { v }) => sum + v, 0), sums.reduce((sum, { d }) => sum + d, 0)];
  if (sums.length < 2 || below <= 0) return null;
  const mean = above / below;
  const moments = momentsOf(sums.map(({ v, d }) => (v - mean * d) / (below / sums.length)));
  return moments && { mean, variance: moments.variance };
}

/** An assumption about a metric that replaces its measurement; `sd` is null if it follows from the mean. */
export interface Assumption {
  readonly metric: string;
  readonly mean: number;
  readonly sd: number | null;
}

export interface ForecastOptions {
  /** Units of the pipeline in a day, instead of those that were measured. */
  readonly unitsPerDay?: number | undefined;
  readonly assumptions?: readonly Assumption[];
  /** The part of all units that is in no experiment; default: none. */
  readonly holdOut?: number;
}

export interface Forecast {
  readonly plan: ExperimentPlan;
  readonly traffic: MeasuredTraffic;
  /** Units of the pipeline in a day, as planned with; null: not known. */
  readonly unitsPerDay: number | null;
  readonly holdOut: number;
  readonly baselines: readonly (MetricBaseline | null)[];
  /** Why it is underpowered, in words; empty if it is not, or if that is unknown. */
  readonly hopeless: readonly string[];
}

export function forecastExperiment(
  spec: ExperimentSpec,
  traffic: MeasuredTraffic,
  { unitsPerDay = traffic.unitsPerDay ?? undefined, assumptions = [], holdOut = 0 }: ForecastOptions = {},
): Forecast {
  const said = new Map(assumptions.map((assumption) => [assumption.metric, assumption]));
  const baselines = spec.metrics.map((metric, index) => {
    const assumption = said.get(metric.name);
    return assumption === undefined ? traffic.metrics[index]! : assumedBaseline(assumption);
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

function assumedBaseline({ mean, sd }: Assumption): MetricBaseline {
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
