/** The documents of a build: known, new, changed, still present. */

import { SluiceError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';
import type { TimedDatabase } from './bound.ts';
import type { PutCounts } from './builds.ts';
import type { Queries } from './database.ts';
import { cleanBatch, type DocumentInput, type PassageInput } from './documents.ts';
import { type OpenBuild, withBuild } from './leases.ts';

/** More ids than this in one call are refused: a statement's parameters must stay small. */
const MOST_IDS = 10_000;

/** A document's version that readers see, or that this build has put. */
interface Version {
  readonly id: string;
  readonly contentHash: string;
  readonly inBuild: boolean;
  readonly sameSettings: boolean;
}

/** Of these documents, the content hashes of those in this build or, under the same settings, in the snapshot. */
export async function knownDocuments(
  database: TimedDatabase,
  index: string,
  build: number,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  checkCount(ids);
  return withBuild(database, index, build, async (queries, open) => {
    const versions = await versionsOf(queries, open, ids);
    // Those of this build come last, and so win.
    return new Map(versions.filter((version) => version.sameSettings).map(({ id, contentHash }) => [id, contentHash]));
  });
}

/** @throws SluiceError `build_ended`, `document_invalid`, `batch_too_large`, `passage_duplicate` */
export async function putDocuments(
  database: TimedDatabase,
  index: string,
  build: number,
  documents: readonly DocumentInput[],
): Promise<PutCounts> {
  const { documents: batch, cleaned } = cleanBatch(documents);
  return withBuild(database, index, build, async (queries, open) => {
    const versions = await versionsOf(
      queries,
      open,
      batch.map((document) => document.id),
    );
    const { unchanged, changed, added, seen, replaced } = sortBatch(batch, versions);
    await deleteVersions(queries, open, replaced);
    await markSeen(queries, open, seen);
    const stored = [...changed, ...added];
    await storeDocuments(queries, open, stored);
    const passages = stored.reduce((sum, document) => sum + document.passages.length, 0);
    return { added: added.length, changed: changed.length, unchanged, passages, cleaned };
  });
}

/** Marks documents, given by id, as still there and unchanged. @throws SluiceError `build_ended`, `document_unknown` */
export async function keepDocuments(
  database: TimedDatabase,
  index: string,
  build: number,
  ids: readonly string[],
): Promise<void> {
  checkCount(ids);
  return withBuild(database, index, build, async (queries, open) => {
    const versions = (await versionsOf(queries, open, ids)).filter((version) => version.sameSettings);
    const found = new Set(versions.map((version) => version.id));
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length > 0)
      throw new SluiceError('document_unknown', {
        message: `the index '${index}' cannot keep ${missing.length} documents it does not hold, such as '${missing[0]}'`,
        remedy: 'put them: under other settings, a document must be put again even if its content is the same',
        data: { index, missing: missing.slice(0, 10) },
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
  /** Ids whose version in this build is not final. */
  readonly replaced: readonly string[];
}

function sortBatch(batch: readonly DocumentInput[], versions: readonly Version[]): Sorted {
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

// Writing a build's documents: their rows, their passages, and a posting for every word of a passage. A word counts
// once for every time it stands in the text or in the headings above it, and twice for every time in the title.

async function storeDocuments(queries: Queries, build: OpenBuild, documents: readonly DocumentInput[]): Promise<void> {
  if (documents.length === 0) return;
  await storeRows(queries, build, documents);
  const passages = documents.flatMap((document) => document.passages.map((passage) => ({ document, passage })));
  if (passages.length === 0) return;
  await refuseTaken(queries, build, documents);
  await storePassages(queries, build, passages);
}

async function storeRows(
  queries: Queries,
  { indexId, build, settingsHash }: OpenBuild,
  documents: readonly DocumentInput[],
) {
  await queries.query(
    `insert into document (index_id, from_sequence, settings_hash, document_id, content_hash, title, url, metadata)
     select $1, $2, $3, d.* from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::json[]) as d`,
    [
      indexId,
      build,
      settingsHash,
      documents.map((document) => document.id),
      documents.map((document) => document.contentHash),
      documents.map((document) => document.title ?? null),
      documents.map((document) => document.url ?? null),
      documents.map((document) => (document.metadata === undefined ? null : JSON.stringify(document.metadata))),
    ],
  );
}

interface Placed {
  readonly document: DocumentInput;
  readonly passage: PassageInput;
}

async function storePassages(queries: Queries, { indexId, build }: OpenBuild, placed: readonly Placed[]) {
  const title = ({ document, passage }: Placed) => passage.title ?? document.title ?? null;
  await queries.query(
    `with incoming as materialized (
       select nextval(pg_get_serial_sequence('passage', 'passage_no')) as passage_no, p.*
       from unnest($3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::json[], $9::text[], $10::int[],
                   $11::text[], $12::text[])
         as p (passage_id, document_id, ordinal, text, title, heading, url, tokens, text_words, title_words)
     ), counted as materialized (
       select passage_no, term, sum(frequency)::int as frequency
       from incoming cross join lateral (
         select lexeme, cardinality(positions) from unnest(to_tsvector('english', text_words))
         union all
         select lexeme, 2 * cardinality(positions) from unnest(to_tsvector('english', title_words))
       ) as found (term, frequency)
       group by passage_no, term
     ), sized as materialized (
       select passage_no, sum(frequency)::int as words from counted group by passage_no
     ), stored as (
       insert into passage (index_id, from_sequence, passage_no, passage_id, document_id, ordinal, text, title, heading,
                            url, tokens, words)
       select $1, $2, passage_no, passage_id, document_id, ordinal, text, title, heading, url, tokens,
              coalesce(words, 0)
       from incoming left join sized using (passage_no)
     )
     insert into posting (index_id, from_sequence, term, passage_no, frequency, words)
     select $1, $2, term, passage_no, frequency, words from counted join sized using (passage_no)
     order by term, passage_no`,
    [
      indexId,
      build,
      placed.map(({ passage }) => passage.id),
      placed.map(({ document }) => document.id),
      placed.map(({ passage }) => passage.ordinal),
      placed.map(({ passage }) => passage.text),
      placed.map(title),
      placed.map(({ passage }) => JSON.stringify(passage.heading)),
      placed.map(({ document, passage }) => passage.url ?? document.url ?? null),
      placed.map(({ passage }) => passage.tokens),
      placed.map(({ passage }) => wordsOf([...passage.heading, passage.text].join(' '))),
      placed.map((place) => wordsOf(title(place) ?? '')),
    ],
  );
}

/** Refuses passage ids that other documents of this build have. Those of older documents are looked at by the commit. */
async function refuseTaken(queries: Queries, { indexId, build }: OpenBuild, documents: readonly DocumentInput[]) {
  const [taken] = await queries.query<{ id: string; documentId: string }>(
    `select passage_id as id, document_id as "documentId" from passage
     where index_id = $1 and passage_id = any($3::text[]) and from_sequence = $2
       and document_id <> all($4::text[]) limit 1`,
    [
      indexId,
      build,
      documents.flatMap((document) => document.passages.map((passage) => passage.id)),
      documents.map((document) => document.id),
    ],
  );
  if (taken === undefined) return;
  const other = documents.find((document) => document.passages.some((passage) => passage.id === taken.id));
  throw duplicatePassage(taken.id, [taken.documentId, other?.id ?? 'this batch']);
}

export const duplicatePassage = (id: string, documents: readonly [string, string]): SluiceError =>
  new SluiceError('passage_duplicate', {
    message: `the passage id '${id}' is in two documents, '${documents[0]}' and '${documents[1]}'`,
    remedy: 'give every passage of an index an id of its own',
    data: { id, documents },
  });

/** Deletes this build's versions of these documents, which no reader has seen. Rare, so it has no index. */
export async function deleteVersions(
  queries: Queries,
  { indexId, build }: Pick<OpenBuild, 'indexId' | 'build'>,
  documentIds: readonly string[] | 'all',
): Promise<void> {
  if (documentIds.length === 0) return;
  const ids = documentIds === 'all' ? null : documentIds;
  await queries.query(
    `with gone as (
       delete from document
       where index_id = $1 and from_sequence = $2 and ($3::text[] is null or document_id = any($3))
     ), gone_passages as (
       delete from passage
       where index_id = $1 and from_sequence = $2 and ($3::text[] is null or document_id = any($3))
       returning passage_no
     ), gone_vectors as (
       delete from passage_vector
       where embedding_no in (select embedding_no from embedding where index_id = $1)
         and passage_no in (select passage_no from gone_passages)
     )
     delete from posting
     where index_id = $1 and from_sequence = $2 and passage_no in (select passage_no from gone_passages)`,
    [indexId, build, ids],
  );
}
