/**
 * What follows from a run that has been recorded: what its nodes gave is kept, shadows and monitors take it in, its units are exposed, its
 * outcomes count, it waits for its scores where it is sampled, and a breaker that trips wakes its experiment. All of it may be
 * done again.
 */
import type { RunAssignment } from '../src/experiment/assignment.ts';
import { isTripped } from '../src/experiment/breaker.ts';
import { observeRun } from '../src/experiment/observe-run.ts';
import { outcomeSettings } from '../src/experiment/outcome-settings.ts';
import { enqueueShadows } from '../src/experiment/rerun/enqueue-shadows.ts';
import { outcomesOfRun, type ReadValue, type RecordedFacts } from '../src/experiment/run-outcomes.ts';
import { scoreTasksOf } from '../src/experiment/score-tasks-of.ts';
import type { ExperimentSpec } from '../src/experiment/spec.ts';
import { meetRun } from '../src/monitor/meet-run.ts';
import { onceEach } from '../src/once.ts';
import type { Json, Plan, RunOutcome, Wiring } from '../src/plan/plan.ts';
import { restoreClaims } from '../src/store/claims.ts';
import type { ExperimentRow } from '../src/store/experiments.ts';
import type { NodeOutput } from '../src/store/node-outputs.ts';
import type { RunWithNodes } from '../src/store/runs.ts';
import { costOf } from '../src/store/spending.ts';
import type { Store } from '../src/store/store.ts';
import type { Met } from '../workflows/messages.ts';
import type { Expose } from './boundary/exposure.ts';

export interface FollowDependencies {
  readonly store: Store;
  readonly expose: Expose;
  /** What the nodes of a run gave, by its history. */
  readonly outputsOf: (runId: string) => Promise<readonly NodeOutput[]>;
  /** Makes an experiment look now. */
  readonly wake: (experimentId: string) => Promise<void>;
}

export type FollowRun = (runId: string, experiments: Met | undefined) => Promise<void>;

/** What a process keeps: neither the settings of an experiment nor a plan changes. */
const [KEPT_EXPERIMENTS, KEPT_PLANS] = [200, 200];

export function createFollowRun({ store, expose, outputsOf, wake }: FollowDependencies): FollowRun {
  const rowOf = onceEach((id) => store.experiments.get(id), KEPT_EXPERIMENTS);
  const planOf = onceEach((id) => store.plans.get(id), KEPT_PLANS);

  async function count(runId: string, outputs: readonly NodeOutput[], assigned: readonly RunAssignment[]) {
    const rows = new Map<string, ExperimentRow>();
    for (const { experiment } of assigned) rows.set(experiment, await rowOf(experiment));
    const run = await store.runs.get(runId);
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
  }

  return async (runId, experiments) => {
    const outputs = await outputsOf(runId);
    await store.runs.recordOutputs(runId, outputs);
    await enqueueShadows(store, { runId });
    await meetRun(store, runId);
    if (experiments === undefined) return;
    const { assigned, reached } = experiments;
    await expose(
      runId,
      assigned.filter(({ experiment }) => reached.includes(experiment)),
    );
    await count(runId, outputs, assigned);
  };
}

function factsOf({ runId, state, startedAt, finishedAt, spent }: RunWithNodes): RecordedFacts {
  const { inputTokens, outputTokens } = spent;
  return {
    ...{ runId, outcome: state as RunOutcome, finishedAt: finishedAt! },
    latencyMs: Math.max(0, finishedAt! - startedAt),
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
