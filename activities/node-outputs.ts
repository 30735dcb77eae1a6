/**
 * What each node of a run gave, read off the run's own history: the answers of its activities are there, so nothing has to
 * pass through the workflow a second time, and nothing is written while somebody waits for the answer.
 */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { StepResult } from '../src/model/run-messages.ts';
import type { Json } from '../src/plan/plan.ts';
import type { NodeOutput } from '../src/store/runs.ts';
import { readPayload } from '../src/temporal/encryption.ts';
import { type RunEvent, runEvents } from '../src/temporal/run-events.ts';

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
