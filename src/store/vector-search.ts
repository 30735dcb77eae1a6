/**
 * Vector search: passages of a snapshot by cosine similarity. A few thousand vectors are compared exactly; beyond, a
 * graph index finds nearly all nearest ones in a few milliseconds. The query's vector must come from the snapshot's
 * model; others are refused by model name.
 */
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import type { Database, Queries } from './database.ts';
import { findSnapshot } from './indexes.ts';
import { checkCounts, type KeywordHit } from './keyword-search.ts';
import { graphType, textOf } from './vectors.ts';

export interface VectorQuery {
  /** Names the query in the answer. */
  readonly id: string;
  /** Undefined where the model can say nothing of the query: it finds nothing. */
  readonly vector: Float32Array | undefined;
}

export interface VectorHit extends KeywordHit {
  /** Only where asked for. */
  readonly vector?: Float32Array;
}

export interface VectorAnswer {
  readonly id: string;
  /** Best first, by cosine; equal ones by id. */
  readonly hits: readonly VectorHit[];
}

/** A document's metadata has all of this: equal values, and in lists at least these. */
export type MetadataFilter = { readonly [key: string]: Json };

export interface VectorOptions {
  /** Hits per query at most, 1 to 100. */
  readonly top: number;
  /** What the queries were embedded with. */
  readonly model: string;
  /** The hash of a snapshot, or the beginning of it; default: the current one. */
  readonly snapshot?: string;
  readonly where?: MetadataFilter;
  /** Forces the exact comparison. */
  readonly exact?: boolean;
  readonly withVectors?: boolean;
}

export interface EmbeddedSnapshot {
  readonly hash: string;
  readonly sequence: number;
  readonly model: string;
}

const VECTOR_LIMITS = Object.freeze({ queries: 500, top: 100 });

/**
 * Candidates that a search keeps in view (`ef`): more finds more, and takes longer. Of the ten nearest among 100,000, 100
 * find .983, 120 find .989, and 200 find .991 (`bench/vectors.ts`).
 */
const GRAPH_CANDIDATES = 120;

/**
 * Settings of the graph search, set by the searching statement itself. They end with it, so the shared session of the
 * embedded database is unchanged and no transaction is needed.
 */
const GRAPH_SETTINGS = `, set_config('hnsw.ef_search', '${GRAPH_CANDIDATES}', true),
    set_config('hnsw.iterative_scan', 'relaxed_order', true)`;

interface Target extends EmbeddedSnapshot {
  readonly indexId: number;
  readonly embeddingNo: number;
  readonly dimensions: number;
  readonly hasGraph: boolean;
}

export type VectorSearch = ReturnType<typeof createVectorSearch>;

export function createVectorSearch(database: Database, scannedVectors: number) {
  return Object.freeze({
    /**
     * The snapshot that would be searched, and its model.
     *
     * @throws SluiceError `index_not_embedded`, as `indexes.snapshot`
     */
    async embedded(index: string, snapshot?: string): Promise<EmbeddedSnapshot> {
      const { hash, sequence, model } = await findTarget(database, index, snapshot);
      return { hash, sequence, model };
    },
    /**
     * Searches for all queries at once; answers in their order.
     *
     * @throws SluiceError `embedding_model_differs`, `index_not_embedded`, `top_invalid`, `queries_too_many`, and those
     *   of `indexes.snapshot`
     */
    async nearest(
      index: string,
      queries: readonly VectorQuery[],
      options: VectorOptions,
    ): Promise<readonly VectorAnswer[]> {
      checkCounts(queries.length, options.top, VECTOR_LIMITS);
      const target = await findTarget(database, index, options.snapshot);
      if (target.model !== options.model) throw modelDiffers(index, target.model, options.model);
      const rows = await nearestRows(database, target, queries, { ...options, scannedVectors });
      return queries.map(({ id }, place) => ({
        id,
        hits: rows.filter((row) => row.place === place).map(({ place: _, ...hit }) => toHit(hit)),
      }));
    },
  });
}

type Row = Omit<VectorHit, 'vector'> & { readonly place: number; readonly vector: string | null };

const toHit = ({ vector, ...hit }: Omit<Row, 'place'>): VectorHit =>
  vector === null ? hit : { ...hit, vector: Float32Array.from(JSON.parse(vector) as number[]) };

async function findTarget(database: Queries, index: string, snapshot: string | undefined): Promise<Target> {
  type Found = { readonly [key in keyof Target]: Target[key] | null } & { readonly isClear: boolean };
  const [found] = await database.query<Found>(
    `select snapshot.index_id as "indexId", hash, sequence, model, embedding_no as "embeddingNo", dimensions,
            has_graph as "hasGraph", $2::text is null or min(hash) over () = max(hash) over () as "isClear"
     from search_index join snapshot using (index_id) left join embedding using (embedding_no)
     where name = $1 and ($2::text is null or starts_with(hash, $2))
     order by sequence desc limit 1`,
    [index, snapshot?.toLowerCase() ?? null],
  );
  if (found?.isClear && found.model !== null) return found as Target;
  const { hash } = await findSnapshot(database, index, snapshot);
  throw new SluiceError('index_not_embedded', {
    message: `the index '${index}' cannot be searched by vector: its snapshot ${hash.slice(0, 12)} has no vectors`,
    remedy: 'ingest it again with --embed local/lsa, or search it by keyword',
    data: { index, snapshot: hash },
  });
}

