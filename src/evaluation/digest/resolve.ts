/** Finds what code refers to as Node does: a file, whose content counts, or an installed package, whose version does. */
import { statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { moduleResolve } from 'import-meta-resolve';
import { packageFolder, packageOf } from './package.ts';
import type { Reference } from './references.ts';

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
export function resolveReference(reference: Reference, from: string): Found | undefined {
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
