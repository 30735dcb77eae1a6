/**
 * The client: starts runs and reads their answers. A run's row is written before its workflow starts, so that whatever
 * happens afterwards, the run is known.
 */
import type { Client as TemporalClient } from '@temporalio/client';
import type { z } from 'zod';
import { createCloseRun, createCountRun } from '../../activities/after-run.ts';
import { once, onceEach } from '../base/once.ts';
import { createExpose } from '../boundary/boundary.ts';
import type { Config } from '../config/config.ts';
import type { RequireSpace } from '../embedded/disk-space.ts';
import { workflowUrl } from '../embedded/temporal-ui.ts';
import { compileServing, type Served, type ServeRequest } from '../experiment/serve.ts';
import { checkUnit } from '../model/assign.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import { restoreClaims, storeLarge } from '../store/claims.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import type { RunBudget } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type OnOutage, ridingThrough } from '../temporal/outage.ts';
import { type CheckCatalogue, createCatalogueCheck, createIndexCheck } from './catalogue.ts';
import { wake } from './experiment-clock.ts';
import { checkBudget, checkRunInput, type HideUnit, redactInput } from './run-input.ts';
import { type RunResult, resultOf } from './run-result.ts';
import {
  type Answer,
  beginRun,
  cancelRun,
  createBeginWorkflow,
  createRefuse,
  createRegistration,
  createStartRun,
  isBegun,
  recordedRun,
  runIdOf,
} from './start-run.ts';
import type { OpenSink } from './stream-run.ts';

export interface ClientDependencies {
  readonly temporal: TemporalClient;
  readonly store: Store;
  readonly config: Config;
  readonly namespace: string;
  readonly uiUrl: string;
  /** Default: units are in no search attribute. */
  readonly hideUnit?: HideUnit;
  /** What a run's input is put through before it is written anywhere. Default: off. */
  readonly redaction?: Redaction;
  /** Default: own servers, which report a full disk themselves. */
  readonly requireSpace?: RequireSpace;
}

/** A pipeline, a variant of one, or a plan from elsewhere with a schema for its input. */
export interface Runnable {
  readonly id: string;
  readonly plan: Plan;
  readonly input: z.ZodType;
  /** Of a variant, whose name `name` then is: the pipeline. */
  readonly variantOf?: string;
  readonly name?: string;
  /** Given by `serve`. */
  readonly served?: Pick<Served, 'assignments' | 'unit' | 'isUnitGiven'>;
}

/** What a pipeline's name serves to one request. */
export interface ServedPipeline extends Runnable {
  readonly served: Served;
  /** Null where nothing is deployed, and for a variant: the definition in code is served, and no experiment is on. */
  readonly deployment: DeploymentRow | null;
}

export interface AskOptions extends RunOptions {
  /** Whom the request is for: who is randomised in experiments that do not read it off the input. */
  readonly unit?: string;
}

export interface RunOptions {
  /** The same key, the same run: a repeated request gets the answer of the first. */
  readonly idempotencyKey?: string;
  /** Cancels the run when it aborts. */
  readonly signal?: AbortSignal;
  /** What the run may take; what it leaves out is as the config has it. */
  readonly budget?: RunBudget;
  /** Called when Temporal does not answer and the client waits for it. */
  readonly onOutage?: OnOutage;
  /** Who asks, of several whose runs are kept apart; null, or absent: nobody in particular. */
  readonly owner?: string | null;
}

/** How long a caller waits for Temporal to accept a run. */
const BEGIN_LIMIT_MS = 10_000;

export interface StartedRun {
  readonly runId: string;
  readonly planId: string;
  readonly temporalUrl: string;
  /**
   * Resolves when Temporal has the run: from then on it continues without this process. Call it before
   * reporting that the run is accepted to a caller that gets no further report.
   *
   * @throws SluiceError `temporal_unreachable` within seconds
   */
  readonly begun: () => Promise<void>;
  /** As soon as the output is known; null where there will be none (`finished` says why). */
  readonly answer: Promise<Json>;
  /** When the run is recorded. A failed or cancelled run is a result too. */
  readonly finished: Promise<RunResult>;
}

