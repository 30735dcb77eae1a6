/**
 * A worker process: polls the run queue (workflows and steps), the control queue (ingest, the workflows of evaluations and
 * experiments, looks, sweeper), the evaluation queue (chunks) and the background queue (scores of live runs, and reruns),
 * publishes which steps it can run, and drains before it ends.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import type { VersioningBehavior } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createAfterRun, createCloseRun, createCountRun } from '../../activities/after-run.ts';
import { createEvaluateActivities } from '../../activities/evaluate.ts';
import { createExperimentActivities } from '../../activities/experiments.ts';
import { createIngestActivities } from '../../activities/ingest.ts';
import { createRecordRun, readOutputs } from '../../activities/record-run.ts';
import { createSweepClocks, createSweepContent, createSweepMonitors, createSweepRuns } from '../../activities/sweep.ts';
import { readPackage } from '../base/package.ts';
import { createExpose } from '../boundary/boundary.ts';
import type { Implemented } from '../boundary/implement.ts';
import { createNoteAttempt, createStepActivities } from '../boundary/temporal.ts';
import { keepPublished, type Published, publishedStep, redactsBy } from '../client/catalogue.ts';
import { scoringQueueOf, startClock, wake } from '../client/experiment-clock.ts';
import { startMonitorClock } from '../client/monitor-client.ts';
import type { Config } from '../config/config.ts';
import { SWEEP_WORKFLOW } from '../model/run-messages.ts';
import type { TokenOutlet } from '../model/token-piece.ts';
import { servedBy } from '../models/plan-keys.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import type { EmbedderOf } from '../retrieval/embedder.ts';
import type { Store } from '../store/store.ts';
import { dataConverterOf } from '../temporal/encryption.ts';
import { payloadConverterPath, withCodedFailures } from './bundle.ts';

/**
 * A dead worker's cached runs go back to the shared queue after this long. Shorter, and a worker that is only busy would
 * lose its runs to replays; at one second it does so only when it is overloaded anyway.
 */
const STICKY_TIMEOUT = '1 second';
/** So many that ingests, which take long, leave some to the looks of experiments, which come first where tasks wait. */
const CONTROL_CONCURRENCY = 8;
/** Chunks of evaluations at once, so that slots are used while one of them ends; it is calls that are limited. */
const CHUNKS = 4;
/** Experiments whose sampled runs one worker scores, monitors, and shadows: each is an activity for as long as it is live. */
const LIVE_AT_ONCE = 50;
/** As Temporal names this worker. */
const WORKER = `${process.pid}@${hostname()}`;
/** A client tries to start a run for as long as its deadline; this is for the tries themselves. */
const STARTING_MS = 60_000;

export interface WorkerDependencies {
  readonly config: Config;
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly store: Store;
  /** Default: embedders that run here. */
  readonly embedderOf?: EmbedderOf;
  readonly implementations: readonly Implemented[];
  /** Takes tokens to those who asked for them. */
  readonly tokens?: TokenOutlet;
  /** Default: off. */
  readonly redaction?: Redaction;
  readonly workflowBundle: { readonly codePath: string };
}

export interface RunningWorker {
  /** Rejects if polling ends by itself; resolves after `stop`. */
  readonly ended: Promise<void>;
  /** Takes no new work, lets what is under way finish within the grace time, then ends. */
  stop(): Promise<void>;
}

/** The worker as this process sees it. */
export interface WorkerProcess extends RunningWorker {
  /** How long `stop` waits for activities before it cancels them. */
  readonly graceMs: number;
  activitiesUnderWay(): number;
}

