/**
 * Embeds a build: chooses its model and stores a vector for every passage of the snapshot. Stored vectors stay, so an
 * interrupted embedding resumes. Readers see none before the commit.
 */

import type { Json } from '../plan/plan.ts';
import { bound, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import { type OpenBuild, withBuild } from './leases.ts';

// Which model the passages of a build are embedded with. A model may be fitted to the index's own passages; it is then
// stored with the index, and how far the passages have moved on since decides whether it is fitted anew.

/** A passage that the snapshot will hold. */
export interface ComingPassage {
  readonly no: number;
  readonly id: string;
}

export interface BuildModel {
  readonly model: string;
  /** Whether it was chosen for this very build already, before an interruption. */
  readonly isChosen: boolean;
  /** The part of the passages that came or went since it was fitted: 0.1 is a tenth. */
  readonly changed: number;
}

export interface ModelChoice {
  readonly model: string;
  readonly dimensions: number;
  /** What the model must be given to be used again; absent where its name says all. */
  readonly state?: Uint8Array;
}

/** Size of the parts that a fit is stored in, which keeps statements small. */
const PART_BYTES = 1_000_000;

/**
 * The condition that a passage belongs to the snapshot which the build will commit: it was put by the build, or its
 * document was met unchanged. `$1` is the index, `$2` the build.
 */
const COMING = `passage.index_id = $1 and passage.to_sequence is null and (
  passage.from_sequence = $2 or exists (
    select from document kept
    where kept.index_id = $1 and kept.document_id = passage.document_id and kept.from_sequence = passage.from_sequence
      and kept.seen_build = $2
      and not exists (select from document put where put.index_id = $1 and put.document_id = passage.document_id
                        and put.from_sequence = $2)))`;

/**
 * The passages that the build's snapshot will hold, by id.
 *
 * @throws SluiceError `build_ended`, as all that take a build
 */
function comingPassages(database: TimedDatabase, index: string, build: number): Promise<readonly ComingPassage[]> {
  return withBuild(database, index, build, async (queries, { indexId }) => {
    return queries.query<ComingPassage>(
      `select passage_no as no, passage_id as id from passage where ${COMING} order by passage_id`,
      [indexId, build],
    );
  });
}

/**
 * The model chosen for the build, else that of the snapshot before; undefined where there is neither. The model chosen
 * for the build, or else that of the snapshot before.
 */
function modelOf(database: TimedDatabase, index: string, build: number): Promise<BuildModel | undefined> {
  return withBuild(database, index, build, async (queries, { indexId }) => {
    const [chosen] = await queries.query<{ model: string }>(
      `select model from build join embedding using (embedding_no) where build.index_id = $1 and build = $2`,
      [indexId, build],
    );
    if (chosen !== undefined) return { model: chosen.model, isChosen: true, changed: 0 };
    const [before] = await queries.query<{ model: string; fitted: number; coming: number; kept: number }>(
      `with before as (
         select model, fitted_sequence from snapshot join embedding using (embedding_no)
         where snapshot.index_id = $1
           and sequence = (select max(sequence) from snapshot where index_id = $1)
       )
       select model,
              (select passages from snapshot where index_id = $1 and sequence = before.fitted_sequence) as fitted,
              (select count(*) from passage where ${COMING}) as coming,
              (select count(*) from passage where ${COMING} and from_sequence <= before.fitted_sequence) as kept
       from before`,
      [indexId, build],
    );
    if (before === undefined) return undefined;
    const { model, fitted, coming, kept } = before;
    return { model, isChosen: false, changed: Math.max(coming - kept, fitted - kept) / Math.max(1, fitted) };
  });
}

/** Embeds the build with the model of the snapshot before. */
function keepModel(database: TimedDatabase, index: string, build: number): Promise<void> {
  return withBuild(database, index, build, async (queries, { indexId }) => {
    await queries.query(
      `update build set embedding_no = before.embedding_no, fitted_sequence = before.fitted_sequence
       from snapshot as before
       where build.index_id = $1 and build = $2 and before.index_id = $1
         and before.sequence = (select max(sequence) from snapshot where index_id = $1)`,
      [indexId, build],
    );
  });
}

/**
 * Embeds the build with a model that was fitted to its passages, and stores that. Stores a model fitted to what the
 * build holds, and embeds the build with it.
 */
function takeModel(
  database: TimedDatabase,
  index: string,
  build: number,
  { model, dimensions, state }: ModelChoice,
): Promise<void> {
  return withBuild(database, index, build, async (queries, { indexId }) => {
    const [taken] = await queries.query<{ embeddingNo: number }>(
      `insert into embedding (index_id, model, dimensions) values ($1, $2, $3)
       on conflict (index_id, model) do update set dimensions = excluded.dimensions
       returning embedding_no as "embeddingNo"`,
      [indexId, model, dimensions],
    );
    const { embeddingNo } = taken!;
    for (const [part, body] of partsOf(state ?? new Uint8Array()).entries())
      await queries.query(
        `insert into embedding_part (embedding_no, part, body) values ($1, $2, $3) on conflict do nothing`,
        [embeddingNo, part, body],
      );
    await queries.query(`update build set embedding_no = $3, fitted_sequence = $2 where index_id = $1 and build = $2`, [
      indexId,
      build,
      embeddingNo,
    ]);
  });
}

function partsOf(state: Uint8Array): readonly Buffer[] {
  const parts = Math.ceil(state.length / PART_BYTES);
  return Array.from({ length: parts }, (_, part) =>
    Buffer.from(state.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)),
  );
}

