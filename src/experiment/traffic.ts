/**
 * What came to a pipeline lately, as an experiment on it would have counted it: units in a day, and what each of its metrics
 * was of one unit. It is read with the code that experiments count with, so that a plan is of what is measured later.
 */

import type { RunAssignment } from '../model/assignment.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { Json } from '../plan/plan.ts';
import { restoreClaims } from '../store/claims.ts';
import type { NewOutcome } from '../store/outcomes.ts';
import type { Store } from '../store/store.ts';
import { MOST_TRAFFIC_RUNS, type TrafficFeedback, type TrafficRun } from '../store/traffic.ts';
import { outcomesOfFeedback } from './feedback-outcomes.ts';
import type { Traffic } from './planner.ts';
import { isOfOutput, readWiring } from './read-wiring.ts';
import { outcomesOfRun, type ReadValue } from './run-outcomes.ts';
import { baselineOf, type UnitOutcomes } from './traffic-units.ts';

const DAY_MS = 86_400_000;
/** What is older says little about now. */
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
