/**
 * Maximal marginal relevance (Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering
 * documents and producing summaries", SIGIR 1998): candidates are taken one by one, each time the one whose likeness to
 * the query, less its likeness to the nearest of those taken, is greatest.
 */
import { cosine } from './cosine.ts';

export interface Candidate {
  /** Likeness to the query, as a cosine. */
  readonly score: number;
  /** Without one, it is like none of the others. */
  readonly vector?: Float32Array;
}

/**
 * @param lambda from 0 to 1: how much likeness to the query counts, against difference from what is taken. With 1 the
 * order is that of the scores.
 * @returns at most `count` candidates, in the order taken; among equals the earlier one first
 */
export function diversify<T extends Candidate>(candidates: readonly T[], count: number, lambda: number): readonly T[] {
  const rest = candidates.map((candidate) => ({ candidate, nearest: 0 }));
  const taken: T[] = [];
  while (taken.length < count && rest.length > 0) {
    const values = rest.map(({ candidate, nearest }) => lambda * candidate.score - (1 - lambda) * nearest);
    const [{ candidate: best }] = rest.splice(values.indexOf(Math.max(...values)), 1) as [(typeof rest)[number]];
    for (const entry of rest) {
      const likeness = cosine(entry.candidate.vector, best.vector);
      entry.nearest = taken.length === 0 ? likeness : Math.max(entry.nearest, likeness);
    }
    taken.push(best);
  }
  return taken;
}