type SearchOptions = VectorOptions & { readonly scannedVectors: number };

async function nearestRows(
  database: Database,
  target: Target,
  queries: readonly VectorQuery[],
  options: SearchOptions,
): Promise<readonly Row[]> {
  const asked = queries.flatMap(({ vector }, place) => (vector ? [{ place, vector: textOf(vector) }] : []));
  if (asked.length === 0) return [];
  const search = (some: readonly Asked[], by: 'graph' | 'every') =>
    database.query<Row>(nearestSql(target, options, by), paramsOf(target, some, options));
  if (!(await wantsGraph(database, target, options))) return search(asked, 'every');
  const rows = await search(asked, 'graph');
  // A graph is left after some 20,000 candidates, and where a query is asked far from what passes the filter, or from
  // what the snapshot shows, not enough of them may be hits.
  const short = asked.filter(({ place }) => rows.filter((row) => row.place === place).length < options.top);
  if (short.length === 0) return rows;
  const places = new Set(short.map(({ place }) => place));
  return [...rows.filter(({ place }) => !places.has(place)), ...(await search(short, 'every'))];
}

interface Asked {
  readonly place: number;
  readonly vector: string;
}

const paramsOf = ({ indexId, sequence }: Target, asked: readonly Asked[], { top, where }: SearchOptions) => [
  indexId,
  sequence,
  asked.map(({ place }) => place),
  asked.map(({ vector }) => vector),
  top,
  ...(where ? [JSON.stringify(where)] : []),
];

/** Where a filter leaves few passages, comparing with each finds them all; a graph would have to be searched for long. */
async function wantsGraph(
  database: Queries,
  { indexId, sequence, hasGraph }: Target,
  { exact, where, scannedVectors }: SearchOptions,
): Promise<boolean> {
  if (!hasGraph || exact) return false;
  if (where === undefined) return true;
  const [allowed] = await database.query<{ passages: number }>(
    `select count(*) as passages from (${allowedBy('$3')} limit $4) as allowed`,
    [indexId, sequence, JSON.stringify(where), scannedVectors + 1],
  );
  return allowed!.passages > scannedVectors;
}

/** Passages of documents that match the filter. */
const allowedBy = (filter: string) => `
  select passage_no from passage join document using (index_id, document_id, from_sequence)
  where index_id = $1 and from_sequence <= $2 and (passage.to_sequence is null or passage.to_sequence > $2)
    and metadata::jsonb @> ${filter}::jsonb`;

/**
 * The subquery after `lateral` is one search per query. The planner uses a graph for the very expression and number it
 * was made for, and for no other: without the dimensions, the query's vector is compared with every one.
 */
function nearestSql({ embeddingNo, dimensions }: Target, { where, withVectors }: VectorOptions, by: 'graph' | 'every') {
  const embedding = Math.trunc(embeddingNo);
  const type = by === 'graph' ? `::${graphType(dimensions)}(${Math.trunc(dimensions)})` : '';
  const vector = `(select vector::text from passage_vector
                   where embedding_no = ${embedding} and passage_vector.passage_no = placed.passage_no)`;
  return `
with closed as materialized (
  select passage_no from passage where index_id = $1 and to_sequence <= $2
), ${where ? `allowed as materialized (${allowedBy('$6')}), ` : ''}asked as materialized (
  select place, vector::vector${by === 'graph' ? GRAPH_SETTINGS : ''}
  from unnest($3::int[], $4::text[]) as given (place, vector)
), near as (
  select place, passage_no, distance from asked cross join lateral (
    select passage_no, vector${type} <=> asked.vector${type} as distance from passage_vector
    where embedding_no = ${embedding} and from_sequence <= $2 and vector is not null
      and passage_no not in (select passage_no from closed)
      ${where ? 'and passage_no in (select passage_no from allowed)' : ''}
    order by distance
    fetch first ($5) rows with ties
  ) as found
), placed as (
  select place, passage_no, distance, row_number() over (partition by place order by distance, passage_id) as rank
  from near join passage using (passage_no)
)
select place, passage_id as id, 1 - distance as score, text, title, url, heading, ${withVectors ? vector : 'null'} as vector
from placed join passage using (passage_no) where rank <= $5 order by place, rank`;
}

export const modelDiffers = (
  index: string,
  model: string,
  asked: string,
  message = `the index '${index}' has vectors of '${model}', and the query one of '${asked}': they cannot be compared`,
): SluiceError =>
  new SluiceError('embedding_model_differs', {
    message,
    remedy: `embed the index anew: sluice ingest <source> --index ${index} --embed ${asked}; or search by the index's model, or name none`,
    data: { index, model, asked },
  });
