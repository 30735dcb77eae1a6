/** The ledger: what was decided of an experiment, and all that it rests on. Only added to; the database refuses the rest. */

import { randomUUID } from 'node:crypto';
import type { ExperimentState } from '../model/experiment-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import { unknownExperiment } from './serving.ts';
import { storable } from './storable.ts';

/** States that only a decision on a running experiment leads to. */
const DECIDED: readonly ExperimentState[] = ['approving', 'rolling', 'halted', 'rolled_back', 'inconclusive'];

/** A page of entries at most. */
const LARGEST_PAGE = 1_000;

export interface LedgerEntry {
  /** Consecutive numbers from 1. */
  readonly entryNo: number;
  readonly kind: 'start' | 'look' | 'stage' | 'act';
  readonly lookNo: number | null;
  readonly at: number;
  /** Canonical JSON as it was written: of a look, a `AnalysisRecord`. */
  readonly content: string;
}

export const createLedger = (database: TimedDatabase) =>
  bound(database, {
    append: appendEntry,
    look: lookOf,
    lastLook,
    decidingLook,
    entries: entriesOf,
  });
export type Ledger = ReturnType<typeof createLedger>;

export interface NewEntry {
  readonly kind: LedgerEntry['kind'];
  readonly lookNo?: number;
  readonly content: Json;
}

const ENTRY_COLUMNS = 'entry_no as "entryNo", kind, look_no as "lookNo", at, content';

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

/** Adds an entry. A look that is there already stays as it is; gives the entry that counts. */
function appendEntry(database: TimedDatabase, experimentId: string, entry: NewEntry): Promise<LedgerEntry> {
  const now = database.now();
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

async function findEntry(
  database: Queries,
  where: string,
  params: readonly unknown[],
): Promise<LedgerEntry | undefined> {
  const [entry] = await database.query<LedgerEntry>(
    `select ${ENTRY_COLUMNS} from ledger where experiment_id = $1 and ${where}`,
    params,
  );
  return entry;
}

const lookOf = (database: Queries, experimentId: string, lookNo: number) =>
  findEntry(database, 'look_no = $2', [experimentId, lookNo]);

const lastLook = (database: Queries, experimentId: string) =>
  findEntry(database, 'look_no is not null order by look_no desc limit 1', [experimentId]);

/** The newest look before the experiment left the state `running` by a decision; undefined where it has not. */
const decidingLook = (database: Queries, experimentId: string) =>
  findEntry(
    database,
    `look_no is not null and entry_no < (
       select max(entry_no) from ledger as act where act.experiment_id = $1 and act.kind = 'act'
         and act.content::json ->> 'from' = 'running' and act.content::json ->> 'to' = any($2::text[])
     ) order by look_no desc limit 1`,
    [experimentId, DECIDED],
  );

interface EntryPage {
  readonly after: number;
  readonly limit: number;
}

/** In order, in pages. */
const entriesOf = (database: Queries, experimentId: string, { after, limit }: EntryPage) =>
  database.query<LedgerEntry>(
    `select ${ENTRY_COLUMNS} from ledger where experiment_id = $1 and entry_no > $2 order by entry_no limit $3`,
    [experimentId, after, Math.min(limit, LARGEST_PAGE)],
  );
