/** The tiers of the tests: the name of a test file says its tier, and a script of package.json plays each tier. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import config from '../vitest.config.ts';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: { [name: string]: string };
};

interface Project {
  readonly name: string;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
}
const projects = config.test!.projects!.map((project) => (project as { test: Project }).test);

const projectsOf = (file: string): readonly string[] =>
  projects
    .filter(({ include, exclude = [] }) => {
      const isAmong = (patterns: readonly string[]) => patterns.some((pattern) => matchesGlob(file, pattern));
      return isAmong(include) && !isAmong(exclude);
    })
    .map(({ name }) => name);

/** The projects that a script's command plays: all, where it names none. */
function playedBy(script: string): readonly string[] {
  const patterns = [...scripts[script]!.matchAll(/--project '?([\w*-]+)/g)].map(([, pattern]) => pattern!);
  return projects.map(({ name }) => name).filter((name) => patterns.some((pattern) => matchesGlob(name, pattern)));
}

describe('the tiers of the tests', () => {
  it('have every test file exactly once', async () => {
    const files = await Array.fromAsync(
      glob('{src,workflows,activities,pipelines,test,bench,scripts}/**/*.test.{ts,tsx}', { cwd: root }),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => projectsOf(file).length !== 1)).toEqual([]);
  });

  it.each([
    ['test/a.test.ts', 'pure'],
    ['test/a/b.thin.live.test.ts', 'thin'],
    ['test/a/b.live.test.ts', 'live'],
    ['test/a/b.long.test.ts', 'long'],
    ['test/a/b.long.live.test.ts', 'long-live'],
  ])('are said by the name of a file: %s is %s', (file, project) => {
    expect(projectsOf(file)).toEqual([project]);
  });

  it('are each played by one script', () => {
    const played = ['test', 'test:live', 'test:long'].map(playedBy);
    expect(played).toEqual([['pure', 'pure-isolated', 'thin'], ['live'], ['long', 'long-live']]);
    expect(played.flat()).toEqual(projects.map(({ name }) => name));
  });

  it('are all played by `test:all`, and those of each change by .ci/run', () => {
    expect(scripts['test:all']).toBe('node test/all.ts');
    const all = readFileSync(join(root, 'test/all.ts'), 'utf8');
    for (const script of ['test', 'test:live', 'test:long', 'chaos', 'fault-matrix', 'mutation'])
      expect(all).toContain(`'${script}'`);
    const ci = readFileSync(join(root, '.ci/run'), 'utf8');
    for (const script of ['test', 'test:live']) expect(ci).toContain(`play_tests ${script} `);
  });
});
