/**
 * Where a run's unit meets its arms: the call of the first node reached among those that any arm of the experiment edits
 * takes the exposure with it, before anything is done. What no call took is decided with the run's record.
 */
import type { CarriedAssignment, RunAssignment } from './assignment.ts';

export interface Reached {
  /** Experiments that are met at this node, each for the first of its nodes alone. */
  at(node: string): readonly RunAssignment[];
}

export function createReached(assignments: readonly CarriedAssignment[] = []): Reached {
  const waiting = new Set(assignments);
  return {
    at(node) {
      const met = [...waiting].filter(({ nodes }) => nodes.includes(node));
      for (const each of met) waiting.delete(each);
      return met.map(withoutNodes);
    },
  };
}

/** As it is kept. */
export function withoutNodes({ nodes: _, ...assignment }: CarriedAssignment): RunAssignment {
  return assignment;
}
