/**
 * The order in which a walk does things. Nothing in the walker waits on a promise: a call's end, or a cancellation, is
 * put here, and everything that follows from it is done at once and in one order, which no engine's microtask queue
 * can change. First what is known spreads to its readers; when that has ended, scopes that can no longer deliver are
 * stopped; only then calls are started. So no call is started that the same event makes useless, and a node that was
 * blocked by a failure ends before its siblings are cancelled. Queues, not recursion: long chains need no stack.
 */
import type { WalkError } from './contract.ts';

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
export function read<Value>(cell: Cell<Value>, reader: Reader<Value>): void {
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
export function readAll<Value>(
  reads: readonly ((reader: Reader<Value>) => void)[],
  reader: Reader<readonly Value[]>,
): void {
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
