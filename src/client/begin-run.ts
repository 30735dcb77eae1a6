/** How a run begins: its plan and its row are in the store before its workflow starts, whoever repeats the request. */
import { createHash, randomUUID } from 'node:crypto';
import type { CloseRun } from '../../activities/close-run.ts';
import { SluiceError } from '../base/errors.ts';
import { isSameJson, planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { workflowInput } from '../plan/skeleton.ts';
import type { RunBudget, RunRow, RunWithNodes } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Runnable } from './client.ts';

export function runIdOf(pipeline: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return `run-${randomUUID()}`;
  return `run-${createHash('sha256').update(`${pipeline}\0${idempotencyKey}`).digest('hex').slice(0, 32)}`;
}

/** Stores each plan once per process; returns its id. One that no workflow could be given is refused. */
export function createRegistration(store: Store): (plan: Plan) => Promise<string> {
  const ids = new WeakMap<Plan, Promise<string>>();
  const register = async (plan: Plan) => {
    workflowInput(plan);
    const id = planId(plan);
    await store.plans.put(id, plan);
    return id;
  };
  return (plan) => {
    const known = ids.get(plan) ?? register(plan);
    ids.set(plan, known);
    known.catch(() => ids.delete(plan));
    return known;
  };
}

/** Whether an earlier request has begun the run. */
export function isBegun({ runs }: Store, runId: string): Promise<boolean> {
  return runs.get(runId).then(
    () => true,
    (error: unknown) => {
      if (error instanceof SluiceError && error.code === 'run_unknown') return false;
      throw error;
    },
  );
}

interface Begin {
  readonly runId: string;
  readonly planId: string;
  readonly pipeline: Runnable;
  readonly input: Json;
  readonly budget: RunBudget | null;
  /** As the request has it, before the settings complete it. */
  readonly askedBudget: RunBudget | null;
  readonly idempotencyKey: string | null;
  readonly owner: string | null;
}

/** Writes the run's row, or finds the one that the same idempotency key made: that one's plan and arms then hold. */
export async function beginRun(store: Store, begin: Begin): Promise<{ row: RunRow; plan: Plan }> {
  const { pipeline, planId, input, idempotencyKey, owner, askedBudget } = begin;
  const { plan, served } = pipeline;
  const assignments = served?.assignments ?? [];
  const { created, run: row } = await store.runs.begin({
    ...{ runId: begin.runId, pipeline: plan.pipeline, planId, idempotencyKey, input, budget: begin.budget, owner },
    variant: (pipeline.variantOf !== undefined && pipeline.name) || null,
    arms: Object.fromEntries(assignments.map(({ experiment, arm }) => [experiment, arm])),
    unit: served?.unit ?? null,
    request: { budget: askedBudget, isUnitGiven: served?.isUnitGiven ?? false },
    assignments: assignments.length === 0 ? null : assignments,
  });
  if (created) return { row, plan };
  if (row.contentRemovedAt !== null)
    throw new SluiceError('content_removed', {
      message: `idempotency key '${idempotencyKey}' was used before, and what that run was asked and gave is removed`,
      remedy: 'use another key to ask again',
      data: { runId: row.runId },
    });
  const other = differenceTo(row, begin);
  if (other !== undefined)
    throw new SluiceError('idempotency_conflict', {
      message: `idempotency key '${idempotencyKey}' was used before with another ${other}`,
      remedy: 'use one key per request; the same key only to repeat that request',
      data: { runId: row.runId },
    });
  return { row, plan: row.planId === planId ? plan : ((await store.plans.get(row.planId)) ?? plan) };
}

/** What of a request is not as in the request that made the run. */
function differenceTo(row: RunRow, { input, pipeline: { served }, askedBudget }: Begin): string | undefined {
  if (!isSameJson(row.input, input)) return 'input';
  const unit = served?.isUnitGiven ? served.unit : null;
  if (row.request === null) return differenceToOld(row, unit, askedBudget);
  if ((row.request.isUnitGiven ? row.unit : null) !== unit) return 'unit';
  return isSameJson(asJson(row.request.budget), asJson(askedBudget)) ? undefined : 'budget';
}

/** A run from before requests were kept, completed and perhaps without its unit: only what the request names is compared. */
function differenceToOld(row: RunRow, unit: string | null, askedBudget: RunBudget | null): string | undefined {
  if (unit !== null && row.unit !== null && row.unit !== unit) return 'unit';
  return isSameJson(asJson({ ...row.budget, ...askedBudget }), asJson({ ...row.budget })) ? undefined : 'budget';
}

const asJson = (budget: RunBudget | null): Json => (budget === null ? null : { ...budget });

/** The run with its record; a run that was closed from outside has none, and is closed here with that as its reason. */
export async function recordedRun(store: Store, closeRun: CloseRun, runId: string): Promise<RunWithNodes> {
  const run = await store.runs.get(runId);
  if (run.state !== 'running') return run;
  await closeRun(runId, 'failed', 'the workflow was closed from outside before it was recorded');
  return store.runs.get(runId);
}
