/** What a build is told of documents: which are known, which are new or changed, which are still there. */
import { SluiceError } from '../base/errors.ts';
import { type BuildRef, holdBuild, type OpenBuild } from './build-lease.ts';
import type { PutCounts } from './builds.ts';
import type { Database, Queries } from './database.ts';
import { cleanBatch, type DocumentInput } from './documents.ts';
import { deleteVersions, storeDocuments } from './passages.ts';

/** More ids than this in one call are refused: a statement's parameters must stay small. */
const MOST_IDS = 10_000;

/** A document's version that readers see, or that this build has put. */
interface Version {
  readonly id: string;
  readonly contentHash: string;
  readonly inBuild: boolean;
  readonly sameSettings: boolean;
}

export async function knownDocuments(
  database: Database,
  ref: BuildRef,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  checkCount(ids);
  return database.transaction(async (queries) => {
    const versions = await versionsOf(queries, await holdBuild(queries, ref), ids);
    // Those of this build come last, and so win.
    return new Map(versions.filter((version) => version.sameSettings).map(({ id, contentHash }) => [id, contentHash]));
  });
}

export async function putDocuments(
  database: Database,
  ref: BuildRef,
  documents: readonly DocumentInput[],
): Promise<PutCounts> {
  const { documents: batch, cleaned } = cleanBatch(documents);
  return database.transaction(async (queries) => {
    const open = await holdBuild(queries, ref);
    const versions = await versionsOf(
      queries,
      open,
      batch.map((document) => document.id),
    );
    const { unchanged, changed, added, seen, replaced } = sort(batch, versions);
    await deleteVersions(queries, open, replaced);
    await markSeen(queries, open, seen);
    const stored = [...changed, ...added];
    await storeDocuments(queries, open, stored);
    const passages = stored.reduce((sum, document) => sum + document.passages.length, 0);
    return { added: added.length, changed: changed.length, unchanged, passages, cleaned };
  });
}

export async function keepDocuments(database: Database, ref: BuildRef, ids: readonly string[]): Promise<void> {
  checkCount(ids);
  return database.transaction(async (queries) => {
    const open = await holdBuild(queries, ref);
    const versions = (await versionsOf(queries, open, ids)).filter((version) => version.sameSettings);
    const found = new Set(versions.map((version) => version.id));
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length > 0)
      throw new SluiceError('document_unknown', {
        message: `the index '${ref.index}' cannot keep ${missing.length} documents it does not hold, such as '${missing[0]}'`,
        remedy: 'put them: under other settings, a document must be put again even if its content is the same',
        data: { index: ref.index, missing: missing.slice(0, 10) },
      });
    await markSeen(queries, open, ids);
  });
}

interface Sorted {
  readonly unchanged: number;
  readonly changed: readonly DocumentInput[];
  readonly added: readonly DocumentInput[];
  /** Ids whose committed version stays. */
  readonly seen: readonly string[];
  /** Ids whose version in this build is not the last word on them. */
  readonly replaced: readonly string[];
}

function sort(batch: readonly DocumentInput[], versions: readonly Version[]): Sorted {
  const committed = new Map(versions.filter((version) => !version.inBuild).map((version) => [version.id, version]));
  const inBuild = new Map(versions.filter((version) => version.inBuild).map((version) => [version.id, version]));
  const isSame = (version: Version | undefined, document: DocumentInput) =>
    version?.sameSettings === true && version.contentHash === document.contentHash;
  const seen = batch.filter((document) => isSame(committed.get(document.id), document));
  const rest = batch.filter((document) => !isSame(committed.get(document.id), document));
  const stored = rest.filter((document) => !isSame(inBuild.get(document.id), document));
  return {
    unchanged: batch.length - stored.length,
    changed: stored.filter((document) => committed.has(document.id)),
    added: stored.filter((document) => !committed.has(document.id)),
    seen: seen.map((document) => document.id),
    replaced: [...seen, ...stored].map((document) => document.id).filter((id) => inBuild.has(id)),
  };
}

function versionsOf(queries: Queries, { indexId, build, settingsHash }: OpenBuild, ids: readonly string[]) {
  return queries.query<Version>(
    `select document_id as id, content_hash as "contentHash", from_sequence = $2 as "inBuild",
       settings_hash = $3 as "sameSettings"
     from document where index_id = $1 and document_id = any($4::text[]) and to_sequence is null
     order by from_sequence`,
    [indexId, build, settingsHash, ids],
  );
}

async function markSeen(queries: Queries, { indexId, build }: OpenBuild, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await queries.query(
    `update document set seen_build = $2
     where index_id = $1 and document_id = any($3::text[]) and to_sequence is null and from_sequence < $2`,
    [indexId, build, ids],
  );
}

function checkCount(ids: readonly string[]): void {
  if (ids.length <= MOST_IDS) return;
  throw new SluiceError('batch_too_large', {
    message: `${ids.length} document ids were given at once`,
    remedy: `give at most ${MOST_IDS} at a time`,
  });
}
