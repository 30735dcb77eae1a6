/**
 * A frame is a scope at run time: the pipeline itself, one round, one item, or the arm that was taken. It holds what
 * its refs may name, and the state of its nodes; names that it lacks are looked up in the frame around it.
 */
import type { Arm, Json, PlanNode, RepeatNode, Wiring } from '../plan.ts';
import { enter, evaluate, type From, narrow, type Resolved, references } from '../resolve.ts';
import type { NodeRun, WalkError } from './contract.ts';

// The order in which a walk does things. Nothing in the walker waits on a promise: a call's end, or a cancellation, is
// put here, and everything that follows from it is done at once and in one order, which no engine's microtask queue
// can change. First what is known spreads to its readers; when that has ended, scopes that can no longer deliver are
// stopped; only then calls are started. So no call is started that the same event makes useless, and a node that was
// blocked by a failure ends before its siblings are cancelled. Queues, not recursion: long chains need no stack.

type Task = () => void;

export interface Agenda {
  /** Something became known. */
  readonly spread: (task: Task) => void;
  /** A scope can no longer deliver. */
  readonly stop: (task: Task) => void;
  /** A call is ready. */
  readonly start: (task: Task) => void;
  /** Does everything that is due. Re-entrant calls return at once: the one under way does their work. */
  readonly drain: () => void;
}

/**
 * @param findMore called when everything is done; says whether it found more to do
 * @param onCrash gets what a task throws
 */
export function createAgenda(findMore: () => boolean, onCrash: (error: unknown) => void): Agenda {
  const spreading = createQueue();
  const stopping = createQueue();
  const starting = createQueue();
  const next = () => spreading.take() ?? stopping.take() ?? starting.take();
  let draining = false;

  function drain(): void {
    if (draining) return;
    draining = true;
    do {
      try {
        for (let task = next(); task; task = next()) task();
      } catch (error) {
        onCrash(error);
      }
    } while (findMore());
    draining = false;
  }
  return { spread: spreading.add, stop: stopping.add, start: starting.add, drain };
}

/** First in, first out, without moving the rest at each take. */
function createQueue() {
  let tasks: Task[] = [];
  let head = 0;
  return {
    add: (task: Task): void => {
      tasks.push(task);
    },
    take: (): Task | undefined => {
      if (head < tasks.length) return tasks[head++];
      if (head > 0) {
        tasks = [];
        head = 0;
      }
      return undefined;
    },
  };
}

export type Settled<Value> = { readonly value: Value } | { readonly error: WalkError };
export type Reader<Value> = (settled: Settled<Value>) => void;

export interface Cell<Value> {
  settled: Settled<Value> | undefined;
  readers: Reader<Value>[];
}

export function emptyCell<Value>(): Cell<Value> {
  return { settled: undefined, readers: [] };
}

export function knownCell<Value>(value: Value): Cell<Value> {
  return { settled: { value }, readers: [] };
}

/** The value, where it is known. */
export function valueIn<Value>({ settled }: Cell<Value>): Value | undefined {
  return settled && 'value' in settled ? settled.value : undefined;
}

/** Calls the reader at once if the cell is settled, else when it is. */
function read<Value>(cell: Cell<Value>, reader: Reader<Value>): void {
  if (cell.settled) reader(cell.settled);
  else cell.readers.push(reader);
}

export function settleCell<Value>(agenda: Agenda, cell: Cell<Value>, settled: Settled<Value>): void {
  const { readers } = cell;
  cell.settled = settled;
  cell.readers = [];
  for (const reader of readers) agenda.spread(() => reader(settled));
}

/** Waits for all: calls back once, with every value, or with the first failure. */
function readAll<Value>(reads: readonly ((reader: Reader<Value>) => void)[], reader: Reader<readonly Value[]>): void {
  const values = new Array<Value>(reads.length);
  let missing = reads.length;
  let failed = false;
  for (const [index, start] of reads.entries()) {
    start((settled) => {
      if (failed) return;
      if ('error' in settled) {
        failed = true;
        reader(settled);
        return;
      }
      values[index] = settled.value;
      missing -= 1;
      if (missing === 0) reader({ value: values });
    });
  }
  if (reads.length === 0) reader({ value: values });
}

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
