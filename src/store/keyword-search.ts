/**
 * Keyword search: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) over
 * the postings of one snapshot, with N, average length and document frequencies of that snapshot. Words come from
 * PostgreSQL's own English stemming; a query matches by any of its distinct words, and has no operators.
 */
import { SluiceError } from '../errors.ts';
import type { Database } from './database.ts';
import { findSnapshot } from './indexes.ts';
import { checkCounts } from './search-limits.ts';
import { wordsOf } from './words.ts';

export interface KeywordQuery {
  /** Names the query in the answer. */
  readonly id: string;
  readonly query: string;
}

export interface KeywordHit {
  /** The passage's. */
  readonly id: string;
  readonly score: number;
  readonly text: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly heading: readonly string[];
}

export interface KeywordAnswer {
  readonly id: string;
  /** Best first; equal scores by id. Empty when no word of the query is in the index, or all are stop words. */
  readonly hits: readonly KeywordHit[];
}

export interface KeywordOptions {
  /** Hits per query at most, 1 to 100. */
  readonly top: number;
  /** The hash of a snapshot, or the beginning of it; default: the current one. */
  readonly snapshot?: string;
}

export interface Search {
  /**
   * Searches for all queries in one round trip; answers in their order.
   *
   * @throws SluiceError `query_too_large`, `queries_too_many`, `top_invalid`, and those of `indexes.snapshot`.
   */
  keyword(index: string, queries: readonly KeywordQuery[], options: KeywordOptions): Promise<readonly KeywordAnswer[]>;
}

export const QUERY_LIMITS = Object.freeze({ queries: 500, characters: 8_000, words: 512, top: 100 });

/** The usual values: how soon repetition of a word stops to count, and how much length is held against a passage. */
const K1 = '1.2::float8';
const B = '0.75::float8';

/**
 * The subquery after `lateral` is fenced by `offset 0`: otherwise the planner may join the other way round, and read
 * all postings there are. Scores are summed in the order of the words, so that they are equal wherever computed.
 */
const KEYWORD = `
with target as materialized (
  select index_id, sequence, passages::float8 as n, words / nullif(passages, 0)::float8 as mean_words,
         count(*) over () as versions, min(hash) over () = max(hash) over () as one_hash
  from search_index join snapshot using (index_id)
  where name = $1 and ($2::text is null or starts_with(hash, $2))
  order by sequence desc limit 1
), closed as materialized (
  select passage_no from passage join target using (index_id) where to_sequence <= sequence
), asked as materialized (
  select query_no, term
  from unnest($3::text[]) with ordinality as q (words, query_no),
       unnest(tsvector_to_array(to_tsvector('english', words))) as term
), scored as (
  select query_no, passage_no, sum(
    ln(1 + (n - df + 0.5::float8) / (df + 0.5::float8)) * frequency * (${K1} + 1)
      / (frequency + ${K1} * (1 - ${B} + ${B} * words / mean_words)) order by term) as score
  from target cross join asked cross join lateral (
    select passage_no, frequency, words, (count(*) over ())::float8 as df from posting
    where index_id = target.index_id and posting.term = asked.term and from_sequence <= target.sequence
      and passage_no not in (select passage_no from closed)
    offset 0
  ) as matched
  group by query_no, passage_no
), placed as (
  select query_no, passage_no, score,
         row_number() over (partition by query_no order by score desc, passage_id) as place
  from (select *, rank() over (partition by query_no order by score desc) as tied from scored) as best
  join passage using (passage_no)
  where tied <= $4
)
select $2::text is null or one_hash as clear, query_no::int as "queryNo", passage_id as id, score, text, title, url, heading
from target left join (placed join passage using (passage_no)) on place <= $4
order by query_no, place`;

type Row = KeywordHit & { readonly clear: boolean; readonly queryNo: number | null };

export function createSearch(database: Database): Search {
  return Object.freeze({
    async keyword(index, queries, { top, snapshot }) {
      checkQueries(queries, top);
      const words = queries.map(({ query }) => wordsOf(query));
      const rows = await database.query<Row>(KEYWORD, [index, snapshot?.toLowerCase() ?? null, words, top]);
      if (!rows[0]?.clear) await findSnapshot(database, index, snapshot);
      return queries.map(({ id }, place) => ({
        id,
        hits: rows.filter((row) => row.queryNo === place + 1).map(({ clear: _, queryNo: __, ...hit }) => hit),
      }));
    },
  } satisfies Search);
}

function checkQueries(queries: readonly KeywordQuery[], top: number): void {
  checkCounts(queries.length, top, QUERY_LIMITS);
  for (const { id, query } of queries) {
    const words = new Set(query.length > QUERY_LIMITS.characters ? [] : wordsOf(query).split(' ')).size;
    if (query.length <= QUERY_LIMITS.characters && words <= QUERY_LIMITS.words) continue;
    throw new SluiceError('query_too_large', {
      message: `the query '${id}' has ${query.length} characters and ${words || 'more than enough'} different words`,
      remedy: `shorten it to ${QUERY_LIMITS.characters} characters and ${QUERY_LIMITS.words} different words`,
      data: { id, characters: query.length },
    });
  }
}
