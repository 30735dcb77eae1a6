/**
 * Embedded servers that are killed under `sluice serve` and `sluice dev`: they are started again at the same address, and
 * what was under way ends well. The program of Temporal is a script that the tests can let fail or hang.
 */
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { copyEmbedded } from '../support/embedded.ts';
import { createProject, type Going, type Project, type Settings } from '../support/project.ts';
import { addGate, type Gate, startGate } from './gate.ts';

let project: Project;
let gate: Gate;
let settings: Settings;
let program: string;
let key: string;
let server: Going;

beforeAll(async () => {
  [project, gate] = await Promise.all([createProject(inject('cache')), startGate()]);
  await Promise.all([addGate(project), copyEmbedded(join(project.folder, '.sluice/postgres'))]);
  program = join(project.folder, 'temporal');
  settings = { ...gate.settings, SLUICE_HTTP_LISTEN: '127.0.0.1:0', SLUICE_TEMPORAL_CLI: program };
  await letTemporal('start');
  key = JSON.parse((await project.sluice(['keys', 'create', 'app', '--scope', 'ask,read', '--json'])).stdout).key;
});
afterAll(async () => {
  await gate.stop();
  await project.remove();
});

/** What the next start of Temporal does; one that hangs writes its process id. */
async function letTemporal(next: 'start' | 'fail' | 'hang'): Promise<void> {
  const does = {
    start: `exec '${inject('temporalCli')}' "$@"`,
    fail: 'echo no start today; exit 1',
    hang: `echo $$ > '${program}.pid'; exec sleep 3600`,
  }[next];
  // A running script is read as it goes: the file is replaced, as editors do.
  await writeFile(`${program}.new`, `#!/bin/sh\n${does}\n`);
  await chmod(`${program}.new`, 0o755);
  await rename(`${program}.new`, program);
}

const state = async (path: string) => JSON.parse(await readFile(join(project.folder, '.sluice', path), 'utf8'));
const temporalOf = async (): Promise<{ pid: number; address: string }> => (await state('dev.json')).servers.temporal;
const databaseOf = (): Promise<{ pid: number; address: string }> => state('postgres/owner.json');

/** Kills it, and resolves when it runs again. */
async function killed(name: 'Temporal server' | 'database', pid: number): Promise<void> {
  const report = `restarted the embedded ${name}: `;
  const before = server.written().split(report).length - 1;
  process.kill(pid, 'SIGKILL');
  await server.wrote(report, before + 1);
}

