/** One file, as it counts in a digest: what it holds, and which files and packages it refers to. */
import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { readCode } from './code.ts';
import { placeOf } from './package.ts';
import { type Found, resolveReference } from './resolve.ts';

export interface SourceFile {
  /** The same in every checkout. */
  readonly place: string;
  readonly bytes: number;
  /** SHA-256 of what counts, hex. */
  readonly hash: string;
  readonly found: readonly Found[];
  /** Why it could not be read as the code that its name says it is. */
  readonly problem?: string;
}

const CODE: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx']);

/** By path. What a process has loaded stays as it was, so what it has read does, too. */
const files = new Map<string, Promise<SourceFile>>();

/**
 * A file of at most so many bytes, read once per process.
 *
 * @throws SluiceError `source_missing`, `source_unreadable`, `source_too_large`
 */
export function readSource(path: string, limitBytes: number): Promise<SourceFile> {
  const known = files.get(path);
  if (known) return known;
  const reading = read(path, limitBytes);
  files.set(path, reading);
  // It may be there the next time.
  reading.catch(() => files.delete(path));
  return reading;
}

async function read(path: string, limitBytes: number): Promise<SourceFile> {
  const content = await readBytes(path, limitBytes);
  const facts = { place: placeOf(path), bytes: content.length };
  const text = textOf(content);
  if (text === undefined) return { ...facts, hash: hash('sha256', content), found: [] };
  const code = CODE.has(extname(path)) ? readCode(path, text) : { text, references: [] };
  if ('problem' in code) return { ...facts, hash: hash('sha256', text), found: [], problem: code.problem };
  const found = code.references.map((reference) => resolveReference(reference, path));
  return { ...facts, hash: hash('sha256', code.text), found: found.filter((each) => each !== undefined) };
}

async function readBytes(path: string, limitBytes: number): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > limitBytes) throw tooLarge(path, size, limitBytes);
    return await readFile(path);
  } catch (error) {
    throw error instanceof SluiceError ? error : unreadable(path, error);
  }
}

/** Without what editors and checkouts change: line ends, and a byte order mark. Undefined for what is no text. */
function textOf(content: Buffer): string | undefined {
  return content.includes(0) ? undefined : new TextDecoder().decode(content).replace(/\r\n?/g, '\n');
}

const CHANGED = 'has it been moved since this process started? Restart it with the code that it is to run';

function unreadable(path: string, cause: unknown): SluiceError {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new SluiceError(isMissing ? 'source_missing' : 'source_unreadable', {
    message: isMissing
      ? `${path} is not there, though a step's code needs it`
      : `${path}, which a step's code needs, cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    remedy: isMissing ? CHANGED : 'let this process read it',
    data: { file: path },
    cause,
  });
}

function tooLarge(path: string, bytes: number, limitBytes: number): SluiceError {
  return new SluiceError('source_too_large', {
    message: `${path} has ${bytes} bytes: of a file that a step's code refers to, at most ${limitBytes} are read`,
    remedy: 'let the step find large data by its config, with a name that changes when the data do',
    data: { file: path, bytes, limitBytes },
  });
}
