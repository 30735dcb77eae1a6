/** docs/reference is what the program says now; decisions and semantics have the form that they promise. */
import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../../scripts/docs-reference.ts';
import { read, root } from './read.ts';

const pages = await referencePages();

describe('docs/reference', () => {
  it.each([...pages])('%s is current: npm run docs:reference writes it', (name, text) => {
    expect(read(`docs/reference/${name}`)).toBe(text);
  });

  it('lists what each kind of page is about', () => {
    expect(pages.get('cli.md')).toContain('\n## sluice experiment audit\n');
    expect(pages.get('configuration.md')).toContain('| `SLUICE_HTTP_RUNS` | `64` | 1 to 10000 |');
    expect(pages.get('http.md')).toContain('\n### POST /v1/pipelines/{name}/runs\n');
    expect(pages.get('errors.md')).toContain('| `input_invalid` | 422 |');
    expect(pages.get('metrics.md')).toContain('| `sluice_workers` | gauge |');
  });

  it('describes every error by a message or what to do, for most by both', () => {
    const rows = pages
      .get('errors.md')!
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(300);
    expect(rows.filter((row) => / \| +\| *$/.test(row)).length).toBeLessThan(rows.length / 10);
  });
});

describe('docs/decisions', () => {
  const files = globSync('docs/decisions/2*.md', { cwd: root }).sort();
  const list = read('docs/decisions/README.md');

  it.each(files)('%s has a status, a date and its parts, and is listed', (file) => {
    const { name, date } = /(?<name>(?<date>\d{4}-\d\d-\d\d)-[a-z0-9-]+\.md)$/.exec(file)!.groups!;
    const text = read(file);
    expect(text).toMatch(/^# .+\n\n- Status: (proposed|accepted|superseded by \[?[\w.-]+)/);
    expect(text).toContain(`\n- Date: ${date}`);
    const parts = [...text.matchAll(/^## (.+)$/gm)].map(([, part]) => part);
    expect(parts).toEqual(['Context', 'Decision', 'Consequences', 'Alternatives']);
    expect(list).toContain(`](${name})`);
  });
});

describe('docs/semantics.md', () => {
  const rules = [...read('docs/semantics.md').matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  const tests = globSync('test/**/*.test.ts', { cwd: root }).map(read).join('\n');
  const cited = new Set([...tests.matchAll(/semantics (\d+):/g)].map(([, number]) => Number(number)));

  it('numbers its rules from 1', () => {
    expect(rules).toEqual(rules.map((_, at) => at + 1));
    expect(rules.length).toBeGreaterThan(40);
  });

  it('has a test that cites each rule, and tests cite no other', () => {
    expect([...cited].sort((one, other) => one - other)).toEqual(rules);
  });
});
