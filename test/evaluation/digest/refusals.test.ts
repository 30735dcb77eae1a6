/** Code of which it cannot be said what it is has no digest: a score might be out of date. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIGEST_LIMITS, digestsOf } from '../../../src/evaluation/digest/digest.ts';
import { bind, digestIn, type Files, say, shout, write } from './files.ts';

describe('refuses, by the file’s name', () => {
  const refused = (files: Files, limits = {}, file = 'a.js') =>
    write(files).then((folder) => digestsOf([bind(folder, file)], { ...DIGEST_LIMITS, ...limits }));
  const naming = (code: string, file: string, more = {}) =>
    expect.objectContaining({
      code,
      data: expect.objectContaining({ file: expect.stringMatching(`/${file}$`), ...more }),
    });

  it('an import that is not there', async () => {
    const files = { 'a.js': "import './b.js';\n", 'b.js': "export * from './gone.js';\n" };
    await expect(refused(files)).rejects.toEqual(naming('source_missing', 'b.js', { specifier: './gone.js' }));
  });

  it('a step’s file that is not there, until it is', async () => {
    const folder = await write({});
    await expect(digestIn(folder, 'a.js')).rejects.toEqual(naming('source_missing', 'a.js'));
    await writeFile(join(folder, 'a.js'), 'export {};\n');
    await expect(digestIn(folder, 'a.js')).resolves.toHaveLength(64);
  });

  it('code that cannot be parsed', async () => {
    const files = { 'a.js': "import './b.js';\n", 'b.js': 'const = 1;\n' };
    await expect(refused(files)).rejects.toEqual(naming('source_unparsable', 'b.js'));
  });

  it('but not what it only reads', async () => {
    const files = { 'a.js': "read(new URL('./b.js', import.meta.url), new URL('./c.js', import.meta.url));\n" };
    const templates = { 'b.js': 'const = 1;\n', 'c.js': "import './gone.js';\nimport './b.js';\n" };
    await expect(refused({ ...files, ...templates })).resolves.toBeDefined();
  });

  it('more than it reads', async () => {
    const files = { 'a.js': "import './b.js';\n", 'b.js': `export const b = '${'b'.repeat(100)}';\n` };
    await expect(refused(files, { fileBytes: 100 })).rejects.toEqual(
      naming('source_too_large', 'b.js', { limitBytes: 100 }),
    );
    await expect(refused(files, { totalBytes: 120 })).rejects.toEqual(naming('source_too_large', 'a.js'));
    await expect(refused(files, { files: 1 })).rejects.toEqual(naming('source_too_large', 'a.js'));
    await expect(refused(files, { files: 2, fileBytes: 200, totalBytes: 200 })).resolves.toBeDefined();
  });

  it('a function whose file is not known, by its step', async () => {
    const data = { step: 'shout@3' };
    await expect(digestsOf([{ step: shout, run: say }])).rejects.toMatchObject({ code: 'source_unknown', data });
  });
});
