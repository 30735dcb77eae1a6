/**
 * A corpus several times as large as a given one, with the vocabulary that so much text would have: copies of its
 * passages of which no two are alike. In each copy a tenth of the words is left out and a tenth replaced by words drawn
 * as often as they occur; and so many terms, rare ones rather than common ones, are renamed throughout the copy that
 * the vocabulary grows as that of English text does (Heaps' law, V ∝ nᵇ, with the largest b reported for it).
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { bagOf } from '../../src/lsa/corpus.ts';

export interface Text {
  readonly id: string;
  readonly title?: string;
  readonly text: string;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const LEFT_OUT = 0.1;
const REPLACED = 0.1;
/** Behind a renamed word: no ending that stemming takes away. */
const MARKS = 'bcdfghjkmnpqvwxz';

/** Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, 5.1.1: 0.4 to 0.6. */
const HEAPS = 0.6;

/** The given passages first, then `copies - 1` copies, one passage at a time. */
export function* grow(texts: readonly Text[], copies: number): Generator<Text> {
  yield* texts;
  const generator = xoroshiro128plus(1);
  const random = () => uniformFloat64(generator);
  const words = texts.flatMap(({ text }) => wordsOf(text));
  const terms = new Set(texts.flatMap((each) => [...bagOf(each).terms.keys()])).size;
  for (let copy = 1; copy < copies; copy++) {
    const fresh = Math.round(terms * ((copy + 1) ** HEAPS - copy ** HEAPS));
    const renamed = drawRare(words, fresh, random);
    const rename = (word: string) => (renamed.has(word.toLowerCase()) ? `${word}${MARKS[copy]}o` : word);
    const perturb = (word: string) => {
      const chance = random();
      if (chance < LEFT_OUT) return '';
      return rename(chance < LEFT_OUT + REPLACED ? words[Math.floor(random() * words.length)]! : word);
    };
    for (const { id, title, text } of texts)
      yield {
        id: `${copy}/${id}`,
        text: text.replace(WORD, perturb),
        ...(title !== undefined && { title: title.replace(WORD, rename) }),
      };
  }
}

const wordsOf = (text: string): readonly string[] => text.match(WORD) ?? [];

/** Distinct words, drawn with a weight of 1 / how often they occur (Efraimidis and Spirakis, 2006). */
function drawRare(words: readonly string[], count: number, random: () => number): ReadonlySet<string> {
  const occurrences = new Map<string, number>();
  for (const word of words.map((each) => each.toLowerCase())) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  const keyed = Array.from(occurrences, ([word, times]) => ({ word, key: random() ** times }));
  return new Set(
    keyed
      .sort((one, other) => other.key - one.key)
      .slice(0, count)
      .map(({ word }) => word),
  );
}
