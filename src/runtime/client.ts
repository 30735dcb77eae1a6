/**
 * The client: starts runs and reads their answers. A run's row is written before its workflow starts, so that whatever
 * happens afterwards, the run is known.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Client as TemporalClient } from '@temporalio/client';
import type { z } from 'zod';
import type { FailureData } from '../../workflows/messages.ts';
import { SluiceError } from '../errors.ts';
import { canonicalJson, planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { workflowInput } from '../plan/skeleton.ts';
import { restoreClaims, storeLarge } from '../store/claims.ts';
import type { RunBudget, RunRow } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { cancelRun } from './cancel-run.ts';
import { createCatalogueCheck } from './catalogue.ts';
import type { Config } from './config.ts';
import { type OnOutage, ridingThrough } from './outage.ts';
import { checkBudget } from './run-budget.ts';
import { checkRunInput } from './run-input.ts';
import { type RunResult, resultOf } from './run-result.ts';
import { type Answer, createStartRun } from './start-run.ts';
import type { OpenSink } from './stream-run.ts';
import { workflowUrl } from './temporal-ui.ts';

export interface ClientDependencies {
  readonly temporal: TemporalClient;
  readonly store: Store;
  readonly config: Config;
  readonly namespace: string;
  readonly uiUrl: string;
}

/** A pipeline, a variant of one, or a plan from elsewhere with a schema for its input. */
export interface Runnable {
  readonly id: string;
  readonly plan: Plan;
  readonly input: z.ZodType;
}

export interface RunOptions {
  /** The same key, the same run: a repeated request gets the answer of the first. */
  readonly idempotencyKey?: string;
  /** Cancels the run when it aborts. */
  readonly signal?: AbortSignal;
  /** What the run may take; what it leaves out is as the config has it. */
  readonly budget?: RunBudget;
  /** Told when Temporal does not answer and is waited for. */
  readonly onOutage?: OnOutage;
}

export interface StartedRun {
  readonly runId: string;
  readonly planId: string;
  readonly temporalUrl: string;
  /** As soon as the output is known; null where there will be none (`finished` says why). */
  readonly answer: Promise<Json>;
  /** When the run is recorded. A failed or cancelled run is a result too. */
  readonly finished: Promise<RunResult>;
}

export interface RunClient {
  /** Starts a run and resolves with its result once it is recorded. */
  run(pipeline: Runnable, input: unknown, options?: RunOptions): Promise<RunResult>;
  /**
   * Starts a run and gives its answer before its record.
   *
   * @param openSink where its tokens go, for `stream`
   */
  start(pipeline: Runnable, input: unknown, options?: RunOptions, openSink?: OpenSink): Promise<StartedRun>;
  /**
   * Whether a run of this plan could start now, as `start` asks itself.
   *
   * @throws SluiceError `no_worker`, `step_unregistered`, or `key_missing` where no worker has the key of a provider that
   *   the plan's models are of
   */
  check(plan: Plan): Promise<void>;
  urlOf(workflowId: string): string;
}

