/**
 * The history of a run, page by page. A history that is longer than anybody should read again is left out, before all of it
 * is read.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';

export type RunEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Most runs are one page. */
const PAGE_EVENTS = 100;
const MOST_BYTES = 16_000_000;

/** All events so far; undefined where there are too many to be read. */
export async function runEvents(client: Client, workflowId: string): Promise<readonly RunEvent[] | undefined> {
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
