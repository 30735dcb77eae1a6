/**
 * Stop, back up, destroy, restore, start: by the commands of docs/operations/backup.md, with the program as processes, on
 * the embedded database and on PostgreSQL. Temporal is the development server with its SQLite file in both.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { copyEmbedded, startEmbedded } from '../support/embedded.ts';
import { type RestartablePostgres, startPostgresServer } from '../support/postgres.ts';
import { createProject, type Going, type Project, type Settings } from '../support/project.ts';
import { digestTables, runBlock } from './backup-commands.ts';

const QUESTIONS = ['What is a pipeline?', 'How do I index documents?', 'What is Sluice?'];
/** Nobody is measured for 28 days, so it stays open; it is looked at every second. */
const PIPELINES = `
import { defineExperiment, metric } from 'sluice';
import { docsSearch, hybrid } from './docs-search.ts';

const meaning = defineExperiment('meaning', {
  pipeline: docsSearch,
  variants: [hybrid],
  traffic: { share: 1, weights: { baseline: 0.5, hybrid: 0.5 } },
  metrics: ({ run, feedback }) => ({
    primary: [metric.rate('thumbs-up', feedback.up).increase({ minimumEffect: 0.1 })],
    guardrails: [metric.rate('failed', run.failed).noWorseThan(0.3)],
  }),
  windows: { run: '1 ms', feedback: '1 ms' },
  stop: { minDuration: '28 days', maxDuration: '56 days', lookEvery: '1 second', grace: '0 ms' },
});

export const pipelines = [docsSearch, hybrid];
export const experiments = [meaning];
`;

interface Place {
  /** What commands are given, beside the folder that they run in. */
  readonly settings: Settings;
  backUp(project: Project, backup: string): void;
  /** Loses everything but the backup and the project's own files. */
  destroy(project: Project): Promise<void>;
  restore(project: Project, backup: string): void;
  /** A digest of every table, of a database that nothing else has open. */
  content(project: Project): ReturnType<typeof digestTables>;
  stop(): Promise<void>;
}

const digestsAt = async (url: string) => {
  const database = openDatabase(url, { poolSize: 1 });
  return await digestTables(database).finally(() => database.close());
};

const embedded = async (): Promise<Place> => ({
  settings: {},
  backUp: ({ folder }, backup) => runBlock('embedded-backup', folder, { BACKUP: backup }),
  destroy: ({ folder }) => rm(join(folder, '.sluice'), { recursive: true }),
  restore: ({ folder }, backup) => runBlock('embedded-restore', folder, { BACKUP: backup }),
  async content({ folder }) {
    const { url, stop } = await startEmbedded(join(folder, '.sluice/postgres'));
    return await digestsAt(url).finally(stop);
  },
  stop: async () => undefined,
});

async function postgres(): Promise<Place> {
  const server: RestartablePostgres = await startPostgresServer();
  const administer = (sql: string) => {
    const binary = join(process.env.SLUICE_TEST_PG_BIN!, 'psql');
    execFileSync(binary, ['--no-psqlrc', '--quiet', '-v', 'ON_ERROR_STOP=1', '-d', server.url, '-c', sql]);
  };
  administer('create database sluice');
  const url = new URL(server.url);
  url.pathname = '/sluice';
  const environment = (backup: string) => ({
    ...{ BACKUP: backup, DATABASE_URL: url.href },
    PATH: `${process.env.SLUICE_TEST_PG_BIN}:${process.env.PATH}`,
  });
  return {
    // Payloads are encrypted: what is restored is read with the same key.
    settings: { DATABASE_URL: url.href, SLUICE_ENCRYPTION_KEYS: `2026-12:${randomBytes(32).toString('base64')}` },
    backUp({ folder }, backup) {
      for (const name of ['postgres-backup', 'embedded-backup']) runBlock(name, folder, environment(backup));
    },
    async destroy({ folder }) {
      administer('drop database sluice');
      administer('create database sluice');
      await rm(join(folder, '.sluice'), { recursive: true });
    },
    restore({ folder }, backup) {
      for (const name of ['postgres-restore', 'embedded-restore']) runBlock(name, folder, environment(backup));
    },
    content: () => digestsAt(url.href),
    stop: () => server.stop(),
  };
}

const hasPostgres = process.env.SLUICE_TEST_PG_BIN !== undefined;
const cases = [
  { name: 'the embedded database', start: embedded, isThere: true },
  { name: 'PostgreSQL', start: postgres, isThere: hasPostgres },
];

