import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { createServices } from '../../src/cli/command.ts';
import { type Check, diskFinding, lookAtKeys, lookAtNode, stalledFinding } from '../../src/cli/doctor-checks.ts';
import { DISK_FULL_BELOW_BYTES } from '../../src/embedded/disk-space.ts';
import { planId } from '../../src/plan/id.ts';
import { embedBuild } from '../../src/retrieval/embed-build.ts';
import { localLsa } from '../../src/retrieval/embedders.ts';
import { healthOf } from '../../src/telemetry/health.ts';
import { startStandIn } from '../standin/start.ts';
import { document } from '../store/documents.ts';
import { startStore } from '../support/test-store.ts';
import { wellParts } from '../telemetry/vitals-fake.ts';
import { run } from './fakes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-doctor-'));
  await mkdir(join(folder, 'pipelines'));
  await writeFile(join(folder, 'pipelines/index.mjs'), 'export const pipelines = [];');
});
afterEach(() => rm(folder, { recursive: true }));

/** The pipelines of this project in place of none. */
async function ownPipelines() {
  const own = new URL('../../pipelines/index.ts', import.meta.url);
  await writeFile(join(folder, 'pipelines/index.mjs'), `export { pipelines } from ${JSON.stringify(own.href)};`);
}

async function doctor(environment: { [name: string]: string } = {}, ...options: string[]) {
  const services = createServices({ folder, environment });
  const { code, stdout } = await run(['doctor', '--json', ...options], { folder, environment, services });
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  return { code, ok, stdout, of: (name: string) => checks.find((check) => check.name === name) };
}

