/**
 * What a run that has ended means for the experiments that it is in: its unit is exposed where the rule says so, its
 * outcomes count, it waits for its scores where it is sampled, and a breaker that trips wakes its experiment. All of it may
 * be done again.
 */
import { onceEach } from '../src/base/once.ts';
import type { Expose } from '../src/boundary/boundary.ts';
import { isTripped } from '../src/experiment/analysis-record.ts';
import { compileExposure, type ExposureRule } from '../src/experiment/exposed.ts';
import { enqueueShadows } from '../src/experiment/rerun/rerun-request.ts';
import {
  observeRun,
  outcomeSettings,
  outcomesOfRun,
  type ReadValue,
  type RecordedFacts,
} from '../src/experiment/run-outcomes.ts';
import { scoreTasksOf } from '../src/experiment/score-runs.ts';
import type { RunAssignment } from '../src/model/assign.ts';
import type { ExperimentSpec } from '../src/model/experiment-spec.ts';
import { type FailureData, type InExperiments, withoutNodes } from '../src/model/run-messages.ts';
import { enqueueForMonitors } from '../src/monitor/score-monitor.ts';
import type { Json, Plan, RunOutcome, Wiring } from '../src/plan/plan.ts';
import { restoreClaims } from '../src/store/claims.ts';
import type { ExperimentRow } from '../src/store/experiments.ts';
import type { NodeOutput, RunWithNodes } from '../src/store/runs.ts';
import { costOf } from '../src/store/spending.ts';
import type { Store } from '../src/store/store.ts';

export interface CountDependencies {
  readonly store: Store;
  readonly expose: Expose;
  /** Triggers an interim analysis now. */
  readonly wake: (experimentId: string) => Promise<void>;
}

/** @param outputs what the nodes of the run gave, as far as it is known */
export type CountRun = (
  runId: string,
  assigned: readonly RunAssignment[],
  outputs: readonly NodeOutput[],
) => Promise<void>;

/** What a process keeps: neither the settings of an experiment nor a plan changes. */
const [KEPT_EXPERIMENTS, KEPT_PLANS, KEPT_RULES] = [200, 200, 500];

export function createCountRun({ store, expose, wake }: CountDependencies): CountRun {
  const rowOf = onceEach((id) => store.experiments.get(id), KEPT_EXPERIMENTS);
  const planOf = onceEach((id) => store.plans.get(id), KEPT_PLANS);
  const ruleBy = onceEach(
    async (_key: string, planId: string, { experiment, stage }: RunAssignment): Promise<ExposureRule> => {
      const [{ spec }, stages, plan] = await Promise.all([
        rowOf(experiment),
        store.experiments.stages(experiment),
        planOf(planId),
      ]);
      const { basePlanId } = stages.find((each) => each.stage === stage)!;
      return compileExposure(plan, await planOf(basePlanId), spec);
    },
    KEPT_RULES,
  );
  const ruleOf = (planId: string, assignment: RunAssignment) =>
    ruleBy(JSON.stringify([assignment.experiment, assignment.stage, planId]), planId, assignment);

  async function exposeUnits({ runId, planId, nodes }: RunWithNodes, assigned: readonly RunAssignment[]) {
    const rules = await Promise.all(assigned.map((each) => ruleOf(planId, each)));
    const isExposed = assigned.map((_, index) => rules[index]!(nodes));
    await expose(
      runId,
      assigned.filter((_, index) => isExposed[index]),
    );
    await store.outcomes.noteUnexposed(
      assigned
        .filter(({ isOverride }, index) => !isExposed[index] && !isOverride)
        .map(({ experiment, unit, armIndex, stage }) => ({ experiment, unit, arm: armIndex, stage })),
    );
  }

  return async (runId, assigned, outputs) => {
    const run = await store.runs.get(runId);
    await exposeUnits(run, assigned);
    const rows = new Map<string, ExperimentRow>();
    for (const { experiment } of assigned) rows.set(experiment, await rowOf(experiment));
    const read = await readerOf({ ...store, planOf }, run, outputs, [...rows.values()]);
    const facts = factsOf(run);
    const outcomes = assigned.flatMap((each) => outcomesOfRun(rows.get(each.experiment)!.spec, each, facts, read));
    const tasks = assigned.flatMap((assignment) =>
      scoreTasksOf(rows.get(assignment.experiment)!.spec, { ...facts, assignment }),
    );
    if (tasks.length > 0) await store.scoreTasks.enqueue(tasks);
    const settings = new Map([...rows].map(([id, row]) => [id, outcomeSettings(row)]));
    for (const { experiment, ...count } of await store.outcomes.put(outcomes, settings))
      if (isTripped(count, rows.get(experiment)!.spec.breaker.ceiling)) await wake(experiment);
  };
}

