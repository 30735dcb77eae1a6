/** Several ranked lists as one. Pure: what the `fuse` step does, and hybrid search on the command line. */

export interface Ranked {
  readonly id: string;
  readonly score: number;
}

export interface FuseOptions {
  readonly by: 'rank' | 'score';
  /** By rank only: how little the first places count above those behind them. */
  readonly k: number;
  /** One per list, in their order; lists without one count 1. */
  readonly weights: readonly number[];
}

/**
 * The items of all lists, best first, each as the first list that has it gives it, with its fused score; equal ones in
 * the order in which they were met.
 *
 * By rank: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), weight / (k + rank) in each list that has
 * the item. Only ranks count, so scores of different kinds need no common scale.
 *
 * By score: a convex combination of scores, each list's stretched from 0, its worst, to 1, its best (Bruch, Gai and
 * Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023). What one list finds far better than all
 * else stays in front, though another list may not have it.
 */
export function fuseLists<T extends Ranked>(lists: readonly (readonly T[])[], { by, k, weights }: FuseOptions): T[] {
  const fused = new Map<string, { readonly item: T; score: number }>();
  for (const [index, list] of lists.entries()) {
    const weight = weights[index] ?? 1;
    const once = distinct(list);
    const worths = by === 'rank' ? once.map((_, rank) => 1 / (k + rank + 1)) : stretched(once);
    for (const [rank, item] of once.entries()) {
      const entry = fused.get(item.id) ?? { item, score: 0 };
      entry.score += weight * worths[rank]!;
      fused.set(item.id, entry);
    }
  }
  const ranked = [...fused.values()].sort((one, other) => other.score - one.score);
  return ranked.map(({ item, score }) => ({ ...item, score }));
}

/** The first of each id. */
export function distinct<T extends Pick<Ranked, 'id'>>(list: readonly T[]): T[] {
  const seen = new Set<string>();
  return list.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Scores from 0 to 1; all 1 where they are equal. */
function stretched(list: readonly Ranked[]): readonly number[] {
  const scores = list.map(({ score }) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (most === least ? 1 : (score - least) / (most - least)));
}