/** Resolves when the worker polls and its steps are published. */
export async function startWorker(dependencies: WorkerDependencies): Promise<WorkerProcess> {
  const { config, connection, client, store, embedderOf, implementations, tokens, workflowBundle } = dependencies;
  const { redaction = NO_REDACTION } = dependencies;
  const shared = {
    connection,
    namespace: client.options.namespace,
    workflowBundle: config.encryption ? await withCodedFailures(workflowBundle) : workflowBundle,
    dataConverter: { payloadConverterPath, ...dataConverterOf(config) },
    shutdownGraceTime: config.shutdownGraceMs,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
  } satisfies Partial<WorkerOptions>;
  const expose = createExpose(store.outcomes);
  const countRun = createCountRun({ store, expose, wake: (experimentId) => wake(client, experimentId) });
  const afterRun = createAfterRun({ store, countRun, outputsOf: (runId) => readOutputs(client, runId) });
  const creatingRun = Worker.create({
    ...shared,
    ...versioningOf(config, 'PINNED'),
    taskQueue: config.queues.run,
    activities: {
      ...createStepActivities(implementations, {
        ...{ ...store, expose, redaction, noteAttempt: createNoteAttempt(store.traces.attempts, WORKER) },
        ...(tokens && { tokens }),
      }),
      recordRun: createRecordRun(store.runs, afterRun),
    },
    maxConcurrentActivityTaskExecutions: config.concurrency,
    maxCachedWorkflows: config.cachedRuns,
  });
  const sweepRuns = createSweepRuns(store.runs, createCloseRun(store, countRun), client, {
    startableMs: config.runDeadlineMs + STARTING_MS,
  });
  const { retentionDays } = config;
  const sweepContent = retentionDays === undefined ? undefined : createSweepContent(store, client, { retentionDays });
  const clocks = { temporal: client, store, queues: config.queues };
  const sweepClocks = createSweepClocks(store.experiments, client, (row) => startClock(clocks, row));
  const sweepMonitors = createSweepMonitors(store.monitors, client, (row) => startMonitorClock(clocks, row));
  const creatingControl = Worker.create({
    ...shared,
    ...versioningOf(config, 'AUTO_UPGRADE'),
    taskQueue: config.queues.control,
    activities: {
      ...createIngestActivities({ ...store, ...(embedderOf && { embedderOf }), allowedHosts: config.ingestHosts }),
      async sweepRuns() {
        const swept = await sweepRuns();
        await sweepClocks();
        await sweepContent?.();
        await sweepMonitors();
        return swept;
      },
      ...createExperimentActivities({ store, version: readPackage().version }),
    },
    maxConcurrentActivityTaskExecutions: CONTROL_CONCURRENCY,
    // Else beats are held back for 80 % of their timeout, and a worker that is only busy is soon taken for dead.
    maxHeartbeatThrottleInterval: '1 second',
  });
  // Chunks only: their workflows are on the control queue, which needs no step.
  const { workflowBundle: _, ...withoutWorkflows } = shared;
  const { scoreRuns, rerunRuns, endRerun, scoreMonitor, tellAlert, giveUpAlert, endMonitor, ...evaluating } =
    createEvaluateActivities({
      ...{ store, implementations, concurrency: config.evalConcurrency, alerts: config.alerts, redaction },
    });
  const creatingEval = Worker.create({
    ...withoutWorkflows,
    taskQueue: config.queues.eval,
    activities: evaluating,
    maxConcurrentActivityTaskExecutions: CHUNKS,
    maxHeartbeatThrottleInterval: '1 second',
  });
  const creatingScoring = Worker.create({
    ...withoutWorkflows,
    taskQueue: scoringQueueOf(config.queues),
    activities: { scoreRuns, rerunRuns, endRerun, scoreMonitor, tellAlert, giveUpAlert, endMonitor },
    maxConcurrentActivityTaskExecutions: LIVE_AT_ONCE,
    maxHeartbeatThrottleInterval: '1 second',
  });
  // Each loads the bundle in a thread of its own: half the time where there are two cores.
  const workers = await Promise.all([creatingRun, creatingControl, creatingEval, creatingScoring]);
  const polling = workers.map((worker) => worker.run());
  const ended = Promise.all(polling).then(() => undefined);
  ended.catch(() => undefined); // the caller that awaits it gets the error
  let published: Published | undefined;
  const stop = async () => {
    await published?.withdraw();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    // Both, also where one has failed: a connection cannot be closed under a worker.
    await Promise.allSettled(polling);
  };
  try {
    published = await keepPublished(store.catalogue, {
      workerId: `${process.pid}-${randomUUID().slice(0, 8)}`,
      queue: config.queues.run,
      steps: [
        ...implementations.map(({ step }) => publishedStep(step)),
        ...[...servedBy(config), redactsBy(redaction)].map((step) => ({ step })),
      ],
    });
    await ensureSweeper(client, config.queues.control);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ ended, stop, graceMs: config.shutdownGraceMs },
    activitiesUnderWay: () => workers.reduce((sum, worker) => sum + worker.getStatus().numInFlightActivities, 0),
  };
}

/** A run ends with the code it began with; what outlives a build, such as the sweeper, would wait for that for ever. */
function versioningOf({ versioning, workerDeployment }: Config, behavior: VersioningBehavior): Partial<WorkerOptions> {
  if (!versioning) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName: workerDeployment, buildId: versioning.buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: behavior,
    },
  };
}

const SWEEPER_ID = 'sluice-sweeper';

async function ensureSweeper(client: Client, taskQueue: string): Promise<void> {
  await client.workflow.start(SWEEP_WORKFLOW, {
    workflowId: `${SWEEPER_ID}-${taskQueue}`,
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue,
    staticSummary: 'closes the rows of runs whose workflow was ended from outside',
  });
}
