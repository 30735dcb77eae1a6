/** A branch: it waits for its condition alone, enters one arm, and is known as soon as that arm's yield is. */
import type { BranchNode } from '../plan.ts';
import { condition } from '../resolve.ts';
import { type NodeState, ownerOf } from './frame.ts';
import { blame } from './known.ts';
import { awaitWiring, fail, openFrame, type Run, succeed } from './run.ts';

export function placeBranch(run: Run, state: NodeState, node: BranchNode): void {
  const { frame } = state;
  awaitWiring(state, node.when, frame, (known) => {
    if ('error' in known) return fail(run, state, known.error);
    const taken = blame(ownerOf(state), condition(known.value, `the condition of '${node.id}'`));
    if ('error' in taken) return fail(run, state, taken.error);
    const arm = taken.value ? node.then : node.otherwise;
    state.arm = arm;
    const inside = openFrame(run, arm.nodes, state, frame.index);
    awaitWiring(state, arm.yields, inside, (yielded) => {
      if ('error' in yielded) return fail(run, state, yielded.error);
      succeed(run, state, 'completed', yielded.value);
    });
  });
}
