/**
 * Writing a build's documents: their rows, their passages, and a posting for every word of a passage. A word counts
 * once for every time it stands in the text or in the headings above it, and twice for every time in the title.
 */
import { SluiceError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';
import type { OpenBuild } from './build-lease.ts';
import type { Queries } from './database.ts';
import type { DocumentInput, PassageInput } from './documents.ts';

export async function storeDocuments(
  queries: Queries,
  build: OpenBuild,
  documents: readonly DocumentInput[],
): Promise<void> {
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

/** Deletes what this build has put of these documents: nobody has seen it yet. Rare, and so without an index for it. */
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
