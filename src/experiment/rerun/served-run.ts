/** A run as it was served, read from the store: what can be run again, and what scorers see of it. */

import { type EndedRun, isFromOutside, observedBy } from '../../evaluation/chunk/play-run.ts';
import { runFacts } from '../../evaluation/run-facts.ts';
import { NO_FACTS, type ResultError, type RunFacts } from '../../model/evaluation-result.ts';
import type { Json, Plan, RunOutcome } from '../../plan/plan.ts';
import type { From } from '../../plan/resolve.ts';
import type { RunWithNodes } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { RecordedRun } from './record.ts';
import type { Replayed } from './replay.ts';

export interface LoadedRun {
  readonly run: RunWithNodes;
  readonly record: RecordedRun;
}

/** @throws SluiceError `run_unknown`, `plan_unknown` */
export async function loadRun(
  { runs }: Pick<Store, 'runs'>,
  planOf: (planId: string) => Promise<Plan>,
  runId: string,
): Promise<LoadedRun> {
  const run = await runs.get(runId);
  const [plan, outputs] = await Promise.all([planOf(run.planId), runs.outputs(run.runId)]);
  const { input, nodes } = run;
  return { run, record: { runId: run.runId, plan, input, nodes, outputs } };
}

/** What the run took: of its calls what is known, and from its start to its end. */
export function factsOfRun({ state, startedAt, finishedAt, spent }: RunWithNodes): RunFacts {
  const latencyMs = finishedAt === null ? null : Math.max(0, finishedAt - startedAt);
  return runFacts({ outcome: state, latencyMs, spent: [spent] });
}

/**
 * The run for scorers. One that failed by what was not its own fault is missing.
 *
 * @param observe the refs that were observed, in that order
 */
export function servedRun(
  run: RunWithNodes,
  { result }: Pick<Replayed, 'result'>,
  observe: readonly From[],
  facts: RunFacts = factsOfRun(run),
): EndedRun {
  const error = run.error === null ? null : errorOfRun(run.error);
  const isMissing = run.state === 'failed' && error !== null && isFromOutside(error.code);
  const hasOutput = run.state === 'completed' || run.state === 'degraded';
  return {
    outcome: isMissing ? 'missing' : (run.state as RunOutcome),
    error,
    output: hasOutput ? run.output : undefined,
    nodes: observedBy(observe, result.observed),
    facts: isMissing ? NO_FACTS : facts,
  };
}

function errorOfRun(error: Json): ResultError {
  const { code, message, node } = error as { readonly [part: string]: Json };
  const text = (part: Json | undefined) => (typeof part === 'string' ? part : '');
  return { code: text(code), message: text(message), node: text(node) };
}
