/** What the recorded histories hold: one scenario for each way an execution of each workflow can go. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { createRunClient, type Runnable } from '../../src/client/client.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import type { Config } from '../../src/config/config.ts';
import type { Runtime } from '../../src/host/runtime.ts';
import { RUN_WORKFLOW, SWEEP_WORKFLOW, type SweepSettings } from '../../src/model/run-messages.ts';
import type { RunBudget } from '../../src/store/runs.ts';
import { type Asked, startEvaluation } from './evaluations.ts';
import { EXPERIMENT_SCENARIOS } from './experiments.ts';
import { MONITOR_SCENARIOS } from './monitors.ts';
import * as pipelines from './pipelines.ts';
import { RERUN_SCENARIOS } from './reruns.ts';

export interface Stage {
  readonly runtime: Runtime;
  readonly temporal: Client;
  readonly config: Config;
  readonly folder: string;
}

/** The attributes of a history's last event: of an execution under way, that of a call that was not answered yet. */
type Ending =
  | `workflowExecution${'Completed' | 'Failed' | 'Canceled' | 'ContinuedAsNew'}EventAttributes`
  | 'activityTaskScheduledEventAttributes';

export interface Scenario {
  /** Gives the workflow's id, and its run's where the id has several. */
  readonly play: (stage: Stage) => Promise<[workflowId: string, runId?: string]>;
  readonly ends: Ending;
}

const COMPLETED = 'workflowExecutionCompletedEventAttributes';
const FAILED = 'workflowExecutionFailedEventAttributes';
const CANCELED = 'workflowExecutionCanceledEventAttributes';

/** A run that ends by itself, in the way given. */
function run(
  pipeline: Runnable,
  n: number,
  outcome: RunResult['outcome'] = 'completed',
  limits: Partial<Config> = {},
  budget: RunBudget = {},
): Scenario {
  return {
    ends: outcome === 'failed' ? FAILED : COMPLETED,
    async play({ runtime, temporal, config }) {
      const { store } = runtime;
      const { namespace, uiUrl } = runtime.temporal;
      const client = createRunClient({ temporal, store, namespace, uiUrl, config: { ...config, ...limits } });
      const result = await client.run(pipeline, { n }, { budget });
      if (result.outcome !== outcome)
        throw new Error(`'${pipeline.id}' ended ${result.outcome}: ${result.error?.message}`);
      return [result.runId];
    },
  };
}

const cancelled: Scenario = {
  ends: CANCELED,
  async play({ runtime, temporal }) {
    const controller = new AbortController();
    const started = await runtime.client.start(pipelines.waiting, { n: 1 }, { signal: controller.signal });
    await untilUnderWay(temporal, started.runId, 'wait@1');
    controller.abort();
    await started.finished;
    return [started.runId];
  },
};

/** Something that is no run, sent past our client. */
const unreadable: Scenario = {
  ends: FAILED,
  async play({ temporal, config }) {
    const workflowId = `unreadable-${randomUUID()}`;
    await temporal.workflow
      .execute(RUN_WORKFLOW, { workflowId, taskQueue: config.queues.run, args: ['hello'] })
      .catch(refuseOthers);
    return [workflowId];
  },
};

const DOCUMENTS = { 'one.md': '# One\n\nThe first page.\n', 'two.md': '# Two\n\nThe second page.\n' };

const ingested: Scenario = {
  ends: COMPLETED,
  async play({ runtime, folder }) {
    await runtime.client.ingest({
      index: 'pages',
      source: await makeFolder(folder, 'pages', DOCUMENTS),
      chunk: 'headings',
    });
    return [runtime.client.ingestId('pages')];
  },
};

const nothingIngested: Scenario = {
  ends: FAILED,
  async play({ runtime, folder }) {
    const source = await makeFolder(folder, 'blank', { 'blank.md': '' });
    await runtime.client.ingest({ index: 'blank', source, chunk: 'headings' }).catch(() => undefined);
    return [runtime.client.ingestId('blank')];
  },
};

