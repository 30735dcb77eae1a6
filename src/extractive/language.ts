/**
 * A guess at the language of a short text: by its script where that decides, else by which language's short words it
 * uses (Grefenstette, "Comparing two language identification schemes", 1995).
 */
import { deu, eng, fra, ita, nld, por, spa } from 'stopword';
import { wordsOf } from './terms.ts';

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
