/** Adding to the ledger. Entries of one experiment are one after the other, under the lock of its row. */
import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import { unknownExperiment } from './experiments-find.ts';
import type { LedgerEntry } from './ledger.ts';
import { storable } from './storable.ts';

export interface NewEntry {
  readonly kind: LedgerEntry['kind'];
  readonly lookNo?: number;
  readonly content: Json;
}

export const ENTRY_COLUMNS = 'entry_no as "entryNo", kind, look_no as "lookNo", at, content';

/** Within a transaction that is made once. */
export async function addEntry(
  queries: Queries,
  experimentId: string,
  { kind, lookNo, content }: NewEntry,
  { now, changeId }: { readonly now: Date | null; readonly changeId?: string },
): Promise<LedgerEntry> {
  await lockExperiment(queries, experimentId);
  // A statement of its own: it sees what was added before the lock was got.
  const [entry] = await queries.query<LedgerEntry>(
    `insert into ledger (experiment_id, entry_no, kind, look_no, at, content, change_id)
     select $1, coalesce(max(entry_no), 0) + 1, $2, $3, ${nowSql('$6')}, $4, $5 from ledger where experiment_id = $1
     returning ${ENTRY_COLUMNS}`,
    [experimentId, kind, lookNo ?? null, canonicalJson(storable(content)), changeId ?? null, now],
  );
  return entry!;
}

export function appendEntry(
  database: Database,
  experimentId: string,
  entry: NewEntry,
  now: Date | null,
): Promise<LedgerEntry> {
  const changeId = randomUUID();
  return database.transaction(async (queries) => {
    await lockExperiment(queries, experimentId);
    const [known] = await queries.query<LedgerEntry>(
      `select ${ENTRY_COLUMNS} from ledger where experiment_id = $1 and (look_no = $2 or change_id = $3)`,
      [experimentId, entry.lookNo ?? null, changeId],
    );
    return known ?? addEntry(queries, experimentId, entry, { now, changeId });
  });
}

async function lockExperiment(queries: Queries, experimentId: string): Promise<void> {
  const known = await queries.query('select from experiment where experiment_id = $1 for no key update', [
    experimentId,
  ]);
  if (known.length === 0) throw await unknownExperiment(queries, experimentId);
}