/** What the model was stored with. What `takeModel` stored of a model of this index. Empty where its name says all. */
async function modelState(database: Queries, index: string, model: string): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for (;;) {
    const [row] = await database.query<{ body: Buffer }>(
      `select body from search_index join embedding using (index_id) join embedding_part using (embedding_no)
       where name = $1 and model = $2 and part = $3`,
      [index, model, parts.length],
    );
    if (row === undefined) return Buffer.concat(parts);
    parts.push(row.body);
  }
}

/** The models of an index (`$1`) that no snapshot was made with, and no open build is. */
export const UNUSED_MODELS = `
  select embedding_no from embedding
  where index_id = $1 and not exists (select from snapshot where snapshot.embedding_no = embedding.embedding_no)
    and not exists (select from build where build.embedding_no = embedding.embedding_no and state = 'open')`;

/** Deletes the models that are not used, and all that is theirs. */
export async function dropUnusedModels(queries: Queries, { indexId }: Pick<OpenBuild, 'indexId'>): Promise<void> {
  const unused = await queries.query<{ embeddingNo: number; hasGraph: boolean }>(
    `select embedding_no as "embeddingNo", has_graph as "hasGraph" from embedding
     where embedding_no in (${UNUSED_MODELS})`,
    [indexId],
  );
  for (const { embeddingNo, hasGraph } of unused) {
    if (hasGraph) await queries.query(`drop index if exists ${graphName(embeddingNo)}`);
    const numbers: readonly Json[] = [embeddingNo];
    await queries.query('update build set embedding_no = null where embedding_no = $1', numbers);
    await queries.query('delete from passage_vector where embedding_no = $1', numbers);
    await queries.query('delete from embedding_part where embedding_no = $1', numbers);
    await queries.query('delete from embedding where embedding_no = $1', numbers);
  }
}

/** A number is all of the name that varies: nothing of it is anybody's input. */
const graphName = (embeddingNo: number): string => `passage_vector_graph_${Math.trunc(embeddingNo)}`;

/** What a passage says, as an embedding model is given it. */
export interface PassageText {
  readonly no: number;
  readonly id: string;
  readonly documentId: string;
  readonly text: string;
  readonly title: string | null;
  readonly heading: readonly string[];
}

/** Some passages of one document. */
export interface MissingVectors {
  readonly documentId: string;
  readonly passages: readonly number[];
}

export interface PassageVector {
  readonly no: number;
  /** Undefined where the model can say nothing of the passage: no search by vector finds it. */
  readonly vector: Float32Array | undefined;
}

/** Up to so many vectors are compared one by one; beyond, a graph is searched. */
export const SCANNED_VECTORS = 20_000;
/** More dimensions than this are searched in half precision: a graph takes no more of whole ones. */
const WHOLE_DIMENSIONS = 2_000;
/** Building a graph is one statement: some 10 s for 100,000 vectors. */
const GRAPH_TIMEOUT_MS = 30 * 60_000;
/**
 * Candidates considered while a vector is inserted into the graph (`ef_construction`). pgvector's default 64 finds 92
 * of the 100 nearest among 100,000; this finds 97, and building takes half as long again.
 */
