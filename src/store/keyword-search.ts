/** Keyword search. */
import type { Database } from './database.ts';

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

export interface Search {
  /** True BM25 over one snapshot, all queries in one round trip; answers in the order of the queries. */
  keyword(
    index: string,
    queries: readonly KeywordQuery[],
    options: { readonly top: number; readonly snapshot?: string },
  ): Promise<readonly KeywordAnswer[]>;
}

export declare function createSearch(database: Database): Search;
