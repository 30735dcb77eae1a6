/** What the sources import, read from their syntax trees. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

const root = join(import.meta.dirname, '../..');

export interface Import {
  /** The importing file, from the project's root. */
  readonly file: string;
  /** A file from the project's root, or a package's name, or `node:fs`. */
  readonly target: string;
}

/** Every import, re-export and dynamic import of the files that match, types included. */
export async function importsOf(pattern: string): Promise<readonly Import[]> {
  const files = (await Array.fromAsync(glob(pattern, { cwd: root }))).sort();
  return files.flatMap((file) => importsIn(file, readFileSync(join(root, file), 'utf8')));
}

/** The imports of one text, as if it were at `file`. */
export function importsIn(file: string, source: string): readonly Import[] {
  const { module } = parseSync(file, source);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value)),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => literalIn(source.slice(start, end))),
  ];
  return [...new Set(specifiers)]
    .filter((specifier) => specifier !== undefined)
    .map((specifier) => ({ file, target: targetOf(file, specifier) }));
}

/** Only a dynamic import of a literal can be followed; another (a user's own files) is known by where it is. */
function literalIn(expression: string): string | undefined {
  return /^(['"])(?<specifier>.*)\1$/.exec(expression)?.groups?.specifier;
}

/** The package's own subpaths stand for the files behind them. */
const SUBPATHS: { readonly [name: string]: string } = {
  sluice: 'src/index.ts',
  'sluice/client': 'src/client.ts',
  'sluice/steps': 'src/steps/index.ts',
  'sluice/worker': 'src/worker.ts',
  'sluice/stats': 'src/stats/index.ts',
};

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative(root, join(root, dirname(file), specifier));
  return SUBPATHS[specifier] ?? /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}
