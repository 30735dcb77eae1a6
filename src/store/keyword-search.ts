/**
 * Keyword search: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) over
 * the postings of one snapshot, with N, average length and document frequencies of that snapshot. Words come from
 * PostgreSQL's own English stemming; a query matches by any of its distinct words, and has no operators.
 */
import { SluiceError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';
import type { Database } from './database.ts';
import { findSnapshot } from './indexes.ts';
import { KEYWORD_SQL } from './keyword-sql.ts';
import { checkCounts } from './search-limits.ts';

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

type Row = KeywordHit & { readonly clear: boolean; readonly queryNo: number | null };

export function createSearch(database: Database): Search {
  return Object.freeze({
    async keyword(index, queries, { top, snapshot }) {
      checkQueries(queries, top);
      const words = queries.map(({ query }) => wordsOf(query));
      const rows = await database.query<Row>(KEYWORD_SQL, [index, snapshot?.toLowerCase() ?? null, words, top]);
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
