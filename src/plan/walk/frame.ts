/**
 * A frame is a scope at run time: the pipeline itself, one round, one item, or the arm that was taken. It holds what
 * its refs may name, and the state of its nodes; names that it lacks are looked up in the frame around it.
 */
import type { Arm, Json, PlanNode, RepeatNode } from '../plan.ts';
import type { Cell } from './cell.ts';
import type { NodeRun, WalkError } from './contract.ts';

/** How far a node has come in one frame. */
export interface NodeState {
  readonly node: PlanNode;
  readonly key: string;
  readonly frame: Frame;
  /** Where its readers wait. */
  readonly source: Source;
  /** The rounds, items or arm opened inside it. */
  readonly scopes: Frame[];
  /** Set once, when the node run settles. */
  run: NodeRun | undefined;
  call: 'step' | 'fallback' | undefined;
  /** Of a branch: set when it is entered. */
  arm: Arm | undefined;
  /** Set while a call is under way. */
  abort: AbortController | undefined;
}

/** What a loop shows outside: its yields, read in its last complete round. */
export interface LastRound {
  readonly frame: Frame;
  readonly rounds: number;
}

/** Where a ref's first name leads. */
export type Source =
  | { readonly kind: 'value'; readonly cell: Cell<Json | undefined> }
  | { readonly kind: 'loop'; readonly cell: Cell<LastRound>; readonly node: RepeatNode };

export interface Frame {
  readonly parent: Frame | undefined;
  /** What its node runs' keys end in: `[2][0]`. */
  readonly index: string;
  readonly sources: Map<string, Source>;
  readonly states: NodeState[];
  stopped: boolean;
}

/** Whom to blame for wiring that comes to nothing: the node it belongs to. */
export interface Owner {
  readonly node: string;
  readonly key: string;
}

export function ownerOf(state: NodeState): Owner {
  return { node: state.node.id, key: state.key };
}

export function lookUp(frame: Frame, name: string): Source | undefined {
  return holderOf(frame, name)?.sources.get(name);
}

/** The innermost frame, from this one outwards, that has something of this name. */
export function holderOf(frame: Frame | undefined, name: string): Frame | undefined {
  let at = frame;
  while (at && !at.sources.has(name)) at = at.parent;
  return at;
}

export function errorOf(owner: Owner, code: string, message: string): WalkError {
  return { node: owner.node, key: owner.key, code, message };
}
