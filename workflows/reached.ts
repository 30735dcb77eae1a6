/**
 * Where a run's unit meets its arms: at the first node reached among those that any arm of the experiment edits, in every
 * arm alike. The call of that node takes the exposure with it; what no call took goes with the run's record.
 */
import type { CarriedAssignment, RunAssignment } from '../src/experiment/assignment.ts';
import type { NodeRun } from '../src/plan/walk.ts';
import type { Met } from './messages.ts';

export interface Reached {
  /** Experiments that are met at this node, each for the first of its nodes alone. */
  at(node: string): readonly RunAssignment[];
  /** Undefined where the run is in no experiment. What is reached is so also where no call was made, or none could begin. */
  inAll(nodes: readonly NodeRun[]): Met | undefined;
}

/** These never came to their turn: what they wait for failed before. */
const UNREACHED: ReadonlySet<NodeRun['outcome']> = new Set(['blocked', 'cancelled']);

export function createReached(assignments: readonly CarriedAssignment[] = []): Reached {
  const waiting = new Set(assignments);
  return {
    at(node) {
      const met = [...waiting].filter(({ nodes }) => nodes.includes(node));
      for (const each of met) waiting.delete(each);
      return met.map(withoutNodes);
    },
    inAll(nodes) {
      if (assignments.length === 0) return undefined;
      const ran = new Set(nodes.filter(({ outcome }) => !UNREACHED.has(outcome)).map(({ node }) => node));
      const isReached = (each: CarriedAssignment) => !waiting.has(each) || each.nodes.some((node) => ran.has(node));
      return {
        assigned: assignments.map(withoutNodes),
        reached: assignments.filter(isReached).map(({ experiment }) => experiment),
      };
    },
  };
}

/** As it is kept. */
export function withoutNodes({ nodes: _, ...assignment }: CarriedAssignment): RunAssignment {
  return assignment;
}
