/** What is said below the hits of a search: what their scores are, or why there are none, and what to try next. */
import type { SearchMode } from '../retrieval/search.ts';

export interface Searched {
  readonly index: string;
  readonly mode: SearchMode;
  readonly query: string;
  readonly hits: number;
  readonly isExplained: boolean;
}

const SCORES: { readonly [mode in SearchMode]: string } = {
  keyword: 'scores are BM25: they compare within one answer only',
  vector: 'scores are cosines, at most 1',
  hybrid: 'scores are those of both searches, fused, at most 1',
};
const EXPLAINED =
  'keyword: BM25 · vector: cosine · fused: both, at most 1 · reranked: among the hits shown · –: not in that list';
const NOTHING: { readonly [mode in SearchMode]: string } = {
  keyword: 'no passage has any of its words, leaving out the most common such as "the"',
  vector: 'the embedding model knows none of its words',
  hybrid: 'no passage has any of its words, and the embedding model knows none of them',
};

/** Lines, of which the last is a command where there is one to try. */
export function searchNotes({ index, mode, query, hits, isExplained }: Searched): readonly string[] {
  const again = (options: string) => `sluice search --index ${index} ${options} ${quoted(query)}`;
  if (hits === 0) return [NOTHING[mode], ...(mode === 'keyword' ? [`by meaning, too: ${again('--mode hybrid')}`] : [])];
  if (isExplained) return [EXPLAINED];
  const options = mode === 'keyword' ? '--explain' : `--mode ${mode} --explain`;
  return [SCORES[mode], `why each is there: ${again(options)}`];
}

const LONGEST_SHOWN = 200;

/** As a shell takes it literally; a text that nobody would paste is left out. */
const quoted = (query: string) =>
  query.length > LONGEST_SHOWN || query.includes('\n') ? "'…'" : `'${query.replaceAll("'", String.raw`'\''`)}'`;