/** Several batches, two at a time, and an embedding that was asked for by name. */
const ingestEmbedded: Scenario = {
  ends: COMPLETED,
  async play({ runtime, folder }) {
    const source = await makeFolder(folder, 'embedded', manyPages());
    await runtime.client.ingest({ index: 'embedded', source, chunk: 'headings', embed: 'local/lsa' });
    return [runtime.client.ingestId('embedded')];
  },
};

/** An ingest that is cancelled, or left under way, while this activity is worked on. */
function ingestUntil(index: string, activity: 'ingestBatch' | 'commitBuild', then: 'cancel' | 'leave'): Scenario {
  return {
    ends: then === 'cancel' ? CANCELED : 'activityTaskScheduledEventAttributes',
    async play({ runtime, folder, temporal }) {
      const controller = new AbortController();
      const input = { index, source: await makeFolder(folder, index, manyPages()), chunk: 'headings' } as const;
      const ending = runtime.client.ingest({ ...input, embed: 'local/lsa' }, { signal: controller.signal });
      ending.catch(() => undefined);
      await untilUnderWay(temporal, runtime.client.ingestId(index), activity);
      if (then === 'cancel') {
        controller.abort();
        await ending.catch(() => undefined);
      }
      return [runtime.client.ingestId(index)];
    },
  };
}

/** An evaluation that ends by itself. */
function evaluated(asked: Asked): Scenario {
  return {
    ends: COMPLETED,
    async play(stage) {
      const { evaluationId, client } = await startEvaluation(stage, asked);
      await client.followEvaluation(evaluationId);
      return [evaluationId];
    },
  };
}

const evaluationContinued: Scenario = {
  ends: 'workflowExecutionContinuedAsNewEventAttributes',
  async play(stage) {
    const { evaluationId, client } = await startEvaluation(stage, { name: 'long', examples: 80, chunksPerHistory: 15 });
    const { runId } = await stage.temporal.workflow.getHandle(evaluationId).describe();
    await client.followEvaluation(evaluationId);
    return [evaluationId, runId];
  },
};

const evaluationPaused: Scenario = {
  ends: COMPLETED,
  async play(stage) {
    const { evaluationId, client } = await startEvaluation(stage, { name: 'paused', examples: 80 });
    await client.pauseEvaluation(evaluationId);
    await client.resumeEvaluation(evaluationId);
    await client.followEvaluation(evaluationId);
    return [evaluationId];
  },
};

const evaluationTampered: Scenario = {
  ends: FAILED,
  async play(stage) {
    const asked = { name: 'tampered', examples: 2 };
    const first = await startEvaluation(stage, { ...asked, registered: { as: 'registered', alpha: 0.05 } });
    await first.client.followEvaluation(first.evaluationId);
    const second = await startEvaluation(stage, { ...asked, registered: { as: 'registered', alpha: 0.1 } });
    await second.client.followEvaluation(second.evaluationId).catch(() => undefined);
    return [second.evaluationId];
  },
};

/** An evaluation that is cancelled, or left under way, while its chunks are. */
function evaluationUntil(name: string, then: 'cancel' | 'leave'): Scenario {
  return {
    ends: then === 'cancel' ? CANCELED : 'activityTaskScheduledEventAttributes',
    async play(stage) {
      const { evaluationId, client } = await startEvaluation(stage, { name, examples: 3, isSlow: true });
      await untilUnderWay(stage.temporal, evaluationId, 'evaluateChunk');
      if (then === 'cancel') {
        await client.cancelEvaluation(evaluationId);
        await client.followEvaluation(evaluationId);
      }
      return [evaluationId];
    },
  };
}

const swept: Scenario = {
  ends: 'workflowExecutionContinuedAsNewEventAttributes',
  async play({ temporal, config }) {
    const settings: SweepSettings = { intervalMs: 50, rounds: 3 };
    const handle = await temporal.workflow.start(SWEEP_WORKFLOW, {
      workflowId: `sweep-${randomUUID()}`,
      taskQueue: config.queues.control,
      args: [settings],
      followRuns: false,
    });
    await handle.result().catch(() => undefined); // it says that the run was continued
    await temporal.workflow.getHandle(handle.workflowId).terminate();
    return [handle.workflowId, handle.firstExecutionRunId];
  },
};

