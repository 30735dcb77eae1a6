/** What of a package counts: its version where it is installed, its files where they are the project's own. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestIn, type Files, write } from './files.ts';

/** The digest of `a.js` in two versions of a project. */
async function differs(files: Files, edits: Files, link?: (folder: string) => Promise<void>): Promise<boolean> {
  const [one, other] = await Promise.all(
    [files, { ...files, ...edits }].map(async (each) => {
      const folder = await write({ 'package.json': '{ "name": "docs", "type": "module" }', ...each });
      await link?.(folder);
      return digestIn(folder, 'a.js');
    }),
  );
  return one !== other;
}

describe('a package', () => {
  const linked: Files = {
    'a.js': "import 'words/all';\n",
    'packages/words/package.json': '{ "name": "words", "version": "1.0.0", "exports": { "./all": "./src/all.js" } }',
    'packages/words/src/all.js': "import './one.js';\n",
    'packages/words/src/one.js': 'export const one = 1;\n',
  };
  const link = async (folder: string) => {
    await mkdir(join(folder, 'node_modules'));
    await symlink(join(folder, 'packages/words'), join(folder, 'node_modules/words'), 'dir');
  };

  it('that is linked to a folder of the project counts by its files', async () => {
    expect(await differs(linked, {}, link)).toBe(false);
    expect(await differs(linked, { 'packages/words/src/one.js': 'export const one = 2;\n' }, link)).toBe(true);
  });

  it('of the file itself does, too', async () => {
    const own: Files = {
      'package.json': '{ "name": "docs", "version": "1.0.0", "type": "module", "exports": "./b.js" }',
      'a.js': "import 'docs';\n",
      'b.js': 'export const b = 1;\n',
    };
    expect(await differs(own, { 'b.js': 'export const b = 2;\n' })).toBe(true);
    expect(await differs(own, { 'package.json': (own['package.json'] as string).replace('1.0.0', '1.0.1') })).toBe(
      false,
    );
  });

  it('under a name of package.json counts by its version, also where only an inner package.json is near', async () => {
    const aliased: Files = {
      'package.json': '{ "name": "docs", "type": "module", "imports": { "#words": "words" } }',
      'a.js': "import '#words';\n",
      'node_modules/words/package.json': '{ "name": "words", "version": "1.0.0", "exports": "./dist/words.js" }',
      'node_modules/words/dist/package.json': '{ "type": "module" }',
      'node_modules/words/dist/words.js': 'export const one = 1;\n',
    };
    expect(await differs(aliased, { 'node_modules/words/dist/words.js': '' })).toBe(false);
    const manifest = (aliased['node_modules/words/package.json'] as string).replace('1.0.0', '2.0.0');
    expect(await differs(aliased, { 'node_modules/words/package.json': manifest })).toBe(true);
  });

  it('of CommonJS has its files followed by require', async () => {
    const files: Files = {
      'a.js': "require('./b');\n",
      'b.js': 'exports.b = 1;\n',
      'package.json': '{ "name": "docs" }',
    };
    expect(await differs(files, { 'b.js': 'exports.b = 2;\n' })).toBe(true);
  });

  it('that is only looked for may be absent', async () => {
    const files: Files = { 'a.js': "export const b = () => import('./b.js').catch(() => import('words'));\n" };
    expect(await differs(files, { 'b.js': 'export {};\n' })).toBe(true);
    expect(await differs(files, { 'node_modules/words/package.json': '{ "name": "words" }' })).toBe(true);
  });
});