/** `code` of a run whose workflow ended without a record. */
const TERMINATED = 'terminated';

function factsOf({ runId, state, startedAt, finishedAt, spent, error }: RunWithNodes): RecordedFacts {
  const { inputTokens, outputTokens } = spent;
  // When such a run ended is not known: it was found later.
  const isTerminated = (error as FailureData | null)?.code === TERMINATED;
  return {
    ...{ runId, outcome: state as RunOutcome, finishedAt: finishedAt! },
    latencyMs: isTerminated ? null : Math.max(0, finishedAt! - startedAt),
    ...{ costUsd: costOf([spent]), inputTokens, outputTokens },
  };
}

/** Reads what metrics are of: the output, or what nodes gave. */
async function readerOf(
  { planOf, payloads }: Pick<Store, 'payloads'> & { readonly planOf: (planId: string) => Promise<Plan> },
  run: RunWithNodes,
  outputs: readonly NodeOutput[],
  rows: readonly ExperimentRow[],
): Promise<ReadValue> {
  const wirings = [...new Set(rows.flatMap(({ spec }) => wiringsOf(spec)))];
  if (wirings.length === 0) return () => undefined;
  const { input, planId } = run;
  const given = new Map(outputs.map(({ key, output }) => [key, output]));
  const output = await restoreClaims(payloads, run.output);
  const seen = await observeRun({ plan: await planOf(planId), input, output, outputs: given }, wirings);
  const values = new Map<Wiring, Json>();
  for (const [index, value] of seen.entries())
    if (value !== undefined) values.set(wirings[index]!, await restoreClaims(payloads, value));
  return ({ wiring }) => values.get(wiring);
}

function wiringsOf({ metrics }: ExperimentSpec): readonly Wiring[] {
  return metrics.flatMap(({ source, denominator }) =>
    [source, denominator].flatMap((each) => (each?.from === 'value' ? each.wiring : [])),
  );
}

// Closes a run whose workflow has ended without a record (terminated, timed out, never started), and counts it for the
// experiments that it is in, as a run that recorded itself is: no arm may lose runs by it.

/** @returns false where it had ended before, and then nothing is changed */
export type CloseRun = (runId: string, outcome: 'failed' | 'cancelled', why: string) => Promise<boolean>;

export function createCloseRun({ runs }: Pick<Store, 'runs'>, countRun: CountRun): CloseRun {
  return async (runId, outcome, why) => {
    const error: FailureData = { code: TERMINATED, message: why };
    if (!(await runs.close(runId, outcome, { ...error }))) return false;
    const { assignments } = await runs.get(runId);
    if (assignments !== null) await countRun(runId, assignments.map(withoutNodes), []);
    return true;
  };
}

/**
 * What follows from a run that has been recorded: what its nodes gave is kept, shadows and monitors take it in, and its
 * experiments count it. All of it may be done again.
 */
export interface AfterRunDependencies {
  readonly store: Store;
  readonly countRun: CountRun;
  /** What the nodes of a run gave, by its history. */
  readonly outputsOf: (runId: string) => Promise<readonly NodeOutput[]>;
}

export type AfterRun = (runId: string, experiments: InExperiments | undefined) => Promise<void>;

export function createAfterRun({ store, countRun, outputsOf }: AfterRunDependencies): AfterRun {
  return async (runId, experiments) => {
    const outputs = await outputsOf(runId);
    await store.runs.recordOutputs(runId, outputs);
    await enqueueShadows(store, { runId });
    await enqueueForMonitors(store, runId);
    if (experiments !== undefined) await countRun(runId, experiments.assigned, outputs);
  };
}
