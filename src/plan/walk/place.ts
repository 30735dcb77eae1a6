/** Puts a node of an entered scope to work, by its kind. */
import type { PlanNode } from '../plan.ts';
import { placeBranch } from './branch.ts';
import type { NodeState } from './frame.ts';
import { placeMap } from './map.ts';
import { placeRepeat } from './repeat.ts';
import type { Run } from './run.ts';
import { placeStep } from './step.ts';

export function place(run: Run, state: NodeState): void {
  const { node } = state;
  switch (node.kind) {
    case 'step':
      placeStep(run, state, node);
      break;
    case 'repeat':
      placeRepeat(run, state, node);
      break;
    case 'branch':
      placeBranch(run, state, node);
      break;
    case 'map':
      placeMap(run, state, node);
      break;
    default:
      throw new Error(`no node kind '${(node satisfies never as PlanNode).kind}'`);
  }
}
