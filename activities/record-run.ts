/**
 * Writes a run's record: its node runs and, with the last of them, its outcome; then returns the run's cost. It is idempotent
 * and heartbeats, so a lost worker delays the run by seconds only. It handles what would otherwise fail forever: text that
 * PostgreSQL cannot store, and a run without a row.
 */
import { Context } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { SluiceError } from '../src/base/errors.ts';
import type { FailureData, RecordRun, StepResult } from '../src/model/run-messages.ts';
import type { Json } from '../src/plan/plan.ts';
import type { NodeOutput } from '../src/store/runs.ts';
import { storable } from '../src/store/storable.ts';
import type { Store } from '../src/store/store.ts';
import { readPayload } from '../src/temporal/encryption.ts';
import type { AfterRun } from './after-run.ts';

/** Records are written in milliseconds; only one that waits for the database comes to beat at all. */
const BEAT_MS = 1_500;

/** @param follow what is done once the run is recorded */
export function createRecordRun(runs: Store['runs'], follow: AfterRun = async () => undefined): RecordRun {
  return async ({ nodes, run, experiments }) => {
    const context = Context.current();
    const { workflowId } = context.info.workflowExecution!;
    const rows = nodes.map((node) => ({ ...node, error: errorJson(node.error) }));
    const beats = setInterval(() => context.heartbeat(), BEAT_MS);
    try {
      if (run === undefined) await runs.recordNodes(workflowId, rows);
      else {
        const ending = { ...run, output: storable(run.output), error: errorJson(run.error) };
        await runs.complete(workflowId, { ...ending, nodes: rows });
        await follow(workflowId, experiments);
        const { costUsd } = await runs.spending(workflowId);
        if (costUsd !== null) return { costUsd };
      }
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'run_unknown')) throw error;
      // Started by somebody else than our client, or its database was replaced: there is nothing to complete.
      context.log.warn('a run without a row is not recorded', { runId: workflowId });
    } finally {
      clearInterval(beats);
    }
    return undefined;
  };
}

/** An interface is no index signature to the compiler; its copy is. */
const errorJson = (failure: FailureData | null): Json => failure && storable({ ...failure });

/**
 * What each node of a run gave, read off the run's own history: the answers of its activities are there, so nothing has to
 * pass through the workflow a second time, and nothing is written while somebody waits for the answer.
 */
type Payloads = NonNullable<RunEvent['activityTaskCompletedEventAttributes']>['result'];

const FALLBACK = ':fallback';
const LOCAL_ACTIVITY = 'core_local_activity';

/** Attempts at a record that insist on what nodes gave: a run must be recorded, also where its history cannot be read. */
const INSISTING = 3;

/** What the nodes of a run gave; nothing where its history is too large, or could not be read for a while. */
export async function readOutputs(client: Client, runId: string): Promise<readonly NodeOutput[]> {
  const { info, log } = Context.current();
  try {
    return await nodeOutputs(client, (await runEvents(client, runId)) ?? []);
  } catch (error) {
    if (info.attempt <= INSISTING) throw error;
    log.warn('what the nodes of a run gave is not kept: its history cannot be read', { runId, error });
    return [];
  }
}

/** @param events of a run's history so far, in their order */
async function nodeOutputs(client: Client, events: readonly RunEvent[]): Promise<readonly NodeOutput[]> {
  const outputs = new Map<string, Json>();
  const keys = new Map<string, string>();
  const note = async (key: string | undefined, result: Payloads) => {
    const payload = result?.payloads?.[0];
    const given = key === undefined || !payload ? undefined : await readPayload<StepResult>(client, payload);
    // Recording is an activity of the run, too, and gives no output.
    if (given && typeof given === 'object' && 'output' in given && 'trace' in given) outputs.set(key!, given.output);
  };
  for (const event of events) {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskCompletedEventAttributes: completed } = event;
    if (scheduled?.activityId) keys.set(String(event.eventId), withoutFallback(scheduled.activityId));
    if (completed) await note(keys.get(String(completed.scheduledEventId)), completed.result);
    const marker = event.markerRecordedEventAttributes;
    if (marker?.markerName === LOCAL_ACTIVITY && !marker.failure)
      await note(await summaryOf(client, event), marker.details?.result);
  }
  return [...outputs].map(([key, output]) => ({ key, output }));
}

const withoutFallback = (id: string): string => (id.endsWith(FALLBACK) ? id.slice(0, -FALLBACK.length) : id);

/** A local call is named by its summary: its id is a number. */
async function summaryOf(client: Client, { userMetadata }: RunEvent): Promise<string | undefined> {
  return userMetadata?.summary ? readPayload<string>(client, userMetadata.summary) : undefined;
}

// The history of a run, page by page. A history that is longer than anybody should read again is left out, before all of it
// is read.

type RunEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Most runs are one page. */
const PAGE_EVENTS = 100;
const MOST_BYTES = 16_000_000;

/** All events so far; undefined where there are too many to be read. */
async function runEvents(client: Client, workflowId: string): Promise<readonly RunEvent[] | undefined> {
  const { namespace } = client.options;
  const events: RunEvent[] = [];
  let nextPageToken: Uint8Array | undefined;
  for (let bytes = 0; ; ) {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      ...{ namespace, execution: { workflowId }, maximumPageSize: PAGE_EVENTS },
      ...(nextPageToken && { nextPageToken }),
    });
    const found = page.history?.events ?? [];
    bytes += bytesIn(found);
    if (bytes > MOST_BYTES) return undefined;
    events.push(...found);
    if (!page.nextPageToken?.length) return events;
    nextPageToken = page.nextPageToken;
  }
}

/** Of payloads: they are all of an event that may be large. */
function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + bytesIn(part), 0);
}
