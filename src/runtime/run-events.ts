/**
 * The history of a run, page by page. A history that is longer than anybody should read again is left out, before all of it
 * is read.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';

export type RunEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Of the first page: values above 256 kB are stored aside, so these fit in any case. */
const FIRST_EVENTS = 5;
const MOST_EVENTS = 100;
/** Of a page, by the largest event so far. */
const PAGE_BYTES = 1_000_000;
/** Of all of it. */
const MOST_BYTES = 16_000_000;

/** All events so far; undefined where there are too many to be read. */
export async function runEvents(client: Client, workflowId: string): Promise<readonly RunEvent[] | undefined> {
  const { workflowService } = client;
  const { namespace } = client.options;
  const events: RunEvent[] = [];
  let [bytes, largest] = [0, PAGE_BYTES / FIRST_EVENTS];
  let nextPageToken: Uint8Array | undefined;
  for (;;) {
    const page = await workflowService.getWorkflowExecutionHistory({
      ...{ namespace, execution: { workflowId } },
      maximumPageSize: Math.max(1, Math.min(MOST_EVENTS, Math.floor(PAGE_BYTES / largest))),
      ...(nextPageToken && { nextPageToken }),
    });
    const found = page.history?.events ?? [];
    const sizes = found.map(bytesIn);
    bytes += sizes.reduce((sum, size) => sum + size, 0);
    if (bytes > MOST_BYTES) return undefined;
    largest = Math.max(LEAST_BYTES, ...sizes, events.length === 0 ? 0 : largest);
    events.push(...found);
    if (!page.nextPageToken?.length) return events;
    nextPageToken = page.nextPageToken;
  }
}

/** An event without payloads, generously. */
const LEAST_BYTES = 1_000;

/** Of its payloads: they are all of an event that may be large. */
function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + bytesIn(part), 0);
}