const GRAPH_BUILD_CANDIDATES = 128;
/** Memory in which a graph is built: beyond it, building is many times slower. */
const GRAPH_MEMORY = '400MB';

/** @param scannedVectors default 20,000 */
export const createVectors = (database: TimedDatabase, scannedVectors: number) =>
  bound(database, {
    coming: comingPassages,
    modelOf,
    keepModel,
    takeModel,
    modelState,
    missing: missingVectors,
    read: readPassages,
    put: putVectors,
    prepare: (timed, index: string, build: number) => makeGraph(timed, index, build, scannedVectors),
  });
export type Vectors = ReturnType<typeof createVectors>;

/** The coming passages that have no vector under the build's model yet, by document. */
function missingVectors(database: TimedDatabase, index: string, build: number): Promise<readonly MissingVectors[]> {
  return withBuild(database, index, build, async (queries, { indexId }) => {
    return queries.query<MissingVectors>(
      `select document_id as "documentId", json_agg(passage_no order by passage_no) as passages from passage
       where ${COMING} and passage_no not in (
         select passage_no from passage_vector
         where embedding_no = (select embedding_no from build where index_id = $1 and build = $2))
       group by document_id order by document_id`,
      [indexId, build],
    );
  });
}

/** Passages by number, in that order. */
function readPassages(database: Queries, passages: readonly number[]): Promise<readonly PassageText[]> {
  return database.query<PassageText>(
    `select passage_no as no, passage_id as id, document_id as "documentId", text, title, heading
     from unnest($1::bigint[]) with ordinality as asked (passage_no, place) join passage using (passage_no)
     order by place`,
    [passages],
  );
}

/** Stores vectors under the build's model; those that are there already stay. */
function putVectors(
  database: TimedDatabase,
  index: string,
  build: number,
  vectors: readonly PassageVector[],
): Promise<void> {
  return withBuild(database, index, build, async (queries, { indexId }) => {
    await queries.query(
      `insert into passage_vector (embedding_no, passage_no, from_sequence, vector)
       select embedding_no, passage_no, from_sequence, given.vector::vector
       from build, unnest($3::bigint[], $4::text[]) as given (passage_no, vector) join passage using (passage_no)
       where build.index_id = $1 and build = $2
       order by passage_no
       on conflict do nothing`,
      [indexId, build, vectors.map(({ no }) => no), vectors.map(({ vector }) => vector && textOf(vector))],
    );
  });
}

/** As pgvector reads it. Single floats, written out as doubles, are read back as they were. */
export const textOf = (vector: Float32Array): string => `[${vector.join(',')}]`;

/**
 * Makes the vectors quick to search, if there are so many that it matters. Long: call it when all are there. One
 * partial index per model: an HNSW graph (Malkov and Yashunin, "Efficient and robust approximate nearest neighbor
 * search using hierarchical navigable small world graphs", 2018) has one dimension, and mixes no models.
 */
async function makeGraph(database: TimedDatabase, index: string, build: number, scannedVectors: number): Promise<void> {
  await withBuild(database, index, build, async (queries, { indexId }) => {
    const [wanted] = await queries.query<{ embeddingNo: number; dimensions: number }>(
      `select embedding_no as "embeddingNo", dimensions from build join embedding using (embedding_no)
       where build.index_id = $1 and build = $2 and not has_graph
         and (select count(*) from passage_vector
              where passage_vector.embedding_no = build.embedding_no and vector is not null) > $3`,
      [indexId, build, scannedVectors],
    );
    if (wanted === undefined) return;
    const { embeddingNo, dimensions } = wanted;
    const type = graphType(dimensions);
    await queries.query(`select set_config('maintenance_work_mem', $1, true)`, [GRAPH_MEMORY]);
    await queries.query(
      `create index ${graphName(embeddingNo)} on passage_vector
       using hnsw ((vector::${type}(${Math.trunc(dimensions)})) ${type}_cosine_ops)
       with (ef_construction = ${GRAPH_BUILD_CANDIDATES}) where embedding_no = ${Math.trunc(embeddingNo)}`,
      [],
      { timeoutMs: GRAPH_TIMEOUT_MS },
    );
    await queries.query('update embedding set has_graph = true where embedding_no = $1', [embeddingNo]);
  });
}

export const graphType = (dimensions: number): 'vector' | 'halfvec' =>
  dimensions > WHOLE_DIMENSIONS ? 'halfvec' : 'vector';
