/**
 * Finds run rows still `running` whose workflow is not, and closes them with the reason. A run whose workflow is not
 * there may be one that its client is still trying to start, for as long as it rides out an outage of Temporal.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { phaseOf } from '../src/experiment/take-analysis.ts';
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX } from '../src/model/experiment-messages.ts';
import { monitorWorkflowId } from '../src/model/monitor-spec.ts';
import type { SweepRuns } from '../src/model/run-messages.ts';
import type { ExperimentRow, Experiments } from '../src/store/experiments.ts';
import type { MonitorRow, Monitors } from '../src/store/monitors.ts';
import type { Store } from '../src/store/store.ts';
import { deleteHistory } from '../src/temporal/delete-history.ts';
import type { CloseRun } from './after-run.ts';

/** Most younger runs will record themselves. */
const OLDER_THAN_MS = 60_000;

export interface SweepAges {
  readonly olderThanMs?: number;
  /** How long after its row was written a client may still start a run's workflow. */
  readonly startableMs: number;
}

export function createSweepRuns(
  runs: Pick<Store['runs'], 'unfinished'>,
  closeRun: CloseRun,
  client: Client,
  { olderThanMs = OLDER_THAN_MS, startableMs }: SweepAges,
): SweepRuns {
  return async () => {
    let closed = 0;
    const givenUp = new Set((await runs.unfinished(startableMs)).map(({ runId }) => runId));
    for (const { runId } of await runs.unfinished(olderThanMs)) {
      const status = await statusOf(client, runId);
      // A workflow that still runs records itself.
      if (RUNS.has(status)) continue;
      if (status === NOT_FOUND && !givenUp.has(runId)) continue;
      const how = status.toLowerCase().replaceAll('_', ' ');
      const outcome = status === 'CANCELLED' ? 'cancelled' : 'failed';
      if (await closeRun(runId, outcome, `the workflow ended without a record: ${how}`)) closed += 1;
    }
    return { closed };
  };
}

const NOT_FOUND = 'NOT_FOUND';
const RUNS: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED']);

/** `NOT_FOUND` where Temporal has none of this id. */
async function statusOf(client: Client, workflowId: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return NOT_FOUND;
    throw error;
  }
}

/** Whether Temporal has a workflow of this id that has not ended. */
export const isRunning = async (client: Client, workflowId: string): Promise<boolean> =>
  RUNS.has(await statusOf(client, workflowId));

// Starts the workflows of live experiments anew where Temporal has none that runs: one whose start was cut short, that was
// terminated, or whose server was replaced. Its arms are served by what the store says, and without its workflow nobody
// would look at them, and no breaker could end it.

/** Far more than anybody has at once. */
const MOST_LIVE = 1_000;

/** @param start starts the workflow that an experiment needs; one that runs already is the one */
export function createSweepClocks(
  experiments: Pick<Experiments, 'list'>,
  client: Client,
  start: (row: ExperimentRow) => Promise<void>,
): () => Promise<void> {
  return async () => {
    for (const row of await experiments.list({ live: true, limit: MOST_LIVE })) {
      const prefix = phaseOf(row) === 'experiment' ? EXPERIMENT_WORKFLOW_PREFIX : ROLLOUT_WORKFLOW_PREFIX;
      if (!(await isRunning(client, prefix + row.experimentId))) await start(row);
    }
  };
}

/** Far more than anybody has at once. */
const MOST_RUNNING = 1_000;

/** @param start starts the workflow that a monitor needs; one that runs already is the one */
export function createSweepMonitors(
  monitors: Pick<Monitors, 'list'>,
  client: Client,
  start: (row: MonitorRow) => Promise<void>,
): () => Promise<void> {
  return async () => {
    for (const row of await monitors.list({ running: true, limit: MOST_RUNNING }))
      if (!(await isRunning(client, monitorWorkflowId(row.monitorId, row.starts)))) await start(row);
  };
}

/**
 * Removes the content of runs that ended longer ago than it is kept: history first, so that a run which is said to have none
 * has none anywhere. Part of the sweeper's round, in portions: what is left over is the next round's.
 */
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** Runs in one transaction, and transactions in one round. */
const [PORTION, MOST_PORTIONS] = [200, 20];
/** No further portion is begun after so long: the round has a minute. */
const LONGEST_MS = 20_000;
/** A run goes on for up to a day, and its record may take one more: a payload that it put first is older by that. */
const PAYLOADS_LATER_MS = 3 * DAY_MS;

export interface ContentSweep {
  readonly retentionDays: number;
  /** Milliseconds since the epoch; default: this process's clock. */
  readonly now?: () => number;
}

/** Resolves with how many runs lost their content. */
export function createSweepContent(
  { content }: Pick<Store, 'content'>,
  client: Client,
  { retentionDays, now = Date.now }: ContentSweep,
): () => Promise<number> {
  const { connection, options } = client;
  const why = `runs keep their content for ${retentionDays} days`;
  return async () => {
    const beganAt = now();
    // By the hour: so there are a few portions a day, each with its row in the audit, and not one in each round.
    const before = Math.floor(beganAt / HOUR_MS) * HOUR_MS - retentionDays * DAY_MS;
    let removed = 0;
    for (let portion = 0; portion < MOST_PORTIONS && now() - beganAt < LONGEST_MS; portion += 1) {
      const runIds = await content.dueRuns(before, PORTION);
      for (const runId of runIds) await deleteHistory(connection, options.namespace, runId);
      removed += (await content.remove(runIds, { by: 'retention', who: 'retention', why })).length;
      if (runIds.length < PORTION) break;
    }
    await content.removePayloads(before - PAYLOADS_LATER_MS);
    return removed;
  };
}