describe.each(cases.filter(({ isThere }) => isThere))('a backup of $name', ({ start }) => {
  let place: Place;
  let project: Project;
  let dev: Going;
  let backup: string;
  let secret: string;

  beforeAll(async () => {
    place = await start();
    project = await createProject(inject('cache'));
    if (place.settings.DATABASE_URL === undefined) await copyEmbedded(join(project.folder, '.sluice/postgres'));
    backup = join(await mkdtemp(join(tmpdir(), 'sluice-backup-')), 'today');
    await project.write({ 'pipelines/index.ts': PIPELINES });
  });
  afterAll(async () => {
    dev?.process.kill('SIGTERM');
    await dev?.ended;
    await project?.remove();
    await rm(join(backup, '..'), { recursive: true, force: true });
    await place?.stop();
  });

  /** What a command prints as JSON. */
  async function json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await project.sluice([...args, '--json'], place.settings);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as T;
  }
  const startDev = async () => {
    dev = project.start(['dev'], place.settings);
    await dev.wrote('ready in');
  };
  const stopDev = async () => {
    dev.process.kill('SIGINT');
    expect((await dev.ended).code).toBe(0);
  };
  const audit = () => json<{ isEqual: boolean; looks: number; entries: number }>('experiment', 'audit', 'meaning');
  /** Until the experiment has been looked at more often than this. */
  const lookedAt = (looks: number) =>
    expect.poll(async () => (await audit()).looks, { timeout: 120_000, interval: 1_000 }).toBeGreaterThan(looks);

  /** What people ask of it, by the program. */
  async function shown() {
    const { runs } = await json<{ runs: { runId: string }[] }>('runs');
    // In turn: each command may start the embedded database.
    const traces: unknown[] = [];
    for (const { runId } of runs) traces.push(await json('trace', runId));
    const [keys, ledger] = [await json('keys', 'list'), await audit()];
    return { runs, traces, keys, ledger, deployed: await json('deploy', 'docs-search', '--history') };
  }

  /** Path, kind and mode of everything but what the backup leaves out. */
  async function files(): Promise<readonly string[]> {
    const state = join(project.folder, '.sluice');
    const found = (await readdir(state, { recursive: true })).filter((path) => !path.startsWith('cache'));
    const modes = found.map(async (path) => `${(await lstat(join(state, path))).mode.toString(8)} ${path}`);
    return (await Promise.all(modes)).sort();
  }

  async function readByApi(runId: string): Promise<{ status: number; body: unknown }> {
    const serve = project.start(['serve'], { ...place.settings, SLUICE_HTTP_LISTEN: '127.0.0.1:0' });
    try {
      await serve.wrote('http://127.0.0.1:');
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(serve.written())!;
      const answer = await fetch(`${address}/v1/runs/${runId}`, { headers: { authorization: `Bearer ${secret}` } });
      return { status: answer.status, body: await answer.json() };
    } finally {
      serve.process.kill('SIGTERM');
      await serve.ended;
    }
  }

  it('is refused while the servers run', async () => {
    await startDev();
    await json('ingest', 'docs', '--index', 'docs');
    await json('deploy', 'docs-search');
    await json('experiment', 'start', 'meaning', '--force');
    secret = (await json<{ key: string }>('keys', 'create', 'app', '--scope', 'ask,read')).key;
    for (const [index, question] of QUESTIONS.entries()) {
      const { runId } = await json<{ runId: string }>('ask', 'docs-search', question, '--unit', `user-${index}`);
      await json('feedback', runId, '--thumb', 'up');
    }
    await lookedAt(0);
    expect(() => runBlock('embedded-backup', project.folder, { BACKUP: backup })).toThrow('stop sluice dev first');
    expect(existsSync(join(backup, 'state.tar.gz'))).toBe(false);
    await stopDev();
  });

  it('brings back the same runs, traces, ledgers, keys and files', async () => {
    const before = { shown: await shown(), content: await place.content(project), files: await files() };
    expect(before.shown.runs).toHaveLength(QUESTIONS.length);
    for (const table of ['run', 'node_run', 'api_key', 'ledger', 'feedback', 'passage'])
      expect(before.content[table], table).toMatch(/^[1-9]/);

    place.backUp(project, backup);
    await place.destroy(project);
    expect(existsSync(join(project.folder, '.sluice'))).toBe(false);
    place.restore(project, backup);

    expect(await files()).toEqual(before.files);
    expect(await place.content(project)).toEqual(before.content);
    expect(await shown()).toEqual(before.shown);
  });

  it('goes on: the experiment is looked at, questions are answered, and an old key signs in', async () => {
    const { looks } = await audit();
    const { runs } = await json<{ runs: { runId: string }[] }>('runs');
    await startDev();
    await lookedAt(looks + 1);
    expect(await audit()).toMatchObject({ isEqual: true });
    const asked = await json<{ outcome: string }>('ask', 'docs-search', QUESTIONS[0]!, '--unit', 'user-9');
    expect(asked).toMatchObject({ outcome: 'completed', arms: { meaning: expect.any(String) } });
    const { runId } = runs.at(-1)!;
    expect(await readByApi(runId)).toMatchObject({ status: 200, body: { runId } });
    await stopDev();
  });

  it('keeps a backup for its owner alone', async () => {
    const kept = await readdir(backup);
    expect(kept).toContain('state.tar.gz');
    for (const file of [...kept.map((name) => join(backup, name)), backup])
      expect((await lstat(file)).mode & 0o077, file).toBe(0);
  });
});
