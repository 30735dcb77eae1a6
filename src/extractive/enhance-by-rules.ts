/**
 * Makes a question searchable by rules alone: what a follow-up refers to is taken from the conversation, compound
 * questions are split, and the keywords stand as a query of their own. No model, so the same question gives the same
 * queries for nothing.
 */

import { deu, eng, fra, ita, nld, por, spa } from 'stopword';
import type { Turn } from '../model/step-schemas.ts';
import { isStopWord, stemOf, termsOf, wordsOf } from './terms.ts';

export interface Enhanced {
  /** The question with what it refers to in the conversation. */
  readonly standalone: string;
  /** ISO 639-1, or `und` if unknown. */
  readonly language: string;
  readonly keywords: readonly string[];
  /** The separate things that a compound question asks; none where it is one. */
  readonly parts: readonly string[];
  /** What to search for, the question itself first; no two search for the same words. */
  readonly queries: readonly string[];
}

/** A longer query finds no more, and the index takes no more than 512 different words. */
const QUERY_WORDS = 200;
const MAX_QUERIES = 4;
const MAX_KEYWORDS = 12;
/** Words of the conversation added to a follow-up. */
const CONTEXT_TERMS = 6;
/** A part of a compound question with fewer content words leans on the rest. */
const PART_TERMS = 2;

const REFERS_BACK = /\b(?:it|its|that|this|they|them|their|those|these|there|one|ones|same|former|latter)\b/i;
const CONTINUES = /^(?:and|but|or|so|then|also|what about|how about|what if|why not)\b/i;
const PARTS = /[?;\n]+|,?\s+(?:and|or)\s+(?=(?:how|what|when|where|which|who|why|can|could|does|do|is|are|should)\b)/i;

export function enhanceByRules(question: string, history: readonly Turn[] = []): Enhanced {
  const asked = question.replace(/\s+/g, ' ').trim();
  const standalone = standAlone(asked, history);
  const parts = partsOf(asked);
  const terms = termsOf(standalone);
  const keywords = terms.map(({ word }) => word).slice(0, MAX_KEYWORDS);
  return {
    standalone,
    language: guessLanguage(asked),
    keywords,
    parts,
    queries: distinctQueries([standalone, ...parts, keywords.join(' ')].map(clipQuery)).slice(0, MAX_QUERIES),
  };
}

/** A follow-up with the words of the question it follows, in brackets; any other question as it is. */
function standAlone(question: string, history: readonly Turn[]): string {
  const before = history.filter(({ role }) => role === 'user').at(-1)?.content;
  if (before === undefined || !isFollowUp(question)) return question;
  const own = new Set(termsOf(question).map(({ stem }) => stem));
  const context = termsOf(before)
    .filter(({ stem }) => !own.has(stem))
    .slice(0, CONTEXT_TERMS);
  return context.length === 0 ? question : `${question} (${context.map(({ word }) => word).join(' ')})`;
}

function isFollowUp(question: string): boolean {
  return CONTINUES.test(question) || REFERS_BACK.test(question) || termsOf(question).length < PART_TERMS;
}

function partsOf(question: string): readonly string[] {
  const parts = question.split(PARTS).map((part) => part.trim());
  const whole = parts.filter((part) => termsOf(part).length >= PART_TERMS);
  return whole.length > 1 ? whole : [];
}

/** Queries that search for different words. The first always stays. */
export function distinctQueries(queries: readonly string[]): string[] {
  const seen = new Set<string>();
  return queries.filter((query, index) => {
    const words = wordsOf(query).filter((word) => !isStopWord(word));
    const key = [...new Set(words.map(stemOf))].sort().join(' ');
    const isNew = index === 0 || (key !== '' && !seen.has(key));
    seen.add(key);
    return isNew;
  });
}

export const clipQuery = (query: string): string => {
  const words = query.split(' ');
  return words.length <= QUERY_WORDS ? query : words.slice(0, QUERY_WORDS).join(' ');
};

/**
 * A guess at the language of a short text: by its script where that decides, else by which language's short words it
 * uses (Grefenstette, "Comparing two language identification schemes", 1995).
 */
const SCRIPTS: readonly (readonly [language: string, script: RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['ko', /\p{Script=Hangul}/u],
  ['zh', /\p{Script=Han}/u],
  ['ru', /\p{Script=Cyrillic}/u],
  ['el', /\p{Script=Greek}/u],
  ['ar', /\p{Script=Arabic}/u],
  ['he', /\p{Script=Hebrew}/u],
  ['th', /\p{Script=Thai}/u],
  ['hi', /\p{Script=Devanagari}/u],
];
/** In order of preference where as many short words fit. */
const SHORT_WORDS: readonly (readonly [language: string, words: ReadonlySet<string>])[] = [
  ['en', new Set([...eng, 'does', 'is', 'can', 'why', 'when', 'who'])],
  ['de', new Set(deu)],
  ['fr', new Set(fra)],
  ['es', new Set(spa)],
  ['it', new Set(ita)],
  ['pt', new Set(por)],
  ['nl', new Set(nld)],
];

/** ISO 639-1, or `und` where nothing decides. */
export function guessLanguage(text: string): string {
  const script = SCRIPTS.find(([, pattern]) => pattern.test(text));
  if (script) return script[0];
  const words = wordsOf(text.toLowerCase());
  const scored = SHORT_WORDS.map(([language, known]) => ({
    language,
    hits: words.filter((word) => known.has(word)).length,
  }));
  const best = scored.reduce((top, each) => (each.hits > top.hits ? each : top));
  return best.hits === 0 ? 'und' : best.language;
}
