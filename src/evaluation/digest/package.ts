/** The packages that files belong to: by them a file is named without saying where a checkout lies. */
import { readFileSync, realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

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
export function packageFolder(specifier: string, from: string): string | undefined {
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
export function packageOf(path: string): Package | undefined {
  if (packages.has(path)) return packages.get(path);
  const above = dirname(path);
  const own = readPackage(path);
  const found = own?.name || above === path ? own : (packageOf(above) ?? own);
  packages.set(path, found);
  return found;
}

/** A name for a file that is the same in every checkout: `docs-bot:activities/words.ts`. */
export function placeOf(path: string): string {
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
