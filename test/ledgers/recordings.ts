/** Recorded ledgers: where they are, how an entry is written, and how a changed byte is noticed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashJson } from '../../src/plan/id.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';

/** The version of the method that is recorded now. */
export const METHOD_VERSION = 1;

const folder = import.meta.dirname;

export const fileOf = (version: number, name: string): string => join(folder, `method-${version}`, `${name}.jsonl`);

/** One line of a recording. */
export interface RecordedEntry extends LedgerEntry {
  /** SHA-256 of this entry and of the hash before it. */
  readonly hash: string;
}

export function textOf(entries: readonly LedgerEntry[]): string {
  let previous: string | null = null;
  const lines = entries.map(({ entryNo, lookNo, kind, at, content }) => {
    const entry = { entryNo, lookNo, kind, at, content };
    previous = entryHash(previous, entry);
    return `${JSON.stringify({ ...entry, hash: previous })}\n`;
  });
  return lines.join('');
}

export const entriesOf = (text: string): readonly RecordedEntry[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedEntry);

const entryHash = (previous: string | null, { entryNo, lookNo, kind, at, content }: LedgerEntry): string =>
  hashJson([previous, entryNo, lookNo, kind, at, content]);

/** Numbers of the entries whose hash does not fit them and the hash before them. */
export const brokenHashes = (entries: readonly RecordedEntry[]): readonly number[] =>
  entries
    .filter((entry, index) => entry.hash !== entryHash(entries[index - 1]?.hash ?? null, entry))
    .map(({ entryNo }) => entryNo);

export interface Recording {
  /** `method-1/promoted`. */
  readonly name: string;
  readonly text: string;
}

/** All of them, of all versions. */
export const readRecordings = (): readonly Recording[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => ({ name: file.replace('.jsonl', ''), text: readFileSync(join(folder, file), 'utf8') }));
