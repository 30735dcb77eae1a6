/** Calls to providers with what was sent and what came back, as traces show them. */
import type { Json } from '../plan/plan.ts';
import type { Queries } from './database.ts';
import { unpack } from './packed.ts';
import { type ProviderCallRow, selectCalls } from './provider-calls.ts';

export interface TracedCallRow extends ProviderCallRow {
  /** A UUID. */
  readonly callId: string;
  /** Tells the calls of a node's step from those of its fallback. */
  readonly idempotencyKey: string;
  /** Null where it is not kept. */
  readonly request: Json;
  readonly response: Json;
}

type Packed = Omit<TracedCallRow, 'request' | 'response'> & {
  readonly request: Buffer | null;
  readonly response: Buffer | null;
};

const MORE = ', call_id as "callId", idempotency_key as "idempotencyKey", request, response';

/** In the order in which they left. */
export async function tracedCallsOf(database: Queries, runId: string): Promise<readonly TracedCallRow[]> {
  const rows = await selectCalls<Packed>(database, runId, MORE);
  const open = (body: Buffer | null): Json => (body === null ? null : unpack(body));
  return rows.map((row) => ({ ...row, request: open(row.request), response: open(row.response) }));
}
