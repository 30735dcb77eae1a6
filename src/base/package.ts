/** The package this program is part of: its folder, and what its package.json says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface PackageFacts {
  readonly folder: string;
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies: { readonly [name: string]: string };
  readonly devDependencies: { readonly [name: string]: string };
}

/** As source it is two folders up, built three. */
const FOLDERS = ['../../', '../../../'];

export function readPackage(): PackageFacts {
  for (const folder of FOLDERS) {
    const url = new URL(folder, import.meta.url);
    const facts = readFacts(new URL('package.json', url));
    if (facts?.name === 'sluice') return { ...facts, folder: fileURLToPath(url) };
  }
  throw new Error('the package.json of sluice is missing: the installation is incomplete');
}

function readFacts(file: URL): (Omit<PackageFacts, 'folder'> & { readonly name: string }) | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // not in this folder
  }
}
