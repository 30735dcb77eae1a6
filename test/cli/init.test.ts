import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Dependencies } from '../../src/host/attach.ts';
import { loadActivities, loadPipelines } from '../../src/host/project.ts';
import { configOf } from '../../src/plan/skeleton.ts';
import { run } from './fakes.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-init-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** As `npm install` would, from the sources: the package by its name, and what its pipelines import besides. */
async function install(project: string): Promise<void> {
  const sluice = join(project, 'node_modules', 'sluice');
  await mkdir(sluice, { recursive: true });
  await writeFile(
    join(sluice, 'package.json'),
    '{"name": "sluice", "type": "module", "exports": {".": "./index.ts", "./steps": "./steps.ts", "./worker": "./worker.ts"}}',
  );
  await symlink(join(repository, 'src/index.ts'), join(sluice, 'index.ts'));
  await symlink(join(repository, 'src/steps/index.ts'), join(sluice, 'steps.ts'));
  await symlink(join(repository, 'src/worker.ts'), join(sluice, 'worker.ts'));
  await symlink(join(repository, 'node_modules/zod'), join(project, 'node_modules/zod'));
}

describe('sluice init', () => {
  it('writes a project whose pipelines load, and read the index that was named', async () => {
    const { code, stdout } = await run(['init', 'My Bot', '--index', 'handbook'], { folder });
    expect(code).toBe(0);
    expect(stdout).toContain('cd My Bot');
    const project = join(folder, 'My Bot');
    await install(project);
    const pipelines = await loadPipelines(project);
    expect(pipelines.has('docs-bot')).toBe(true);
    expect(configOf(pipelines.get('docs-bot')!.plan, 'keyword', 'step')).toMatchObject({ index: 'handbook' });
  });

  it('names the package, and a script to fill the index', async () => {
    await run(['init', 'My Bot', '--index', 'handbook'], { folder });
    const facts = JSON.parse(await readFile(join(folder, 'My Bot', 'package.json'), 'utf8'));
    const own = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
    expect(facts).toMatchObject({
      name: 'my-bot',
      type: 'module',
      scripts: { ingest: 'sluice ingest docs --index handbook' },
      dependencies: { sluice: `^${own.version}`, zod: own.dependencies.zod },
    });
  });

  it('writes the servers of our own compose file, and their settings', async () => {
    await run(['init'], { folder });
    const written = parse(await readFile(join(folder, 'docker-compose.yml'), 'utf8'), { merge: true });
    const ownText = await readFile(join(repository, 'docker-compose.yml'), 'utf8');
    const own = parse(ownText.replaceAll('as .env.example shows', 'as README.md shows'), { merge: true });
    const { worker: _worker, api: _api, ...servers } = own.services;
    for (const server of [servers.temporal, servers.postgres])
      server.volumes = server.volumes.map((volume: string) => volume.replace('./docker/', './'));
    expect(written.services).toEqual(servers);
    expect(written.volumes).toEqual(own.volumes);
    for (const name of ['postgres', 'temporal', 'temporal-ui'])
      expect(written.services[name].healthcheck, name).toBeDefined();
    for (const file of ['temporal.yaml', 'postgres-roles.sql'])
      expect(await readFile(join(folder, file), 'utf8')).toBe(await readFile(join(repository, 'docker', file), 'utf8'));
  });

  it('shows a step of one’s own that compiles, and loads', async () => {
    await run(['init'], { folder });
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const activities = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    await mkdir(join(folder, 'activities'));
    await writeFile(join(folder, 'activities/index.ts'), activities);
    await install(folder);
    const { createActivities } = await loadActivities(folder);
    const steps = createActivities({ store: {} } as Dependencies).map(({ step }) => step.name);
    expect(steps.filter((name) => name === 'rerank')).toHaveLength(1);
    expect(steps).toContain('keywordSearch');
    const compiled = spawnSync(join(repository, 'node_modules/.bin/tsc'), ['--noEmit'], {
      cwd: folder,
      encoding: 'utf8',
    });
    // Here the package is our sources, which are held to our own settings, not to the project's.
    expect(compiled.stdout.split('\n').filter((line) => /^(activities|pipelines)\//.test(line))).toEqual([]);
    expect(compiled.error).toBeUndefined();
  });

  it('refuses a name that no index can have, and writes nothing', async () => {
    const { code, stderr } = await run(['init', 'x', '--index', "o'neill"], { folder });
    expect(stderr).toContain("'o'neill' cannot name an index");
    expect(code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('never overwrites, and says what it kept', async () => {
    await writeFile(join(folder, 'README.md'), 'mine');
    const { stderr, code } = await run(['init', '--quiet'], { folder });
    expect(stderr).toBe('kept as they were: README.md\n');
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('mine');
    expect(await readdir(join(folder, 'pipelines'))).toContain('docs-bot.ts');
    expect(code).toBe(0);
  });
});