export interface RunClient {
  /**
   * Asks what is served under the pipeline's name: the deployed plan, with the arms of the experiments that the request's
   * unit is in; the definition in code where nothing is deployed.
   *
   * @throws SluiceError `unit_invalid`, and as `run`
   */
  ask(pipeline: Runnable, input: unknown, options?: AskOptions): Promise<RunResult>;
  /**
   * What `ask` would run, decided and not yet started: hand it to `start`, or to `stream`. A variant is run as it is, in no
   * experiment; its run has the unit, too.
   */
  serve(pipeline: Runnable, input: unknown, options?: Pick<AskOptions, 'unit'>): Promise<ServedPipeline>;
  /** Starts a run of exactly this plan, in no experiment, and resolves with its result once it is recorded. */
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
   *   the plan's models are of; `dry_run_missing` where a call needs a dry run and its step has none;
   *   `embedding_model_differs` where it searches an index by another model than the index has; `disk_full`
   */
  check: CheckCatalogue;
  urlOf(workflowId: string): string;
}

export function createRunClient(dependencies: ClientDependencies): RunClient {
  const { temporal, store, config, redaction = NO_REDACTION, requireSpace } = dependencies;
  const startRun = createStartRun(dependencies);
  const beginWorkflow = createBeginWorkflow(dependencies);
  const checkCatalogue = createCatalogueCheck(store.catalogue, config.queues.run, redaction);
  const checkIndexes = createIndexCheck(store.vectorSearch);
  const check: CheckCatalogue = async (plan, needsDryRun) => {
    await requireSpace?.();
    await checkCatalogue(plan, needsDryRun);
    await checkIndexes(plan);
  };
  const register = createRegistration(store);
  const urlOf = (id: string) => workflowUrl(dependencies, id);
  const countRun = createCountRun({
    ...{ store, expose: createExpose(store.outcomes), wake: (id: string) => wake(temporal, id) },
  });
  const refuse = createRefuse({ store, register, check, countRun });
  const closeRun = createCloseRun(store, countRun);

  async function start(
    pipeline: Runnable,
    given: unknown,
    options: RunOptions = {},
    openSink?: OpenSink,
  ): Promise<StartedRun> {
    const { id, input: schema } = pipeline;
    const input = redactInput(redaction, id, schema, checkRunInput(id, schema, given));
    const budget = checkBudget({ ...config.budget, ...options.budget });
    const { idempotencyKey = null, owner = null } = options;
    const runId = runIdOf(pipeline.id, options.idempotencyKey);
    // A repeated request keeps the plan of the first one.
    if (idempotencyKey === null || !(await isBegun(store, runId)))
      await check(pipeline.plan).catch((error: unknown) => refuse(pipeline, input, error));
    const planId = await register(pipeline.plan);
    const carried = await storeLarge(store.payloads, input, `the input of '${pipeline.id}'`);
    const { row, plan } = await beginRun(store, {
      ...{ runId, planId, pipeline, input, budget, idempotencyKey, owner },
      askedBudget: checkBudget(options.budget ?? {}),
    });

    const handle = temporal.workflow.getHandle(runId);
    let isOver = false;
    const cancel = () => void cancelRun(handle, config.runDeadlineMs, () => isOver).catch(() => undefined); // the run itself says the same
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted) cancel();
    const run = row.state === 'running' && {
      ...{ runId, planId: row.planId, plan, input: carried, budget: row.budget, sink: openSink?.(runId) },
      ...{ experiments: row.assignments ?? [], unit: row.unit },
    };
    const answered: Promise<Answer> = run ? startRun(run, options.onOutage) : Promise.resolve({ kind: 'closed' });
    const finished = answered.then(async (answer) => {
      if (run) await closed(answer, () => handle.result(), options.onOutage);
      options.signal?.removeEventListener('abort', cancel);
      return resultOf(await recordedRun(store, closeRun, runId), urlOf(runId), (output) =>
        restoreClaims(store.payloads, output),
      );
    });
    const end = () => {
      isOver = true;
    };
    finished.then(end, end); // the caller that awaits it gets the failure
    const answer = answered.then(async (answer) =>
      answer.kind === 'output' ? restoreClaims(store.payloads, answer.output) : (await finished).output,
    );
    answer.catch(() => undefined);
    const begun = once(async () => (run ? beginWorkflow(run, BEGIN_LIMIT_MS) : undefined));
    return { runId, planId: row.planId, temporalUrl: urlOf(runId), begun, answer, finished };
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

  const decide = createServing(store);
  async function serve(pipeline: Runnable, given: unknown, { unit = null }: { unit?: string | null } = {}) {
    const input = checkRunInput(pipeline.id, pipeline.input, given);
    if (pipeline.variantOf !== undefined)
      return { ...pipeline, served: servedInCode(pipeline.plan, unit), deployment: null };
    const decided = await decide(pipeline.id, { input, unit });
    const { plan } = pipeline;
    if (decided === undefined) return { ...pipeline, served: servedInCode(plan, unit), deployment: null };
    const { deployment, ...served } = decided;
    return { ...pipeline, plan: served.plan, served, deployment };
  }

  return Object.freeze({
    start,
    serve,
    ask: async (pipeline: Runnable, input: unknown, { unit, ...options }: AskOptions = {}) =>
      (await start(await serve(pipeline, input, { ...(unit !== undefined && { unit }) }), input, options)).finished,
    run: async (pipeline: Runnable, input: unknown, options?: RunOptions) =>
      (await start(pipeline, input, options)).finished,
    check,
    urlOf,
  });
}

