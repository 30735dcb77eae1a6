/** The packages of this folder, which are there only where somebody has installed them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a file of one of them. */
export const packageFile = (name: string, ...path: string[]): string =>
  join(import.meta.dirname, 'node_modules', name, ...path);

/** Its version; undefined where it is not installed. */
export async function installedVersion(name: string): Promise<string | undefined> {
  const text = await readFile(packageFile(name, 'package.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { readonly version: string }).version;
}
