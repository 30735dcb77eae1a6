/**
 * Words as the lexical steps compare them: lower case, without endings (Porter's stemmer, 1980), stop words left out.
 * Names such as `streamText` count whole and in their parts, so that 'streaming text' finds them.
 */
import { stemmer } from 'stemmer';
import { eng } from 'stopword';
import { rarityInEnglish } from './everyday.ts';

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
