/** SECURITY.md: each promise names a test that exists, by its own name. Links and commands: test/docs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const text = read('SECURITY.md');

const promised = /^## What is promised\n(?<section>.*?)^## /ms.exec(text)!.groups!.section!;
const rows = promised.split('\n').filter((line) => line.startsWith('| ') && !/^\| (promise|---)/.test(line));
const TEST = /\]\((?<file>test\/[^)]+)\)(?: “(?<name>[^”]+)”)?/g;

describe('SECURITY.md', () => {
  it('has somebody in every section of its promises, and a promise for each', () => {
    const sections = promised.split(/^### /m).slice(1);
    expect(sections.length).toBeGreaterThan(6);
    for (const section of sections) expect(section).toMatch(/^\| --- \| --- \|\n\| /m);
  });

  it.each(rows)('%s', (row) => {
    const named = [...row.matchAll(TEST)].map(({ groups }) => groups as { file: string; name?: string });
    expect(named).not.toEqual([]);
    for (const { file, name } of named) {
      expect(existsSync(join(root, file)), file).toBe(true);
      const source = read(file).replaceAll(/\\(?=['"`])/g, '');
      if (name !== undefined)
        expect(
          ['"', "'", '`'].some((mark) => source.includes(mark + name + mark)),
          name,
        ).toBe(true);
    }
  });

  it('names no person or address to report to, but the repository’s private form', () => {
    expect(text).toContain('Report a vulnerability');
    expect(text).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
  });
});
