/**
 * Which model the passages of a build are embedded with. A model may be fitted to the index's own passages; it is then
 * stored with the index, and how far the passages have moved on since decides whether it is fitted anew.
 */
import type { Json } from '../plan/plan.ts';
import { type BuildRef, holdBuild, type OpenBuild } from './build-lease.ts';
import type { Database, Queries } from './database.ts';

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

/** Parts of this size keep statements small, whatever the size of a fit. */
const PART_BYTES = 1_000_000;

/**
 * The condition that a passage belongs to the snapshot which the build will commit: it was put by the build, or its
 * document was met unchanged. `$1` is the index, `$2` the build.
 */
export const COMING = `passage.index_id = $1 and passage.to_sequence is null and (
  passage.from_sequence = $2 or exists (
    select from document kept
    where kept.index_id = $1 and kept.document_id = passage.document_id and kept.from_sequence = passage.from_sequence
      and kept.seen_build = $2
      and not exists (select from document put where put.index_id = $1 and put.document_id = passage.document_id
                        and put.from_sequence = $2)))`;

export function comingPassages(database: Database, ref: BuildRef): Promise<readonly ComingPassage[]> {
  return database.transaction(async (queries) => {
    const { indexId, build } = await holdBuild(queries, ref);
    return queries.query<ComingPassage>(
      `select passage_no as no, passage_id as id from passage where ${COMING} order by passage_id`,
      [indexId, build],
    );
  });
}

/** The model chosen for the build, or else that of the snapshot before. */
export function modelOf(database: Database, ref: BuildRef): Promise<BuildModel | undefined> {
  return database.transaction(async (queries) => {
    const { indexId, build } = await holdBuild(queries, ref);
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
export function keepModel(database: Database, ref: BuildRef): Promise<void> {
  return database.transaction(async (queries) => {
    const { indexId, build } = await holdBuild(queries, ref);
    await queries.query(
      `update build set embedding_no = before.embedding_no, fitted_sequence = before.fitted_sequence
       from snapshot as before
       where build.index_id = $1 and build = $2 and before.index_id = $1
         and before.sequence = (select max(sequence) from snapshot where index_id = $1)`,
      [indexId, build],
    );
  });
}

/** Stores a model fitted to what the build holds, and embeds the build with it. */
export function takeModel(database: Database, ref: BuildRef, { model, dimensions, state }: ModelChoice): Promise<void> {
  return database.transaction(async (queries) => {
    const { indexId, build } = await holdBuild(queries, ref);
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

/** What `takeModel` stored of a model of this index. Empty where its name says all. */
export async function modelState(database: Queries, index: string, model: string): Promise<Uint8Array> {
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
export const graphName = (embeddingNo: number): string => `passage_vector_graph_${Math.trunc(embeddingNo)}`;
