/**
 * The ledger: what the steps of all worker processes really did, as lines of one file that no crash can take back. Each
 * execution writes that it started and ended; an effect is applied as a provider with idempotency keys would, at most
 * once per key. The test reads the file, and waits on it for the moment to strike.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';

export interface LedgerLine {
  /** `refused`: the effect of this key had been applied already. */
  readonly event: 'start' | 'beat' | 'effect' | 'refused' | 'end';
  /** `<run id>:<node key>` */
  readonly key: string;
  readonly attempt: number;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface LedgerWriter {
  note(event: 'start' | 'beat' | 'end', call: { readonly key: string; readonly attempt: number }): void;
  /** Applies the effect of this key, unless it was applied before. */
  apply(call: { readonly key: string; readonly attempt: number }): void;
}

const fileIn = (folder: string) => join(folder, 'ledger.jsonl');

export function writeLedger(folder: string): LedgerWriter {
  const append = (event: LedgerLine['event'], { key, attempt }: { readonly key: string; readonly attempt: number }) => {
    const line: LedgerLine = { event, key, attempt, pid: process.pid, at: Date.now() };
    appendFileSync(fileIn(folder), `${JSON.stringify(line)}\n`);
  };
  return {
    note: append,
    apply(call) {
      append(takeKey(folder, call.key) ? 'effect' : 'refused', call);
    },
  };
}

/** True for the first who asks, in whichever process. */
function takeKey(folder: string, key: string): boolean {
  try {
    closeSync(openSync(join(folder, createHash('sha256').update(key).digest('hex')), 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export interface Ledger {
  readonly folder: string;
  lines(): readonly LedgerLine[];
  /** Resolves as soon as the lines fulfil the condition. */
  until(what: string, condition: (lines: readonly LedgerLine[]) => boolean): Promise<void>;
}

const WAIT_LIMIT_MS = 90_000;

export function openLedger(folder: string): Ledger {
  mkdirSync(folder, { recursive: true });
  const file = fileIn(folder);
  appendFileSync(file, '');
  const lines = () => parse(readFileSync(file, 'utf8'));
  return Object.freeze({
    folder,
    lines,
    until: (what: string, condition: (lines: readonly LedgerLine[]) => boolean) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          try {
            if (condition(lines())) end(resolve);
          } catch (error) {
            end(() => reject(error)); // the scene is over, and its ledger gone
          }
        };
        const end = (settle: () => void) => {
          clearTimeout(timer);
          watcher.close();
          settle();
        };
        const timer = setTimeout(() => end(() => reject(new Error(`never came: ${what}`))), WAIT_LIMIT_MS);
        const watcher = watch(file, look);
        look();
      }),
  });
}

/** Whole lines only: the last may be half written. */
function parse(text: string): LedgerLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerLine);
}

const executionOf = ({ key, attempt, pid }: LedgerLine) => `${key} ${attempt} ${pid}`;

/** Executions that started (in one process, where given) and have not ended. */
export function underWay(lines: readonly LedgerLine[], pid?: number): readonly LedgerLine[] {
  const ended = new Set(lines.filter(({ event }) => event === 'end').map(executionOf));
  return startsIn(lines, pid).filter((line) => !ended.has(executionOf(line)));
}

export function startsIn(lines: readonly LedgerLine[], pid?: number): readonly LedgerLine[] {
  return lines.filter((line) => line.event === 'start' && (pid === undefined || line.pid === pid));
}

export interface Tally {
  readonly executions: number;
  /** Executions beyond the first of their key. */
  readonly repeated: number;
  /** Keys whose effect was applied. A worker that is killed may not have written that down: then a later one was refused. */
  readonly effects: number;
  /** Keys whose effect was applied more than once. */
  readonly duplicateEffects: number;
}

export function tally(lines: readonly LedgerLine[]): Tally {
  const starts = startsIn(lines);
  const effects = lines.filter(({ event }) => event === 'effect');
  const applied = new Set(lines.filter(({ event }) => event === 'effect' || event === 'refused').map(({ key }) => key));
  return {
    executions: starts.length,
    repeated: starts.length - new Set(starts.map(({ key }) => key)).size,
    effects: applied.size,
    duplicateEffects: effects.length - new Set(effects.map(({ key }) => key)).size,
  };
}
