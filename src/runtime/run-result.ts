/** What a caller gets of a run: the contract of `sluice ask --json`. A run that failed is a result too, not an exception. */

import type { FailureData } from '../../workflows/messages.ts';
import type { Json, NodeOutcome, RunOutcome } from '../plan/plan.ts';
import type { NodeRunRow } from '../store/node-runs.ts';
import type { RunWithNodes } from '../store/runs.ts';

export interface NodeResult {
  readonly id: string;
  /** The node run: `draft[2]`. */
  readonly key: string;
  readonly step: string | null;
  readonly outcome: NodeOutcome;
  readonly attempts: number;
  readonly durationMs: number | null;
  /** Null where it is not known; never 0 for that. */
  readonly costUsd: number | null;
  readonly error: FailureData | null;
}

export interface RunResult {
  readonly runId: string;
  readonly pipeline: string;
  readonly planId: string;
  readonly arms: { readonly [experiment: string]: string };
  readonly outcome: RunOutcome;
  /** Null when the run failed or was cancelled. */
  readonly output: Json;
  readonly degraded: boolean;
  readonly nodes: readonly NodeResult[];
  readonly error: FailureData | null;
  readonly durationMs: number | null;
  readonly costUsd: number | null;
  readonly temporalUrl: string;
}

/** @param restore gives back what of the output was stored aside for its size */
export async function resultOf(
  run: RunWithNodes,
  temporalUrl: string,
  restore: (output: Json) => Promise<Json>,
): Promise<RunResult> {
  return Object.freeze({
    runId: run.runId,
    pipeline: run.pipeline,
    planId: run.planId,
    arms: run.arms,
    outcome: run.state as RunOutcome,
    output: await restore(run.output),
    degraded: run.state === 'degraded',
    nodes: [...run.nodes].sort(byStart).map(nodeResult),
    error: run.error as FailureData | null,
    durationMs: run.finishedAt === null ? null : run.finishedAt - run.startedAt,
    costUsd: totalOf(run.nodes.map(({ costUsd }) => costUsd ?? null)),
    temporalUrl,
  });
}

function nodeResult(row: NodeRunRow): NodeResult {
  const { node: id, key, step, outcome, attempts, durationMs, costUsd = null } = row;
  return { id, key, step, outcome, attempts, durationMs, costUsd, error: row.error as FailureData | null };
}

/** The sum of what is known; null when nothing is, since an unknown cost is not nothing. */
function totalOf(costs: readonly (number | null)[]): number | null {
  const known = costs.filter((cost) => cost !== null);
  return known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0);
}

/** In the order in which they began; those that made no call (containers, skipped nodes) come last. */
function byStart(a: NodeRunRow, b: NodeRunRow): number {
  return (a.startedAt ?? Number.MAX_SAFE_INTEGER) - (b.startedAt ?? Number.MAX_SAFE_INTEGER);
}
