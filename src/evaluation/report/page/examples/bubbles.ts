/** Examples at the same place of the picture, as one bubble: of passes and failures there are four places for all. */
import { MISSING, type Pairs } from './pairs.ts';

/** With so few places for all points, points of a place are one bubble, sized by their count. */
const MOST_BUBBLES = 60;
export interface Bubble {
  readonly first: number;
  readonly second: number;
  readonly outcome: number;
  readonly examples: readonly number[];
}

/** Null: there are too many places, and each example is a point. */
export function bubblesOf(pairs: Pairs): readonly Bubble[] | null {
  const places = new Map<string, Bubble & { readonly examples: number[] }>();
  for (const [example, first] of pairs.first.entries()) {
    if (pairs.outcome[example]! >= MISSING) continue;
    const second = pairs.second[example]!;
    const key = `${first} ${second}`;
    const known = places.get(key);
    if (known !== undefined) known.examples.push(example);
    else if (places.size === MOST_BUBBLES) return null;
    else places.set(key, { first, second, outcome: pairs.outcome[example]!, examples: [example] });
  }
  return [...places.values()].sort((one, other) => other.examples.length - one.examples.length);
}