export const SCENARIOS: { readonly [name: string]: Scenario } = {
  chain: run(pipelines.chain, 1),
  parallel: run(pipelines.parallel, 1),
  'local-lane': run(pipelines.localLane, 1),
  'both-lanes': run(pipelines.bothLanes, 1),
  retry: run(pipelines.retry, 1),
  'retry-after': run(pipelines.retryAfter, 1),
  fallback: run(pipelines.fallback, 1, 'degraded'),
  'fallback-fails': run(pipelines.fallbackFails, 1, 'degraded'),
  'or-else': run(pipelines.orElse, 1, 'degraded'),
  'when-true': run(pipelines.when, 9),
  'when-skipped': run(pipelines.when, 1),
  'branch-then': run(pipelines.branch, 9),
  'branch-otherwise': run(pipelines.branch, 1),
  repeat: run(pipelines.repeat, 1),
  'repeat-keep-last': run(pipelines.repeatKeepLast, 1, 'degraded'),
  'repeat-exhausted': run(pipelines.repeatExhausted, 1, 'failed'),
  map: run(pipelines.map, 4),
  'map-empty': run(pipelines.map, 0),
  'map-over': run(pipelines.map, 6, 'failed'),
  'map-truncate': run(pipelines.mapTruncate, 6, 'degraded'),
  nested: run(pipelines.nested, 3),
  inlined: run(pipelines.inlined, 1),
  'early-answer': run(pipelines.earlyAnswer, 1),
  failed: run(pipelines.failed, 1, 'failed'),
  'timed-out': run(pipelines.timedOut, 1, 'failed'),
  deadline: run(pipelines.waiting, 1, 'failed', { runDeadlineMs: 1_500 }),
  unserved: run(pipelines.unserved, 1, 'failed', { queueLimitMs: 300 }),
  paid: run(pipelines.paid, 1),
  'budget-exceeded': run(pipelines.paid, 1, 'failed', {}, { usd: 0.75 }),
  'budget-deadline': run(pipelines.patient, 1, 'failed', {}, { deadlineMs: 1_500 }),
  cancelled,
  'large-value': run(pipelines.largeValue, 1),
  'large-plan': run(pipelines.largePlan, 1),
  unreadable,
  ingested,
  'nothing-ingested': nothingIngested,
  'ingest-cancelled': ingestUntil('many', 'ingestBatch', 'cancel'),
  'ingest-embedded': ingestEmbedded,
  'ingest-reading': ingestUntil('reading', 'ingestBatch', 'leave'),
  'ingest-embedding': ingestUntil('embedding', 'commitBuild', 'leave'),
  'ingest-embedding-cancelled': ingestUntil('cancelled', 'commitBuild', 'cancel'),
  evaluated: evaluated({ name: 'short', examples: 5 }),
  'evaluation-continued': evaluationContinued,
  'evaluation-paused': evaluationPaused,
  'evaluation-tampered': evaluationTampered,
  'evaluation-cancelled': evaluationUntil('cancelled', 'cancel'),
  'evaluation-left': evaluationUntil('left', 'leave'),
  ...EXPERIMENT_SCENARIOS,
  ...RERUN_SCENARIOS,
  ...MONITOR_SCENARIOS,
  swept,
};

// ---------------------------------------------------------------- helpers

async function makeFolder(parent: string, name: string, files: { readonly [file: string]: string }): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  return folder;
}

const manyPages = () => Object.fromEntries(Array.from({ length: 300 }, (_, page) => [`${page}.md`, longPage(page)]));
const longPage = (page: number) => `# Page ${page}\n\n${'All of it has to be read. '.repeat(400)}\n`;

/** Waits until an activity of this type is being worked on. */
async function untilUnderWay(temporal: Client, workflowId: string, type: string): Promise<void> {
  for (;;) {
    const described = await temporal.workflow.getHandle(workflowId).describe().catch(refuseOthers);
    const pending = described?.raw.pendingActivities ?? [];
    if (pending.some(({ activityType, state }) => activityType?.name === type && state === STARTED)) return;
    await delay(10);
  }
}

/** Of `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;

/** A failed execution, or one whose start is still under way, is what was asked for. */
function refuseOthers(error: unknown): undefined {
  if (!(error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError)) throw error;
}
