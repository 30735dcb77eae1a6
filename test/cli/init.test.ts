import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configOf } from '../../src/plan/skeleton.ts';
import { loadPipelines } from '../../src/runtime/project.ts';
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
  await writeFile(join(sluice, 'package.json'), '{"name": "sluice", "type": "module", "exports": "./index.ts"}');
  await symlink(join(repository, 'src/index.ts'), join(sluice, 'index.ts'));
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

  it('writes a compose file with health checks', async () => {
    await run(['init'], { folder });
    const { services } = parse(await readFile(join(folder, 'docker-compose.yml'), 'utf8'));
    expect(Object.keys(services)).toEqual(['temporal', 'postgres']);
    for (const service of Object.values<{ healthcheck?: object }>(services)) expect(service.healthcheck).toBeDefined();
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
