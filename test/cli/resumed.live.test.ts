/**
 * The process that has everything, embedded servers and worker, is killed while it ingests. Whoever gives the same
 * command again is told that it goes on, and gets the very snapshot that an undisturbed ingest makes.
 */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { copyEmbedded } from '../support/embedded.ts';
import { createProject, type Project } from '../support/project.ts';

const PAGES = join(import.meta.dirname, '../../node_modules/ai/docs/03-ai-sdk-core');

let project: Project;
beforeAll(async () => {
  project = await createProject(inject('cache'));
  await copyEmbedded(join(project.folder, '.sluice/postgres'));
  const pages = await Array.fromAsync(glob('**/*.mdx', { cwd: PAGES }));
  await project.write(Object.fromEntries(pages.map((page) => [join('pages', page), readFileSync(join(PAGES, page))])));
});
afterAll(() => project.remove());

it('is resumed by the same command, which says so', async () => {
  const command = ['ingest', 'pages', '--index', 'pages', '--json'];
  const killed = project.start(command);
  await killed.wrote('ingest pages  ');
  killed.process.kill('SIGKILL');
  expect(await killed.ended).toMatchObject({ code: null, stdout: '' });

  const another = await project.sluice(['ingest', 'docs', '--index', 'pages']);
  expect(another.code).toBe(1);
  expect(another.stderr).toMatch(/✖ index 'pages' is being built from .*pages .*\n {2}let that end: .* --restart\n/);

  const resumed = await project.sluice(command);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).toMatch(/going on with the ingest that was under way: \d+ of 35 documents are done\n/);
  const undisturbed = await project.sluice(['ingest', 'pages', '--index', 'calm', '--json']);
  expect(undisturbed.stderr).not.toContain('going on');
  const { snapshot, totals } = JSON.parse(undisturbed.stdout) as { snapshot: string; totals: object };
  expect(JSON.parse(resumed.stdout)).toMatchObject({ snapshot, totals });
});
