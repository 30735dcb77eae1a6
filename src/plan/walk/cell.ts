/**
 * A value that will be known once, or never: what a node's readers wait for. Like a promise, but its readers are called
 * in the agenda's order, and one that nobody reads rejects nothing.
 */
import type { Agenda } from './agenda.ts';
import type { WalkError } from './contract.ts';

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