/** What asking for a result says of a workflow that ended without one, or is gone with its server's database. */
const CLOSED: ReadonlySet<string> = new Set(['WorkflowFailedError', 'WorkflowNotFoundError']);

const servedInCode = (plan: Plan, unit: string | null): Served => ({
  ...{ plan, assignments: [], ramped: [] },
  unit: unit === null ? null : checkUnit(unit),
  isUnitGiven: unit !== null,
});

// What is served, kept in the process: a request is decided without asking anyone. Whether something has changed is asked
// at most twice a second, in the background; only after a pause does a request wait for the answer. So a change, such as
// a rollback, holds for all runs that begin `STALE_MS` later.

/** Older than the first, the state is refreshed in the background; older than the second, before the request. */
const FRESH_MS = 500;
const STALE_MS = 1_500;
/** Deployed plans that are kept. */
const KEPT_BASES = 50;

export interface Decided extends Served {
  readonly deployment: DeploymentRow;
}

/** What a pipeline serves for this request; undefined where nothing is deployed. */
export type Decide = (pipeline: string, request: ServeRequest) => Promise<Decided | undefined>;

interface Known {
  readonly version: number;
  readonly decide: ((request: ServeRequest) => Decided) | undefined;
}

interface Kept {
  known: Known;
  checkedAt: number;
  checking: Promise<Known> | undefined;
}

/** @param now milliseconds that only grow */
export function createServing(
  { experiments, plans }: Pick<Store, 'experiments' | 'plans'>,
  now: () => number = () => performance.now(),
): Decide {
  const kept = new Map<string, Kept>();
  const baseOf = onceEach((id) => plans.get(id), KEPT_BASES);

  async function read(pipeline: string): Promise<Known> {
    const serving = await experiments.serving(pipeline);
    if (serving === undefined) return { version: 0, decide: undefined };
    const { version, deployment } = serving;
    const serve = compileServing(serving, await baseOf(deployment.planId));
    return { version, decide: (request) => ({ ...serve(request), deployment }) };
  }
  async function check(pipeline: string, known: Known | undefined): Promise<Known> {
    const isSame = known !== undefined && (await experiments.version(pipeline)) === known.version;
    return isSame ? known : read(pipeline);
  }
  async function first(pipeline: string): Promise<Known> {
    const startedAt = now();
    const known = await read(pipeline);
    kept.set(pipeline, { known, checkedAt: startedAt, checking: undefined });
    return known;
  }
  /** Requests that come while it is asked share the answer, which is as old as the asking. */
  function refresh(pipeline: string, entry: Kept): Promise<Known> {
    if (entry.checking) return entry.checking;
    const startedAt = now();
    entry.checking = check(pipeline, entry.known)
      .then((known) => {
        Object.assign(entry, { known, checkedAt: startedAt });
        return known;
      })
      .finally(() => {
        entry.checking = undefined;
      });
    entry.checking.catch(() => undefined); // a request that may not go on without it awaits it
    return entry.checking;
  }

  return async (pipeline, request) => {
    const entry = kept.get(pipeline);
    const age = entry === undefined ? Number.POSITIVE_INFINITY : now() - entry.checkedAt;
    if (entry === undefined) return (await first(pipeline)).decide?.(request);
    if (age > STALE_MS) return (await refresh(pipeline, entry)).decide?.(request);
    if (age > FRESH_MS) void refresh(pipeline, entry);
    return entry.known.decide?.(request);
  };
}
