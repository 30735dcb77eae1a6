/** How a build ends: committed, when it becomes what readers see; or abandoned, when nothing is left of it. */
import { type BuildRef, buildEnded, type OpenBuild, tryHoldBuild } from './build-lease.ts';
import type { BuildOutcome } from './builds.ts';
import type { Database, Queries } from './database.ts';
import { dropUnusedModels } from './fits.ts';
import { deleteVersions, duplicatePassage } from './passages.ts';
import { countRows, vacuumIndexes } from './vacuum.ts';

export async function commitBuild(database: Database, ref: BuildRef): Promise<BuildOutcome> {
  await countRows(database);
  const outcome = await database.transaction(async (queries) => {
    const open = await tryHoldBuild(queries, ref);
    if (open !== undefined) return commit(queries, open);
    const before = await committed(queries, ref);
    if (before === undefined) throw buildEnded(ref);
    return before;
  });
  await vacuumIndexes(database);
  return outcome;
}

export function abandonBuild(database: Database, { index, build }: BuildRef): Promise<void> {
  return database.transaction(async (queries) => {
    const [open] = await queries.query<{ indexId: number }>(
      `select index_id as "indexId" from build join search_index using (index_id)
       where name = $1 and build = $2 and state = 'open'`,
      [index, build],
    );
    if (open !== undefined) await dropBuild(queries, { indexId: open.indexId, build });
  });
}

/** Ends an open build without a trace of what it put. */
export async function dropBuild(queries: Queries, build: Pick<OpenBuild, 'indexId' | 'build'>): Promise<void> {
  const ended = await queries.query(
    `update build set state = 'abandoned' where index_id = $1 and build = $2 and state = 'open' returning build`,
    [build.indexId, build.build],
  );
  if (ended.length === 0) return;
  await deleteVersions(queries, build, 'all');
  await dropUnusedModels(queries, build);
}

/** What an earlier call of commit answered. */
async function committed(queries: Queries, { index, build }: BuildRef): Promise<BuildOutcome | undefined> {
  const [row] = await queries.query<{ outcome: BuildOutcome }>(
    `select outcome from build join search_index using (index_id)
     where name = $1 and build = $2 and state = 'committed'`,
    [index, build],
  );
  return row?.outcome;
}

async function commit(queries: Queries, open: OpenBuild): Promise<BuildOutcome> {
  const counts = await closeReplaced(queries, open);
  await refuseDuplicates(queries, open);
  const nothingNew = counts.added + counts.changed + counts.removed === 0;
  const snapshot = (nothingNew && (await sameSnapshot(queries, open))) || (await takeSnapshot(queries, open));
  const outcome: BuildOutcome = { ...snapshot, ...counts };
  await queries.query(`update build set state = 'committed', outcome = $3 where index_id = $1 and build = $2`, [
    open.indexId,
    open.build,
    JSON.stringify(outcome),
  ]);
  return outcome;
}

/** Closes the older versions of documents that this build has put, and of those that it has not met. */
async function closeReplaced(queries: Queries, { indexId, build }: OpenBuild) {
  const [counts] = await queries.query<{ added: number; changed: number; removed: number }>(
    `with put as materialized (
       select document_id from document where index_id = $1 and from_sequence = $2
     ), closed as (
       update document set to_sequence = $2
       where index_id = $1 and from_sequence < $2 and to_sequence is null
         and (seen_build is distinct from $2 or document_id in (select document_id from put))
       returning document_id
     ), closed_passages as (
       update passage set to_sequence = $2
       where index_id = $1 and from_sequence < $2 and to_sequence is null
         and document_id in (select document_id from closed)
     )
     select count(*) filter (where closed.document_id is null) as added,
            count(*) filter (where closed.document_id is not null and put.document_id is not null) as changed,
            count(*) filter (where put.document_id is null) as removed
     from put full join closed using (document_id)`,
    [indexId, build],
  );
  return counts!;
}

async function refuseDuplicates(queries: Queries, { indexId, build }: OpenBuild): Promise<void> {
  const [twice] = await queries.query<{ id: string; one: string; other: string }>(
    `select passage_id as id, older.document_id as one, put.document_id as other
     from passage as put join passage as older using (index_id, passage_id)
     where index_id = $1 and put.from_sequence = $2 and older.from_sequence < $2 and older.to_sequence is null limit 1`,
    [indexId, build],
  );
  if (twice !== undefined) throw duplicatePassage(twice.id, [twice.one, twice.other]);
}

type Taken = Pick<BuildOutcome, 'snapshot' | 'sequence' | 'documents' | 'passages'>;
const TAKEN = 'hash as snapshot, sequence, documents, passages';

/** The current snapshot, if it was made with the same settings and the same embedding. */
async function sameSnapshot(queries: Queries, { indexId, build, settingsHash }: OpenBuild): Promise<Taken | undefined> {
  const [current] = await queries.query<Taken & { same: boolean }>(
    `select ${TAKEN}, snapshot.settings_hash = $3 and snapshot.embedding_no is not distinct from build.embedding_no as same
     from snapshot join build using (index_id)
     where index_id = $1 and build = $2 order by sequence desc limit 1`,
    [indexId, build, settingsHash],
  );
  if (!current?.same) return undefined;
  const { same: _, ...taken } = current;
  return taken;
}

/**
 * The model is a part of the hash, since equal hashes are to mean equal answers to every search: passages that were
 * folded into an older fit have other vectors than those it would have been fitted to.
 */
async function takeSnapshot(queries: Queries, { indexId, build, settingsHash }: OpenBuild): Promise<Taken> {
  const [taken] = await queries.query<Taken>(
    `insert into snapshot (index_id, sequence, settings_hash, hash, documents, passages, words, embedding_no, fitted_sequence)
     select $1, $2, $3, encode(sha256(convert_to(e.settings || coalesce(d.listed, ''), 'UTF8')), 'hex'),
            d.documents, p.passages, p.words, e.embedding_no, e.fitted_sequence
     from (
       select embedding_no, fitted_sequence,
              case when model is null then json_build_array($3::text) else json_build_array($3::text, model) end::text as settings
       from build left join embedding using (embedding_no) where build.index_id = $1 and build = $2
     ) as e, (
       select count(*) as documents,
              string_agg(json_build_array(document_id, content_hash)::text, '' order by document_id) as listed
       from document where index_id = $1 and to_sequence is null
     ) as d, (
       select count(*) as passages, coalesce(sum(words), 0) as words
       from passage where index_id = $1 and to_sequence is null
     ) as p
     returning ${TAKEN}`,
    [indexId, build, settingsHash],
  );
  await countTerms(queries, { indexId, build });
  return taken!;
}

/** Longer than a statement may take: it reads every posting of the index, 2 s for 100,000 passages. */
const COUNT_TIMEOUT_MS = 10 * 60_000;

/** In how many more passages, or fewer, each word stands than before this build. */
async function countTerms(queries: Queries, { indexId, build }: Pick<OpenBuild, 'indexId' | 'build'>): Promise<void> {
  await queries.query(
    `insert into term_count (index_id, term, sequence, passages)
     select $1, term, $2, sum(case when from_sequence = $2 then 1 else -1 end)
     from posting
     where index_id = $1 and (from_sequence = $2 or passage_no in (
       select passage_no from passage where index_id = $1 and to_sequence = $2))
     group by term
     having sum(case when from_sequence = $2 then 1 else -1 end) <> 0`,
    [indexId, build],
    { timeoutMs: COUNT_TIMEOUT_MS },
  );
}
