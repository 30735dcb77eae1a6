/**
 * Text as a bag of terms: words without their endings (Porter, "An algorithm for suffix stripping", 1980), stop words
 * left out. The model itself takes any bags, such as the lexemes PostgreSQL makes; passages and queries of one fit must
 * only be made into bags by the same function.
 */
import { stemmer } from 'stemmer';
import { eng } from 'stopword';
import { wordsOf } from '../base/words.ts';
import { LSA_SETTINGS } from './settings.ts';

/** How often each term occurs. Counts are at least 1; those of title words are multiples. */
export type Terms = ReadonlyMap<string, number>;

export interface Bag {
  readonly id: string;
  readonly terms: Terms;
}

/** What PostgreSQL leaves out besides: a query of nothing else must have no terms. */
const MORE_STOP_WORDS = `myself ours ourselves yours yourself yourselves he she hers herself its itself theirs themselves
  whom having does doing until against during above below down off again further once when why few no nor not own so
  s t will just don`;
const STOP_WORDS: ReadonlySet<string> = new Set([...eng, ...MORE_STOP_WORDS.split(/\s+/)]);

/** The terms of a passage: those of its title count more. */
export function bagOf({
  id,
  text,
  title,
}: {
  readonly id: string;
  readonly text: string;
  readonly title?: string;
}): Bag {
  const terms = new Map<string, number>();
  addTerms(terms, text, 1);
  if (title !== undefined) addTerms(terms, title, LSA_SETTINGS.titleWeight);
  return { id, terms };
}

/** The terms of a text without a title, such as a query. Empty where it has none but stop words. */
export function termsOf(text: string): Terms {
  const terms = new Map<string, number>();
  addTerms(terms, text, 1);
  return terms;
}

function addTerms(terms: Map<string, number>, text: string, weight: number): void {
  for (const word of wordsOf(text).split(' ')) {
    if (word === '' || word.length > LSA_SETTINGS.termLength || STOP_WORDS.has(word)) continue;
    const term = stemmer(word);
    terms.set(term, (terms.get(term) ?? 0) + weight);
  }
}