export function createRunClient(dependencies: ClientDependencies): RunClient {
  const { temporal, store, config } = dependencies;
  const startRun = createStartRun(dependencies);
  const checkCatalogue = createCatalogueCheck(store.catalogue, config.queues.run);
  const register = createRegistration(store);
  const urlOf = (id: string) => workflowUrl(dependencies, id);

  async function start(
    pipeline: Runnable,
    given: unknown,
    options: RunOptions = {},
    openSink?: OpenSink,
  ): Promise<StartedRun> {
    const input = checkRunInput(pipeline.id, pipeline.input, given);
    const budget = checkBudget({ ...config.budget, ...options.budget });
    await checkCatalogue(pipeline.plan);
    const offered = await register(pipeline.plan);
    const carried = await storeLarge(store.payloads, input, `the input of '${pipeline.id}'`);
    const runId = runIdOf(pipeline.id, options.idempotencyKey);
    const { row, plan } = await begin(store, { runId, planId: offered, plan: pipeline.plan, input, budget, options });

    const handle = temporal.workflow.getHandle(runId);
    let isOver = false;
    const cancel = () => void cancelRun(handle, config.runDeadlineMs, () => isOver).catch(() => undefined); // the run itself says the same
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted) cancel();
    const answered: Promise<Answer> =
      row.state === 'running'
        ? startRun(
            { runId, planId: row.planId, plan, input: carried, budget: row.budget, sink: openSink?.(runId) },
            options.onOutage,
          )
        : Promise.resolve({ kind: 'closed' });
    const finished = answered.then(async (answer) => {
      if (row.state === 'running') await closed(answer, () => handle.result(), options.onOutage);
      options.signal?.removeEventListener('abort', cancel);
      return resultOf(await recorded(store, runId), urlOf(runId), (output) => restoreClaims(store.payloads, output));
    });
    const end = () => {
      isOver = true;
    };
    finished.then(end, end); // a failure is told to whoever awaits it
    const answer = answered.then(async (answer) =>
      answer.kind === 'output' ? restoreClaims(store.payloads, answer.output) : (await finished).output,
    );
    answer.catch(() => undefined);
    return { runId, planId: row.planId, temporalUrl: urlOf(runId), answer, finished };
  }

  /** Waits until the workflow has closed, whichever way: what became of the run is in its record. */
  async function closed(answer: Answer, result: () => Promise<unknown>, onOutage?: OnOutage): Promise<void> {
    if (answer.kind === 'closed') return;
    const ended = () =>
      result().catch((error: unknown) => {
        if (!(error instanceof Error) || !CLOSED.has(error.name)) throw error;
      });
    await ridingThrough(config.runDeadlineMs, ended, onOutage);
  }

  return Object.freeze({
    start,
    run: async (pipeline: Runnable, input: unknown, options?: RunOptions) =>
      (await start(pipeline, input, options)).finished,
    check: checkCatalogue,
    urlOf,
  });
}

/** What asking for a result says of a workflow that ended without one, or is gone with its server's database. */
const CLOSED: ReadonlySet<string> = new Set(['WorkflowFailedError', 'WorkflowNotFoundError']);

function runIdOf(pipeline: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return `run-${randomUUID()}`;
  return `run-${createHash('sha256').update(`${pipeline}\0${idempotencyKey}`).digest('hex').slice(0, 32)}`;
}

/** Stores each plan once per process; returns its id. One that no workflow could be given is refused. */
function createRegistration(store: Store): (plan: Plan) => Promise<string> {
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

interface Begin {
  readonly runId: string;
  readonly planId: string;
  readonly plan: Plan;
  readonly input: Json;
  readonly budget: RunBudget | null;
  readonly options: RunOptions;
}

/** Writes the run's row, or finds the one that the same idempotency key made: that one's plan then holds. */
async function begin(
  store: Store,
  { runId, planId, plan, input, budget, options }: Begin,
): Promise<{ row: RunRow; plan: Plan }> {
  const idempotencyKey = options.idempotencyKey ?? null;
  const begun = await store.runs.begin({
    runId,
    pipeline: plan.pipeline,
    planId,
    arms: {},
    unit: null,
    idempotencyKey,
    input,
    budget,
  });
  const row = begun.run;
  if (begun.created) return { row, plan };
  if (canonicalJson(row.input) !== canonicalJson(input))
    throw new SluiceError('idempotency_conflict', {
      message: `idempotency key '${idempotencyKey}' was used before with another input`,
      remedy: 'use one key per request; the same key only to repeat that request',
      data: { runId },
    });
  return { row, plan: row.planId === planId ? plan : ((await store.plans.get(row.planId)) ?? plan) };
}

/** The run with its record; a run that was closed from outside has none, and is closed here with that as its reason. */
async function recorded(store: Store, runId: string) {
  const run = await store.runs.get(runId);
  if (run.state !== 'running') return run;
  const error: FailureData = {
    code: 'terminated',
    message: 'the workflow was closed from outside before it was recorded',
  };
  await store.runs.close(runId, 'failed', { ...error });
  return store.runs.get(runId);
}
