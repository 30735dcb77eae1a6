/**
 * Building an index. One builder per index, by a lease that every call renews; readers see what was committed before
 * until the build is. Every method may be called twice, so a build survives its builder: the same owner resumes it.
 */

import { SluiceError } from '../base/errors.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import { deleteVersions, duplicatePassage, keepDocuments, knownDocuments, putDocuments } from './build-documents.ts';
import type { Database, Queries } from './database.ts';
import { checkIndexName } from './indexes.ts';
import { type BuildRef, buildEnded, holdBuild, type OpenBuild, tryHoldBuild } from './leases.ts';
import { countRows, vacuumIndexes } from './vacuum.ts';
import { dropUnusedModels } from './vectors.ts';

export interface BuildStart {
  /** Of everything but the documents that decides what the passages are: the chunker, its version, its limits. */
  readonly settingsHash: string;
  /** Who builds: the same ingest resuming gives the same owner. */
  readonly owner: string;
  /** How long the build stays this owner's without a call; default 60 s. */
  readonly leaseMs?: number;
}

export interface PutCounts {
  /** Documents new to the index. */
  readonly added: number;
  /** Documents in place of an older version. */
  readonly changed: number;
  /** Documents that the index, or this build, already holds just so. */
  readonly unchanged: number;
  /** Passages stored by this call. */
  readonly passages: number;
  /** Passages or documents in which NUL or lone surrogates were replaced by U+FFFD. */
  readonly cleaned: number;
}

export interface BuildOutcome {
  /** The snapshot's hash. */
  readonly snapshot: string;
  readonly sequence: number;
  readonly documents: number;
  readonly passages: number;
  /** Documents, against the snapshot before. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export const createBuilds = (database: TimedDatabase) =>
  bound(database, {
    begin: beginBuild,
    known: knownDocuments,
    put: putDocuments,
    keep: keepDocuments,
    commit: commitBuild,
    abandon: abandonBuild,
  });
export type Builds = ReturnType<typeof createBuilds>;

const DEFAULT_LEASE_MS = 60_000;

export type Begun = { readonly build: number; readonly resumed: boolean };

/** Begins a build, or resumes the one this owner left. @throws SluiceError `index_building`, `index_name_invalid` */
async function beginBuild(database: TimedDatabase, index: string, start: BuildStart): Promise<Begun> {
  const now = database.now();
  const { settingsHash, owner, leaseMs = DEFAULT_LEASE_MS } = start;
  checkIndexName(index);
  return database.transaction(async (queries) => {
    const indexId = await lockIndex(queries, index);
    const [open] = await queries.query<{ build: number; owner: string; settingsHash: string; live: boolean }>(
      `select build, owner, settings_hash as "settingsHash", expires_at > ${nowSql('$2')} as live
       from build where index_id = $1 and state = 'open'`,
      [indexId, now],
    );
    if (open !== undefined) {
      if (open.owner !== owner && open.live) throw building(index, open.owner);
      if (open.owner === owner && open.settingsHash === settingsHash) {
        await holdBuild(queries, { index, build: open.build, now });
        return { build: open.build, resumed: true };
      }
      await dropBuild(queries, { indexId, build: open.build });
    }
    const [begun] = await queries.query<{ build: number }>(
      `insert into build (index_id, build, settings_hash, owner, state, lease_ms, expires_at)
       select $1, coalesce(max(build), 0) + 1, $2, $3, 'open', $4::int, ${nowSql('$5')} + $4::int * interval '1 millisecond'
       from build where index_id = $1 returning build`,
      [indexId, settingsHash, owner, leaseMs, now],
    );
    return { build: begun!.build, resumed: false };
  });
}

/** The index's id; its row stays locked, so that one build begins at a time. */
async function lockIndex(queries: Queries, index: string): Promise<number> {
  const [row] = await queries.query<{ indexId: number }>(
    `insert into search_index (name) values ($1)
     on conflict (name) do update set name = excluded.name returning index_id as "indexId"`,
    [index],
  );
  return row!.indexId;
}

const building = (index: string, owner: string): SluiceError =>
  new SluiceError('index_building', {
    message: `the index '${index}' is being built by ${owner}`,
    remedy: 'wait until that ingest ends; if its process is dead, its claim ends by itself within a minute or so',
    retryable: true,
    data: { index, owner },
  });

/**
 * Publishes the build to readers. Documents neither put nor marked as seen are removed. A build without changes leaves
 * the snapshot as it was.
 *
 * @throws SluiceError `build_ended`, `passage_duplicate`
 */
async function commitBuild(database: TimedDatabase, index: string, build: number): Promise<BuildOutcome> {
  const ref = { index, build, now: database.now() };
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

/** Drops the build and what it put. One that has ended is left alone. */
function abandonBuild(database: Database, index: string, build: number): Promise<void> {
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
async function dropBuild(queries: Queries, build: Pick<OpenBuild, 'indexId' | 'build'>): Promise<void> {
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
