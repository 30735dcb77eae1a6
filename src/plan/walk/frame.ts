/**
 * A frame is a scope at run time: the pipeline itself, one round, one item, or the arm that was taken. It holds what
 * its refs may name, and the state of its nodes; names that it lacks are looked up in the frame around it.
 */
import type { Arm, Json, PlanNode, RepeatNode, Wiring } from '../plan.ts';
import { enter, evaluate, type From, narrow, type Resolved, references } from '../resolve.ts';
import { type Cell, type Reader, read, readAll, type Settled } from './agenda.ts';
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

function lookUp(frame: Frame, name: string): Source | undefined {
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

/*
 * Waiting for wiring: a reader is called when every ref of a wiring is known, or at the first that never will be. A ref
 * into a loop waits for the loop, and then only for what it reads of the last complete round: containers are no barriers.
 */

export type Known = Settled<Json | undefined>;

/** A wiring that comes to nothing is the fault of its owner, whose error it becomes. */
export function whenKnown(wiring: Wiring, frame: Frame, owner: Owner, reader: Reader<Json | undefined>): void {
  const refs = references(wiring);
  readAll(
    refs.map((ref) => (next: Reader<Json | undefined>) => readRef(ref, frame, owner, next)),
    (settled) => {
      if ('error' in settled) return reader(settled);
      const values = new Map(refs.map((ref, index) => [ref, settled.value[index]]));
      reader(
        blame(
          owner,
          evaluate(wiring, (ref) => values.get(ref)),
        ),
      );
    },
  );
}

/** As `whenKnown`, for several wirings at once. */
export function whenAllKnown(
  wirings: readonly Wiring[],
  frame: Frame,
  owner: Owner,
  reader: Reader<readonly (Json | undefined)[]>,
): void {
  readAll(
    wirings.map((wiring) => (next: Reader<Json | undefined>) => whenKnown(wiring, frame, owner, next)),
    reader,
  );
}

/** As `whenKnown`, for some fields of what is wired. */
function whenFieldsKnown(
  wiring: Wiring,
  fields: readonly string[],
  frame: Frame,
  owner: Owner,
  reader: Reader<Json | undefined>,
): void {
  const narrowed = narrow(wiring, fields);
  whenKnown(narrowed.wiring, frame, owner, (settled) => {
    reader('error' in settled ? settled : blame(owner, enter(settled.value, narrowed.fields, owner.node)));
  });
}

function readRef(ref: From, frame: Frame, owner: Owner, reader: Reader<Json | undefined>): void {
  const [name, ...fields] = ref;
  const source = lookUp(frame, name);
  if (!source) {
    reader({ error: errorOf(owner, 'WiringUnknown', `there is no '${name}' to read '${ref.join('.')}' from`) });
  } else if (source.kind === 'value') {
    read(source.cell, (settled) => {
      reader('error' in settled ? settled : blame(owner, enter(settled.value, fields, name)));
    });
  } else {
    read(source.cell, (settled) => {
      if ('error' in settled) return reader(settled);
      whenFieldsKnown(seenOutside(source.node.yields, settled.value), fields, settled.value.frame, owner, reader);
    });
  }
}

/** A loop as wiring: what it yields, to be read in its last round, and how many rounds there were. */
export function seenOutside(yields: { readonly [name: string]: Wiring }, last: LastRound): Wiring {
  return { $object: { ...yields, rounds: { $value: last.rounds } } };
}

/** A fault as the error of the node whose wiring it is in. */
export function blame<Value>(owner: Owner, resolved: Resolved<Value>): Settled<Value> {
  if (!('fault' in resolved)) return resolved;
  return { error: errorOf(owner, resolved.fault.code, resolved.fault.message) };
}
