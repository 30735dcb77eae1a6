/** When the digest of a step's code changes, and when not: on files as a project has them. */
import { describe, expect, it } from 'vitest';
import { digestIn, type Files, write } from './files.ts';

/** A step's file that imports in every way there is; `loud.ts` leads on, and back. */
const PROJECT: Files = {
  'package.json': '{ "name": "docs", "type": "module", "imports": { "#marks": "./lib/marks.ts" } }',
  'activities/shout.ts': `
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loud } from '../lib/loud.ts';
import { marks } from '#marks';
import type { Kind } from '../lib/kind.ts';

export const rare = () => import('../lib/rare.ts');
const prompt = readFileSync(new URL('./prompt.txt', import.meta.url), 'utf8');
const hint = readFileSync(join(import.meta.dirname, 'hints', 'one.txt'), 'utf8');

// Says it louder.
export const run = ({ text }: { text: string }, kind?: Kind) => ({ text: loud(z.string().parse(text)) + marks });
`,
  'activities/prompt.txt': 'Say it loud.\nAnd once.\n',
  'activities/hints/one.txt': 'Loud!\n',
  'lib/loud.ts': `import { twice } from './twice.ts';\nexport const loud = (text: string) => twice(text.toUpperCase());\n`,
  'lib/twice.ts': `import { loud } from './loud.ts';\nexport const twice = (text: string) => text + text; export const again = loud;\n`,
  'lib/marks.ts': `export const marks = '!';\n`,
  'lib/rare.ts': `export { marks } from './marks.ts';\nexport { words } from 'words';\n`,
  'lib/kind.ts': `import type { Other } from './other.ts';\nexport type Kind = 'loud' | Other;\n`,
  'lib/unused.ts': 'export const unused = 1;\n',
  'node_modules/zod/package.json': '{ "name": "zod", "version": "4.0.0", "exports": { "types": "./none.d.ts" } }',
  'node_modules/words/package.json': '{ "name": "words", "version": "1.0.0", "exports": "./index.js" }',
  'node_modules/words/index.js': 'export const words = 1;\n',
};

const STEP_FILE = 'activities/shout.ts';

const digestOf = async (edits: { readonly [path: string]: string | Uint8Array | undefined } = {}): Promise<string> =>
  digestIn(await write(Object.fromEntries(Object.entries({ ...PROJECT, ...edits }).filter(isThere))), STEP_FILE);
const isThere = (entry: [string, string | Uint8Array | undefined]): entry is [string, string] => entry[1] !== undefined;

const replaced = (path: string, passage: string, becomes: string) => {
  const text = PROJECT[path] as string;
  if (!text.includes(passage)) throw new Error(`${path} has no '${passage}'`);
  return { [path]: text.replace(passage, () => becomes) };
};

describe('the digest is the same', async () => {
  const digest = await digestOf();

  it.each<[string, Parameters<typeof digestOf>[0]]>([
    ['in another folder', {}],
    ['with line ends of Windows', crlf(PROJECT)],
    ['with another comment', replaced('activities/shout.ts', '// Says it louder.', '/** Much louder. */')],
    ['with one comment more', replaced('lib/twice.ts', 'text + text', 'text /* first */ + text // second\n')],
    ['in another layout', replaced('lib/marks.ts', "= '!'", '=\n  "!"')],
    ['when only types change', replaced('lib/kind.ts', "'loud'", "'loud' | 'louder'")],
    [
      'when a type is imported that was not',
      replaced('lib/loud.ts', 'import', "import type { Kind } from './kind.ts';\nimport"),
    ],
    ['when none is imported', replaced('activities/shout.ts', "import type { Kind } from '../lib/kind.ts';", '')],
    ['when a type’s file is not there', { 'lib/kind.ts': undefined }],
    ['when a file changes that is not imported', { 'lib/unused.ts': 'export const unused = 2;\n' }],
    ['when a package’s files change and its version does not', { 'node_modules/words/index.js': 'export {};\n' }],
  ])('%s', async (_, edits) => {
    expect(await digestOf(edits)).toBe(digest);
  });
});

describe('the digest is another', async () => {
  const digest = await digestOf();

  it.each<[string, Parameters<typeof digestOf>[0]]>([
    ['when the step’s file changes', replaced('activities/shout.ts', '+ marks', '+ marks + marks')],
    ['when a file that it imports changes', replaced('lib/loud.ts', 'toUpperCase', 'toLowerCase')],
    ['when a file that that one imports changes', replaced('lib/twice.ts', 'text + text', 'text')],
    ['when a file changes that package.json names', replaced('lib/marks.ts', '!', '?')],
    [
      'when package.json names another',
      {
        ...replaced('package.json', './lib/marks.ts', './lib/stops.ts'),
        'lib/stops.ts': PROJECT['lib/marks.ts'] as string,
      },
    ],
    ['when a file changes that is imported later', replaced('lib/rare.ts', '{ marks }', '{ marks as rare }')],
    ['when a prompt beside it changes', { 'activities/prompt.txt': 'Say it softly.\n' }],
    ['when a file changes that is named by parts', { 'activities/hints/one.txt': 'Soft.\n' }],
    ['when a file that it reads is not text', { 'activities/prompt.txt': Uint8Array.of(0, 13, 10) }],
    ['when a package has another version', replaced('node_modules/zod/package.json', '4.0.0', '4.0.1')],
    [
      'when a package of an imported file has another version',
      replaced('node_modules/words/package.json', '1.0', '1.1'),
    ],
    [
      'when a package is not installed',
      { 'node_modules/words/package.json': undefined, 'node_modules/words/index.js': undefined },
    ],
  ])('%s', async (_, edits) => {
    expect(await digestOf(edits)).not.toBe(digest);
  });

  it('when the function is another one of the same file', async () => {
    const folder = await write(PROJECT);
    expect(await digestIn(folder, STEP_FILE, (input) => ({ text: input }))).not.toBe(digest);
  });

  it('in no two of these ways', async () => {
    const edits = ['a', 'b'].flatMap((text) =>
      ['activities/prompt.txt', 'activities/hints/one.txt'].map((path) => ({ [path]: text })),
    );
    expect(new Set(await Promise.all(edits.map(digestOf))).size).toBe(edits.length);
  });
});

function crlf(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, (text as string).replaceAll('\n', '\r\n')]),
  );
}