describe('sluice doctor', () => {
  it('finds nothing wrong in a healthy folder, and what is only not there yet is a warning with its remedy', async () => {
    const { code, ok, of } = await doctor({ SLUICE_TEMPORAL_CLI: process.execPath });
    expect([code, ok]).toEqual([0, true]);
    expect(of('Node')).toMatchObject({ status: 'ok', found: process.versions.node });
    expect(of('Temporal')).toMatchObject({
      status: 'ok',
      found: `${process.version}, ${process.execPath} (SLUICE_TEMPORAL_CLI)`,
    });
    expect(of('database')).toMatchObject({ status: 'ok', found: expect.stringContaining('embedded') });
    expect(of('pipelines')).toMatchObject({ status: 'warn', remedy: expect.any(String) });
    expect(of('stalled')).toEqual({ name: 'stalled', status: 'ok', found: 'nothing runs here' });
  });

  it('says which setting is wrong, and of what hangs on it, too', async () => {
    const { code, of } = await doctor({ SLUICE_CONCURRENCY: 'many' });
    expect(of('environment')).toMatchObject({ status: 'fail', remedy: 'correct SLUICE_CONCURRENCY' });
    expect(code).toBe(1);
  });

  it('says that the named Temporal program is none', async () => {
    const { code, of } = await doctor({ SLUICE_TEMPORAL_CLI: '/nowhere/temporal' });
    expect(of('Temporal')).toMatchObject({ status: 'fail', found: expect.stringContaining('/nowhere/temporal') });
    expect(code).toBe(1);
  });

  it('says that the database cannot be reached, without its password', async () => {
    const closed = await listen();
    const { port } = closed;
    await closed.close();
    const { of, stdout } = await doctor({ DATABASE_URL: `postgres://me:secret@127.0.0.1:${port}/db` });
    const tried = [`127.0.0.1:${port}`];
    expect(of('database')).toMatchObject({ status: 'fail', remedy: expect.any(String), tried });
    expect(of('pgvector')).toMatchObject({ status: 'fail', tried, found: expect.stringContaining(tried[0]!) });
    expect(stdout).not.toContain('secret');
  });

  it('names the address of a Temporal server that does not answer', async () => {
    const closed = await listen();
    const address = `127.0.0.1:${closed.port}`;
    await closed.close();
    // Temporal's own configuration is read from the process.
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    const { of } = await doctor({ TEMPORAL_ADDRESS: address }).finally(() => vi.unstubAllEnvs());
    expect(of('Temporal')).toMatchObject({ status: 'fail', found: expect.stringContaining(address), tried: [address] });
  });

  it('refuses a port that was asked for and is taken', async () => {
    const taken = await listen();
    const { of } = await doctor({ SLUICE_TEMPORAL_PORT: String(taken.port) });
    await taken.close();
    expect(of('ports')).toMatchObject({
      status: 'fail',
      found: `127.0.0.1:${taken.port}, 127.0.0.1:8233: ${taken.port} is taken`,
      tried: [`127.0.0.1:${taken.port}`, '127.0.0.1:8233'],
      remedy: expect.stringContaining('SLUICE_TEMPORAL_PORT'),
    });
  });

  it('asks providers only when told to, and says which accept their key, never the key', async () => {
    const standIn = await startStandIn({ keys: ['k9-good-0123456789'] });
    const environment = {
      OPENAI_API_KEY: 'k9-good-0123456789',
      OPENAI_BASE_URL: standIn.openaiUrl,
      CO_API_KEY: 'k9-evil-9876543210',
      COHERE_BASE_URL: standIn.cohereUrl,
    };
    try {
      expect((await doctor(environment)).of('openai')).toBeUndefined();
      expect(await standIn.requests()).toEqual([]);
      const { code, stdout, of } = await doctor(environment, '--online');
      expect(of('openai')).toMatchObject({ status: 'ok', found: expect.stringContaining('models') });
      expect(of('cohere')).toMatchObject({ status: 'fail', remedy: expect.stringContaining('CO_API_KEY') });
      expect(code).toBe(1);
      expect(stdout).not.toMatch(/k9-/);
      expect(await standIn.requests()).toHaveLength(2);
      const keyless = await doctor({}, '--online');
      expect(keyless.of('openai')).toMatchObject({ status: 'ok', found: expect.stringContaining('no key') });
    } finally {
      await standIn.close();
    }
  });

  it('says which variant runs where a key is missing, and why', async () => {
    await ownPipelines();
    const server = 'http://127.0.0.1:11434/v1';
    const own = (await doctor({ OPENAI_BASE_URL: server })).of('pipelines')?.found.split('\n');
    expect(own?.slice(1)).toEqual([
      `docs-bot lacks CO_API_KEY: docs-bot:own-server runs, whose openai/* models run at ${server} ` +
        '(OPENAI_BASE_URL; no key), and whose others need no key',
      'wandbot lacks CO_API_KEY: wandbot:local runs, whose models need no key',
    ]);
    expect((await doctor()).of('pipelines')?.found).toContain(
      'docs-bot lacks OPENAI_API_KEY and CO_API_KEY: docs-bot:local runs, whose models need no key',
    );
  });

  it('names an index whose embedding model differs from what a pipeline asks for', async () => {
    await ownPipelines();
    const { store, url, stop } = await startStore();
    try {
      const { build } = await store.builds.begin('ai-docs', { settingsHash: 's', owner: 'me' });
      await store.builds.put('ai-docs', build, [document('one', 'cats and dogs'), document('two', 'bread and flour')]);
      await embedBuild(store.vectors, localLsa, { index: 'ai-docs', build });
      await store.builds.commit('ai-docs', build);
      const keys = { OPENAI_API_KEY: 'k9-good-0123456789', CO_API_KEY: 'k9-good-0123456789' };
      const differing = (await doctor({ ...keys, DATABASE_URL: url })).of('indexes');
      expect(differing).toMatchObject({
        status: 'warn',
        found: expect.stringMatching(/'docs-bot' .*'ai-docs' by 'openai\/text-embedding-3-small'.*'local\/lsa:/),
        remedy: expect.stringContaining('--index ai-docs --embed openai/text-embedding-3-small'),
      });
      expect((await doctor({ DATABASE_URL: url })).of('indexes')).toMatchObject({ status: 'ok' });
      await store.plans.put(planId(docsBot.plan), docsBot.plan);
      await store.deployments.deploy({
        ...{ pipeline: 'docs-bot', planId: planId(docsBot.plan), variant: null, promoted: [], holdOut: 0 },
        ...{ kind: 'deploy', by: 'ada', why: 'first', expected: 0, restaged: [] },
      });
      // What is deployed runs, whatever this environment has.
      expect((await doctor({ DATABASE_URL: url })).of('indexes')?.status).toBe('warn');
    } finally {
      await stop();
    }
  });

  it('says that a pipeline is broken', async () => {
    await writeFile(join(folder, 'pipelines/index.mjs'), 'export const pipelines = 1;');
    expect((await doctor()).of('pipelines')).toMatchObject({ status: 'fail' });
  });

  it('prints a line per check, with the remedy under what is not well', async () => {
    const services = createServices({ folder, environment: {} });
    const { stdout } = await run(['doctor'], { folder, services });
    expect(stdout).toMatch(/^✔ Node +\d/m);
    expect(stdout).toMatch(/^! pipelines +pipelines\/index\.ts exports none\n {14,}define one/m);
  });
});

describe('single looks', () => {
  it.each([
    ['20.19.0', 'fail'],
    ['22.17.9', 'fail'],
    ['22.18.0', 'ok'],
    ['23.0.0', 'fail'],
    ['24.0.0', 'ok'],
    ['26.1.0', 'ok'],
  ])('Node %s: %s', (version, status) => expect(lookAtNode(version).status).toBe(status));
  it('keys are named, never shown', () => {
    const finding = lookAtKeys({ OPENAI_API_KEY: 'sk-very-secret' });
    expect(finding).toEqual({ status: 'ok', found: 'OPENAI_API_KEY set; CO_API_KEY not set' });
  });
  it('a server of one’s own needs no key, and is named', () => {
    expect(lookAtKeys({ OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' })).toEqual({
      status: 'ok',
      found:
        'OPENAI_API_KEY, CO_API_KEY not set; openai/* models run at http://127.0.0.1:11434/v1 (OPENAI_BASE_URL; no key)',
    });
  });
  it('what stands still is named, with what to do about it, each once', async () => {
    expect(stalledFinding(await healthOf(wellParts({})))).toMatchObject({ status: 'ok' });
    const late = { count: 1, first: [{ runId: 'run-a', ageMs: 9e5 }] };
    const health = await healthOf(wellParts({ vitals: { workers: async () => 0, unendedRuns: async () => late } }));
    const { status, found, remedy } = stalledFinding(health);
    expect([status, found]).toEqual([
      'warn',
      'workers: no worker has published its steps\nruns: 1 run is open beyond its deadline\nrun-a: for 15 min',
    ]);
    expect(remedy?.split('\n')).toHaveLength(2);
    const away = await healthOf(wellParts({ temporal: { answers: () => Promise.reject(new Error('gone')) } }));
    expect(stalledFinding(away).status).toBe('ok');
  });
  it.each([
    [DISK_FULL_BELOW_BYTES - 1, 'fail', 'the disk that holds /state is full: 31 MB free, 32 MB needed'],
    [1e8, 'fail', '100 MB free in /state'],
    [1e9, 'warn', '1.0 GB free in /state'],
    [1e10, 'ok', '10.0 GB free in /state'],
  ])('%d bytes free: %s', (freeBytes, status, found) => {
    expect(diskFinding({ folder: '/state', freeBytes })).toMatchObject({ status, found });
  });
});

async function listen(): Promise<{ port: number; close: () => Promise<void> }> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
