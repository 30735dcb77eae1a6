/**
 * Digests of the code of steps: stored values are reused while the digest is equal, whatever the version says. A digest
 * covers the function, its file, all files that it imports (transitively) or names, and the versions of the packages
 * used. Comments, layout, types and file locations do not count, so equal code has equal digests in all processes.
 */
import { hash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createRequire, findPackageJSON, isBuiltin } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { moduleResolve } from 'import-meta-resolve';
import { SluiceError } from '../../base/errors.ts';
import type { Implemented } from '../../boundary/implement.ts';
import { stepName } from '../../dsl/step.ts';
import { canonicalJson } from '../../plan/id.ts';
import type { Json } from '../../plan/plan.ts';
import { functionText, type Reference, readCode } from './code.ts';

/**
 * The digest of each implementation, 64 hex digits, by its step's `name@version`. Files are read once per process; to be
 * called when code has just been loaded, since a file may be edited while a process runs what was in it.
 *
 * @throws SluiceError `source_unknown`, `source_missing`, `source_unreadable`, `source_unparsable`, `source_too_large`
 */
export async function digestsOf(
  implementations: readonly Implemented[],
  limits: DigestLimits = DIGEST_LIMITS,
): Promise<ReadonlyMap<string, string>> {
  const graphs = new Map<string, Promise<SourceGraph>>();
  const graphOf = (path: string) => graphs.get(path) ?? graphs.set(path, readGraph(path, limits)).get(path)!;
  const digests = implementations.map(async (implemented) => {
    const { files, packages, absent } = await graphOf(pathOf(implemented));
    const subject = { files, packages, absent, run: functionText(implemented.run) };
    return [stepName(implemented.step), hash('sha256', canonicalJson(subject as unknown as Json))] as const;
  });
  return new Map(await Promise.all(digests));
}

function pathOf({ step, source }: Implemented): string {
  if (source?.startsWith('file:')) return fileURLToPath(source);
  throw new SluiceError('source_unknown', {
    message: `it is not known which file implements '${stepName(step)}', so not when its scores are out of date`,
    remedy: 'bind it by implement() in a file, or hand that file on: implement(step, run, import.meta.url)',
    data: { step: stepName(step), ...(source !== undefined && { source }) },
  });
}

export interface DigestLimits {
  /** Of one step's code. */
  readonly files: number;
  readonly fileBytes: number;
  /** Of one step's code, in all. */
  readonly totalBytes: number;
}

/** All that a file is made of: itself, the files it refers to, theirs, and the packages that any of them uses. */
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
async function readGraph(entry: string, limits: DigestLimits): Promise<SourceGraph> {
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

/** One file, as it counts in a digest: what it holds, and which files and packages it refers to. */
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
function readSource(path: string, limitBytes: number): Promise<SourceFile> {
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

/** Resolves references as Node does: to a file, whose content counts, or to a package, whose version counts. */
export type Found =
  /** Path of a file; it may be read as data rather than run. */
  | { readonly file: string; readonly mayBeData?: true }
  /** `zod@4.6.7` */
  | { readonly package: string }
  /** What is not there and need not be: it counts by its name. */
  | { readonly absent: string }
  /** What the code cannot have been loaded without. */
  | { readonly missing: string };

/** What Node has when it imports. Those that a process adds by `--conditions` are not known here. */
const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'node-addons']);
const BARE = /^(?![./#]|file:)/;
/** `https:`, `data:`. */
const FOREIGN = /^(?!file:)[a-z][a-z\d+.-]+:/i;
const INSTALLED = `${sep}node_modules${sep}`;

/**
 * @param from path of the file that refers
 * @returns undefined for what is Node's own, not of this machine, or a folder
 */
function resolveReference(reference: Reference, from: string): Found | undefined {
  const { specifier, kind } = reference;
  const isFile = kind === 'file';
  if ((!isFile && isBuiltin(specifier)) || FOREIGN.test(specifier)) return undefined;
  const installed = !isFile && BARE.test(specifier) ? findInstalled(specifier, from) : undefined;
  if (installed !== undefined) return installed;
  try {
    return resolve(reference, from);
  } catch {
    return kind === 'import' ? { missing: specifier } : { absent: specifier };
  }
}

/** @throws Error if there is no such file */
function resolve({ specifier, kind }: Reference, from: string): Found | undefined {
  const base = pathToFileURL(from);
  if (kind === 'file') {
    const file = fileURLToPath(new URL(specifier, base));
    return statSync(file).isFile() ? { file, mayBeData: true } : undefined;
  }
  const file =
    kind === 'require'
      ? createRequire(from).resolve(specifier)
      : fileURLToPath(moduleResolve(specifier, base, new Set(CONDITIONS)));
  // A name of `imports` in package.json may stand for a package.
  return (specifier.startsWith('#') ? installedAt(file, from) : undefined) ?? { file };
}

/**
 * The package that a name means, if it is an installed one. One that is linked to a folder of the project (a workspace), or
 * the referring file's own, is not: its code may change while its version stays.
 */
function findInstalled(specifier: string, from: string): Found | undefined {
  const folder = packageFolder(specifier, from);
  return folder === undefined ? { absent: specifier } : installedAt(folder, from);
}

/** The package that a file or folder belongs to, if that is an installed one and another than that of `from`. */
function installedAt(path: string, from: string): Found | undefined {
  const found = packageOf(path);
  if (found === undefined || !path.includes(INSTALLED) || found.folder === packageOf(from)?.folder) return undefined;
  return { package: `${found.name}@${found.version}` };
}

/** The package of a file: files are named relative to it, not to the checkout. */
export interface Package {
  /** Of its package.json. */
  readonly folder: string;
  /** Empty where package.json has none. */
  readonly name: string;
  readonly version: string;
}

/** By folder; each package.json is read once. */
const packages = new Map<string, Package | undefined>();

/** The folder of the package that a bare specifier means where `from`, a path, names it; undefined where there is none. */
function packageFolder(specifier: string, from: string): string | undefined {
  try {
    const manifest = findPackageJSON(specifier, pathToFileURL(from));
    // A linked package is where its files are.
    return manifest && dirname(realpathSync(manifest));
  } catch {
    return undefined; // not installed
  }
}

/**
 * The package that a file or folder belongs to. A package.json without a name lies within a package and only says how its
 * folder is to be loaded, unless there is no other.
 */
function packageOf(path: string): Package | undefined {
  if (packages.has(path)) return packages.get(path);
  const above = dirname(path);
  const own = readPackage(path);
  const found = own?.name || above === path ? own : (packageOf(above) ?? own);
  packages.set(path, found);
  return found;
}

/** A name for a file that is the same in every checkout: `docs-bot:activities/words.ts`. */
function placeOf(path: string): string {
  const { name, folder } = packageOf(path) ?? { name: '', folder: dirname(path) };
  return `${name}:${relative(folder, path).replaceAll(sep, '/')}`;
}

function readPackage(folder: string): Package | undefined {
  let content: string;
  try {
    content = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch {
    return undefined; // There is none here.
  }
  const { name, version } = parse(content);
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { folder, name: text(name), version: text(version) };
}

function parse(text: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // Node has loaded code from there without it.
  }
}