async function request(path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(server.written().split('✔ API').at(-1)!)!;
  const answer = await fetch(address + path, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}
const ask = (question: string) => request('/v1/pipelines/gate/runs', { input: { question } });

describe('sluice serve, whose servers are killed', () => {
  beforeAll(async () => {
    server = project.start(['serve'], settings);
    await server.wrote('✔ API');
  });
  afterAll(async () => {
    server.process.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });

  it('restarts Temporal at the same address, and the run that was under way is answered', async () => {
    const before = await temporalOf();
    const asked = ask('over a new Temporal');
    await gate.entered('over a new Temporal');
    await killed('Temporal server', before.pid);
    gate.open('over a new Temporal');
    expect(await asked).toMatchObject({ status: 200, body: { output: { text: 'over a new Temporal is through' } } });
    const after = await temporalOf();
    expect(after).toEqual({ ...before, pid: expect.any(Number) });
    expect(after.pid).not.toBe(before.pid);
    expect(() => process.kill(after.pid, 0)).not.toThrow();
  });

  it('restarts the database at the same address, and the run that was under way is answered', async () => {
    const before = await databaseOf();
    const asked = ask('over a new database');
    await gate.entered('over a new database');
    await killed('database', before.pid);
    gate.open('over a new database');
    expect(await asked).toMatchObject({ status: 200, body: { output: { text: 'over a new database is through' } } });
    const after = await databaseOf();
    expect(after).toEqual({ ...before, pid: expect.any(Number) });
    expect(after.pid).not.toBe(before.pid);
  });

  it('does not take a paused Temporal for a dead one', async () => {
    const { pid } = await temporalOf();
    const before = server.written().length;
    process.kill(pid, 'SIGSTOP');
    const down = await request('/health');
    process.kill(pid, 'SIGCONT');
    expect(down).toMatchObject({ status: 503, body: { status: 'down' } });
    gate.open('after the pause');
    expect(await ask('after the pause')).toMatchObject({ status: 200 });
    expect((await temporalOf()).pid).toBe(pid);
    expect(server.written().slice(before)).not.toContain('restarted');
  });
});

describe('sluice serve and sluice worker, whose sluice dev is stopped and started again', () => {
  // A queue of their own: no worker of sluice dev takes their runs.
  const attached = () => ({ ...settings, SLUICE_QUEUE_PREFIX: 'attached' });
  let dev: Going;
  let worker: Going;
  beforeAll(async () => {
    dev = project.start(['dev'], settings);
    await dev.wrote('ready in');
    worker = project.start(['worker'], attached());
    server = project.start(['serve'], attached());
    await Promise.all([worker.wrote('✔ worker on'), server.wrote('✔ API')]);
  });
  afterAll(async () => {
    for (const { process, ended } of [server, worker, dev]) {
      process.kill('SIGTERM');
      expect((await ended).code).toBe(0);
    }
  });

  it('answer 503 while nothing is there, and go on at the new addresses', async () => {
    for (const question of ['before', 'after']) gate.open(question);
    expect(await ask('before')).toMatchObject({ status: 200 });
    const before = (await state('dev.json')).servers;
    dev.process.kill('SIGINT');
    await dev.ended;
    expect(await ask('meanwhile')).toMatchObject({
      status: 503,
      body: { code: 'database_unreachable', remedy: expect.stringContaining('again later') },
    });

    const [temporal, ui, database] = [await getPort(), await getPort(), await getPort()];
    dev = project.start(['dev'], {
      ...settings,
      SLUICE_TEMPORAL_PORT: String(temporal),
      SLUICE_TEMPORAL_UI_PORT: String(ui),
      SLUICE_DATABASE_PORT: String(database),
    });
    await dev.wrote('ready in');
    const after = (await state('dev.json')).servers;
    expect([after.temporal.address, after.databaseUrl]).not.toContain(before.temporal.address);
    expect(after.databaseUrl).not.toBe(before.databaseUrl);
    expect(await request('/v1/runs')).toMatchObject({ status: 200 });
    // The worker publishes its steps again at its next renewal, every 5 s.
    await expect
      .poll(() => ask('after'))
      .toMatchObject({ status: 200, body: { output: { text: 'after is through' } } });
    expect(await ask('after')).toMatchObject({
      body: { temporalUrl: expect.stringContaining(`localhost:${ui}/`) },
    });
  });
});

describe('sluice dev, whose Temporal is killed and does not start again', () => {
  it('ends at Ctrl-C while it is restarted, and leaves nothing running', async () => {
    server = project.start(['dev'], settings);
    await server.wrote('ready in');
    await letTemporal('hang');
    const pidFile = `${program}.pid`;
    const hanging = written(pidFile);
    const { pid } = await temporalOf();
    process.kill(pid, 'SIGKILL');
    await hanging;
    server.process.kill('SIGINT');
    const { code, stderr } = await server.ended;
    expect(code, stderr).toBe(0);
    const left = [Number(await readFile(pidFile, 'utf8')), pid];
    for (const each of left) expect(() => process.kill(each, 0)).toThrow('ESRCH');
    await expect(state('dev.json')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(databaseOf()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('gives up after 5 restarts, with an error that names the log', async () => {
    await letTemporal('start');
    server = project.start(['dev'], settings);
    await server.wrote('ready in');
    await letTemporal('fail');
    process.kill((await temporalOf()).pid, 'SIGKILL');
    const { code, stderr } = await server.ended;
    expect(stderr.match(/the embedded Temporal server could not be restarted: .*no start today/g), stderr).toHaveLength(
      5,
    );
    expect(stderr).toMatch(/✖ the embedded Temporal server is gone: it was restarted 5 times in 10 minutes, and ended/);
    expect(stderr).toMatch(/\n {2}read \/.*\.sluice\/temporal\/temporal\.log, then start again/);
    expect(code).toBe(1);
  });
});

/** Resolves when there is something in the file. */
async function written(file: string): Promise<void> {
  const folder = watch(dirname(file));
  try {
    const hasText = async () => (await stat(file).catch(() => undefined))?.size ?? 0;
    while (!(await hasText())) await once(folder, 'change');
  } finally {
    folder.close();
  }
}
