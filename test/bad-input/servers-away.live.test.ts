/**
 * Servers that are not there: at the start of a command, which then says so, and in the middle of a run, which goes on
 * when they return. The servers and the worker are processes, as in production; so is the command that waits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort, { clearLockedPorts } from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import { type Cuttable, startCuttable } from '../support/cuttable.ts';
import { startEmbedded } from '../support/embedded.ts';
import { createProject, type Going, type Project, type Settings } from '../support/project.ts';
import { addGate, type Gate, startGate } from './gate.ts';

let folder: string;
let project: Project;
let gate: Gate;
let temporal: TemporalServer;
let database: EmbeddedPostgres;
let cable: Cuttable;
let settings: Settings;
let worker: Going;

const startTemporal = (port?: number) =>
  startTemporalServer({
    cli: inject('temporalCli'),
    folder: join(folder, 'temporal'),
    ports: { ...(port !== undefined && { temporal: port }) },
    ui: false,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-away-'));
  [project, gate, temporal, database] = await Promise.all([
    createProject(inject('cache')),
    startGate(),
    startTemporal(),
    startEmbedded(join(folder, 'postgres')),
  ]);
  await addGate(project);
  cable = await startCuttable(database.url);
  settings = { ...gate.settings, TEMPORAL_ADDRESS: temporal.address, DATABASE_URL: cable.url };
  worker = project.start(['worker'], settings);
  await worker.wrote('✔ worker on');
});

afterAll(async () => {
  worker?.process.kill('SIGTERM');
  await worker?.ended;
  await gate?.stop();
  await cable?.stop();
  await Promise.all([temporal?.stop(), database?.stop()]);
  await project?.remove();
  await rm(folder, { recursive: true, force: true });
});

async function askAndEnter(question: string): Promise<Going> {
  const asking = project.start(['ask', 'gate', question, '--json'], settings);
  await Promise.race([
    gate.entered(question),
    asking.ended.then(({ stderr }) => Promise.reject(new Error(`it ended at once: ${stderr}`))),
  ]);
  return asking;
}

describe('Temporal', () => {
  it('that is down at the start is named with its address, and what to do', async () => {
    const address = `127.0.0.1:${await getPort()}`;
    const { code, stdout, stderr } = await project.sluice(['ask', 'gate', 'x', '--json'], {
      ...settings,
      TEMPORAL_ADDRESS: address,
    });
    expect(stderr).toMatch(new RegExp(`^✖ no Temporal server answers at ${address}\\n.*\\n {2}start it, correct TEMP`));
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'temporal_unreachable', data: { address } } });
    expect(code).toBe(1);
  });

  it('that is killed in mid-run is waited for, with a word, and the run goes on when it returns', async () => {
    const asking = await askAndEnter('the ride through Temporal');
    process.kill(temporal.pid, 'SIGKILL');
    await temporal.stop();
    await asking.wrote('Temporal does not answer: waiting for it');
    clearLockedPorts(); // get-port gives no port twice within half a minute, not even when asked for it
    temporal = await startTemporal(Number(temporal.address.split(':')[1]));
    gate.open('the ride through Temporal');
    const { code, stdout, stderr } = await asking.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'completed',
      output: { text: 'the ride through Temporal is through' },
    });
  });
});

describe('PostgreSQL', () => {
  it('that is down at the start is named with its place, without the password, and what to do', async () => {
    const port = await getPort();
    const { code, stderr } = await project.sluice(['ask', 'gate', 'x'], {
      ...settings,
      DATABASE_URL: `postgres://me:secret@127.0.0.1:${port}/db`,
    });
    expect(stderr).toMatch(
      new RegExp(`^✖ the database at 127.0.0.1:${port}/db cannot be reached.*\\n {2}start it, or`),
    );
    expect(stderr).not.toContain('secret');
    expect(code).toBe(1);
  });

  it('that goes away in mid-run is waited for, with a word, and the run is recorded when it returns', async () => {
    const asking = await askAndEnter('the ride through PostgreSQL');
    cable.cut();
    gate.open('the ride through PostgreSQL');
    await asking.wrote('waiting for the database');
    cable.mend();
    const { code, stdout, stderr } = await asking.ended;
    expect(code, stderr).toBe(0);
    const run = JSON.parse(stdout) as { runId: string };
    expect(run).toMatchObject({ outcome: 'completed', output: { text: 'the ride through PostgreSQL is through' } });
    const shown = await project.sluice(['runs', run.runId, '--json'], settings);
    expect(JSON.parse(shown.stdout)).toEqual(run);
  });
});
