/**
 * Prunes an index: old snapshots, then versions of documents, passages, postings, vectors and models that no snapshot
 * shows. Snapshots go first, in one transaction; the rest follows in bounded batches, so an interrupted pruning can be
 * resumed.
 */
import type { Database, Queries } from './database.ts';
import { UNENDED } from './evaluation-rows.ts';
import type { Indexes, Snapshot } from './indexes.ts';
import { vacuumIndexes } from './vacuum.ts';
import { dropUnusedModels, UNUSED_MODELS } from './vectors.ts';

export interface PruneOptions {
  /** Snapshots that stay, the newest first; at least 1. */
  readonly keep: number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
}

export interface PruneOutcome {
  readonly index: string;
  /**
   * Newest first. Those that running runs and evaluations are pinned to, or that a model still in use was fitted to, stay in
   * any case.
   */
  readonly kept: readonly Snapshot[];
  readonly removed: readonly Snapshot[];
  /** Versions of documents that went, and their passages. */
  readonly documents: number;
  readonly passages: number;
}

/** Passages, versions of documents, vectors or words at a time. */
const BATCH = 5_000;
/** Longer than a statement may otherwise take: postings are found by reading all there are. */
const BATCH_TIMEOUT_MS = 10 * 60_000;

/** @throws SluiceError `index_unknown` */
export async function pruneIndex(
  database: Database,
  indexes: Indexes,
  index: string,
  { keep, dryRun = false }: PruneOptions,
): Promise<PruneOutcome> {
  const snapshots = await indexes.snapshots(index);
  const spared = new Set(await sparedSequences(database, index, Math.max(1, keep)));
  const kept = snapshots.filter(({ sequence }) => spared.has(sequence));
  const removed = snapshots.filter(({ sequence }) => !spared.has(sequence));
  const counts = await countUnseen(database, index, kept);
  if (!dryRun && snapshots.length > 0) {
    await database.query(
      `delete from snapshot where index_id = (select index_id from search_index where name = $1) and sequence = any($2)`,
      [index, removed.map(({ sequence }) => sequence)],
    );
    await removeUnseen(database, index);
  }
  return { index, kept, removed, ...counts };
}

/** How long a snapshot stays for an ended evaluation that may be resumed. */
const KEPT_FOR_RESUMING = "interval '7 days'";

/**
 * The newest so many, those that a running run's plan names by the beginning of their hash, those that an evaluation holds
 * to, and those that the models of all these were fitted to: how far passages have moved on is measured from there.
 */
async function sparedSequences(database: Queries, index: string, keep: number): Promise<readonly number[]> {
  const rows = await database.query<{ sequence: number }>(
    `with own as (
       select sequence, hash, fitted_sequence, row_number() over (order by sequence desc) as place
       from snapshot join search_index using (index_id) where name = $1
     ), pin as (
       select distinct lower(named #>> '{}') as prefix
       from run join plan using (plan_id), jsonb_path_query(body::jsonb, '$.**.snapshot') as named
       where state = 'running' and jsonb_typeof(named) = 'string'
       union
       select hash from evaluation, json_each_text(pins->'snapshots') as pinned (index, hash)
       where state in ${UNENDED} or (
         state in ('partial', 'stopped', 'cancelled') and finished_at > now() - ${KEPT_FOR_RESUMING}
       )
     ), wanted as (
       select sequence, fitted_sequence from own
       where place <= $2 or exists (select from pin where starts_with(hash, prefix))
     )
     select sequence from wanted union select fitted_sequence from wanted where fitted_sequence is not null`,
    [index, keep],
  );
  return rows.map(({ sequence }) => sequence);
}

/** The condition that no snapshot shows a version which is closed; `sequences` are those of the snapshots. */
const unseenBy = (sequences: string) => `to_sequence is not null and not exists (
  select from ${sequences} as shown (sequence) where from_sequence <= sequence and sequence < to_sequence)`;

async function countUnseen(database: Queries, index: string, kept: readonly Snapshot[]) {
  const count = (table: string) =>
    `(select count(*) from ${table} join search_index using (index_id)
      where name = $1 and ${unseenBy('unnest($2::int[])')})`;
  const [counts] = await database.query<{ documents: number; passages: number }>(
    `select ${count('document')} as documents, ${count('passage')} as passages`,
    [index, kept.map(({ sequence }) => sequence)],
  );
  return counts!;
}

const SNAPSHOTS = '(select sequence from snapshot where index_id = $1)';

/** Each deletes a batch, and returns a row for every one of it. `$1` is the index. */
const BATCHES: readonly string[] = [
  `with unseen as materialized (
     select passage_no from passage where index_id = $1 and ${unseenBy(SNAPSHOTS)} limit ${BATCH}
   ), postings as (
     delete from posting where index_id = $1 and passage_no in (select passage_no from unseen)
   ), vectors as (
     delete from passage_vector
     where embedding_no in (select embedding_no from embedding where index_id = $1)
       and passage_no in (select passage_no from unseen)
   )
   delete from passage where passage_no in (select passage_no from unseen) returning 1`,
  `delete from document
   where (index_id, document_id, from_sequence) in (
     select index_id, document_id, from_sequence from document where index_id = $1 and ${unseenBy(SNAPSHOTS)} limit ${BATCH})
   returning 1`,
  `delete from passage_vector
   where (embedding_no, passage_no) in (
     select embedding_no, passage_no from passage_vector where embedding_no in (${UNUSED_MODELS}) limit ${BATCH})
   returning 1`,
  // What words' counts changed by in a snapshot that went is added to the next that is there.
  `with stray as materialized (
     select distinct term from term_count where index_id = $1 and sequence not in ${SNAPSHOTS} limit ${BATCH}
   ), moved as (
     delete from term_count
     where index_id = $1 and term in (select term from stray) and sequence not in ${SNAPSHOTS}
     returning term, sequence, passages
   )
   insert into term_count (index_id, term, sequence, passages)
   select $1, term, next, sum(passages)
   from (select *, (select min(sequence) from snapshot where index_id = $1 and sequence > moved.sequence) as next
         from moved) as moving
   group by term, next
   on conflict (index_id, term, sequence) do update set passages = term_count.passages + excluded.passages
   returning 1`,
];

async function removeUnseen(database: Database, index: string): Promise<void> {
  const [row] = await database.query<{ indexId: number }>(
    'select index_id as "indexId" from search_index where name = $1',
    [index],
  );
  const { indexId } = row!;
  for (const batch of BATCHES)
    while ((await database.query(batch, [indexId], { timeoutMs: BATCH_TIMEOUT_MS })).length > 0);
  await database.transaction((queries) => dropUnusedModels(queries, { indexId }));
  await vacuumIndexes(database);
}
