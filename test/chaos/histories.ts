/** What a workflow's history says of calls and of workflow tasks, with times in milliseconds since the epoch. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { StepArguments } from '../../src/model/run-messages.ts';

export type HistoryEvent = NonNullable<History['events']>[number];

/** One activity of a history. */
export interface ActivityTrace {
  /** The node run's key; the activity's type where it is no step's. */
  readonly key: string;
  readonly scheduledAt: number;
  readonly startedAt?: number;
  readonly attempt?: number;
  /** However it ended. */
  readonly endedAt?: number;
  readonly completed: boolean;
}

export const eventsOf = (history: History): readonly HistoryEvent[] => history.events ?? [];

export function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime!.seconds) * 1_000 + (eventTime!.nanos ?? 0) / 1e6;
}

export function activitiesOf(history: History): readonly ActivityTrace[] {
  const traces = new Map<string, ActivityTrace>();
  const change = (scheduledEventId: unknown, more: Partial<ActivityTrace>) => {
    const id = String(scheduledEventId);
    traces.set(id, { ...traces.get(id)!, ...more });
  };
  for (const event of eventsOf(history)) {
    const at = timeOf(event);
    const scheduled = event.activityTaskScheduledEventAttributes;
    const started = event.activityTaskStartedEventAttributes;
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    if (scheduled) {
      const [given] = scheduled.input?.payloads ?? [];
      const key = (given && readJson<Partial<StepArguments>>(given.data!).key) ?? scheduled.activityType!.name!;
      traces.set(String(event.eventId), { key, scheduledAt: at, completed: false });
    } else if (started) change(started.scheduledEventId, { startedAt: at, attempt: started.attempt! });
    else if (ended)
      change(ended.scheduledEventId, { endedAt: at, completed: !!event.activityTaskCompletedEventAttributes });
  }
  return [...traces.values()];
}

export const readJson = <Value>(data: Uint8Array): Value => JSON.parse(Buffer.from(data).toString()) as Value;

/** How long workflow tasks waited for a worker that was gone: unclaimed in its own queue, and claimed by it. */
export interface Stalls {
  readonly unclaimedMs: readonly number[];
  readonly claimedMs: readonly number[];
}

export function stallsOf(history: History): Stalls {
  const times = new Map(eventsOf(history).map((event) => [String(event.eventId), timeOf(event)]));
  const unclaimedMs: number[] = [];
  const claimedMs: number[] = [];
  for (const event of eventsOf(history)) {
    const timedOut = event.workflowTaskTimedOutEventAttributes;
    if (!timedOut) continue;
    const startedAt = times.get(String(timedOut.startedEventId));
    if (startedAt === undefined) unclaimedMs.push(timeOf(event) - times.get(String(timedOut.scheduledEventId))!);
    else claimedMs.push(timeOf(event) - startedAt);
  }
  return { unclaimedMs, claimedMs };
}

/** Workflow tasks that failed: code that threw, or that did not match the history. */
export const taskFailures = (history: History): number =>
  eventsOf(history).filter((event) => event.workflowTaskFailedEventAttributes).length;
