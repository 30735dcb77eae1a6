/** All that a file is made of: itself, the files it refers to, theirs, and the packages that any of them uses. */
import { SluiceError } from '../../base/errors.ts';
import type { Found } from './resolve.ts';
import { readSource, type SourceFile } from './source-file.ts';

export interface DigestLimits {
  /** Of one step's code. */
  readonly files: number;
  readonly fileBytes: number;
  /** Of one step's code, in all. */
  readonly totalBytes: number;
}

export const DIGEST_LIMITS: DigestLimits = Object.freeze({
  files: 5_000,
  fileBytes: 8 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
});

export interface SourceGraph {
  /** Place and hash of each file, in the order of places. */
  readonly files: readonly (readonly [place: string, hash: string])[];
  /** `zod@4.6.7`, in order. */
  readonly packages: readonly string[];
  /** What code names that is not there, in order. */
  readonly absent: readonly string[];
}

/**
 * What belongs to the file at `entry`, a path.
 *
 * @throws SluiceError `source_missing`, `source_unreadable`, `source_unparsable`, `source_too_large`
 */
export async function readGraph(entry: string, limits: DigestLimits): Promise<SourceGraph> {
  const files = new Map<string, SourceFile>();
  const found: Found[] = [];
  let bytes = 0;
  let next = [entry];
  while (next.length > 0) {
    if (files.size + next.length > limits.files) throw tooMuch(entry, `${limits.files} files`);
    const read = await Promise.all(next.map((path) => readSource(path, limits.fileBytes)));
    for (const [index, file] of read.entries()) {
      files.set(next[index]!, file);
      found.push(...file.found);
      bytes += file.bytes;
    }
    if (bytes > limits.totalBytes) throw tooMuch(entry, `${limits.totalBytes} bytes`);
    const named = read.flatMap((file) => file.found.flatMap((each) => ('file' in each ? [each.file] : [])));
    next = [...new Set(named)].filter((path) => !files.has(path));
  }
  checkCode(entry, files);
  const all = [...files.values()].map(({ place, hash }) => [place, hash] as const);
  return {
    files: all.sort(([one, oneHash], [other, otherHash]) => order(one, other) || order(oneHash, otherHash)),
    packages: sorted(found.flatMap((each) => ('package' in each ? [each.package] : []))),
    absent: sorted(found.flatMap((each) => ('absent' in each ? [each.absent] : []))),
  };
}

/**
 * What was loaded can be parsed, and what it imports was there: otherwise it is not what was loaded. A file that is read as
 * data may look like code and be none: a template, say.
 */
function checkCode(entry: string, files: ReadonlyMap<string, SourceFile>): void {
  const code = new Set([entry]);
  // Files that are added meanwhile have their turn, too.
  for (const path of code) {
    const { problem, found } = files.get(path)!;
    if (problem !== undefined) throw unparsable(path, problem);
    for (const each of found) {
      if ('missing' in each) throw missing(path, each.missing);
      if ('file' in each && !each.mayBeData) code.add(each.file);
    }
  }
}

/** By code unit, as `sort` without a function does: a locale would order otherwise on another machine. */
const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

function missing(path: string, specifier: string): SluiceError {
  return new SluiceError('source_missing', {
    message: `${path} imports '${specifier}', which is not there`,
    remedy: 'has it been moved since this process started? Restart it with the code that it is to run',
    data: { file: path, specifier },
  });
}

function unparsable(path: string, problem: string): SluiceError {
  return new SluiceError('source_unparsable', {
    message: `${path} cannot be parsed, so what it imports is not known: ${problem}`,
    remedy: 'correct it; npx tsc --noEmit shows the place',
    data: { file: path, problem },
  });
}

function tooMuch(entry: string, limit: string): SluiceError {
  return new SluiceError('source_too_large', {
    message: `${entry} and what it imports are more than ${limit}: no step's code is read beyond`,
    remedy: 'implement the step in a file that imports only what it needs',
    data: { file: entry, limit },
  });
}
