/**
 * `sluice dev` and `sluice serve` on a disk that fills while they run: new work is refused by name, work that is under way
 * ends well, and with free space all goes on without a restart.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config/config.ts';
import { readServers } from '../../src/embedded/dev-state.ts';
import { connectRuntime } from '../../src/host/runtime.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { openDatabase } from '../../src/store/database.ts';
import { copyEmbedded } from '../support/embedded.ts';
import { createProject, type Going, type Project } from '../support/project.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { addGate, type Gate, startGate } from './gate.ts';

/** Free space below the limit for new work, and enough for work that is under way. */
const FULL_BYTES = 24e6;

const disk = mountSmallDisk(500);
const { notMounted } = disk;

describe.skipIf(notMounted)(`sluice dev on a disk that fills${notMounted ? ` (${notMounted})` : ''}`, () => {
  let gate: Gate;
  let project: Project;
  let dev: Going;
  let serve: Going;
  let address: string;
  let key: string;

  const ask = (question: string) => project.start(['ask', 'gate', question, '--json'], gate.settings);
  const askByApi = (question: string) =>
    fetch(`${address}/v1/pipelines/gate/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input: { question } }),
    });
  const health = async (headers: { readonly [name: string]: string } = {}) => {
    const response = await fetch(`${address}/health`, { headers });
    const { checks } = (await response.json()) as {
      checks: readonly { readonly name: string; readonly status: string }[];
    };
    return { httpStatus: response.status, ...checks.find(({ name }) => name === 'disk')! };
  };

  beforeAll(async () => {
    gate = await startGate();
    project = await createProject(inject('cache'), disk.folder);
    await copyEmbedded(`${disk.folder}/.sluice/postgres`);
    await addGate(project);
    await project.write({ 'docs/lemurs.md': 'Lemurs leap.' });
    dev = project.start(['dev'], gate.settings);
    await dev.wrote('ready in');
    const created = await project.sluice(['keys', 'create', 'app', '--scope', 'ask,read', '--json']);
    expect(created.code, created.stderr).toBe(0);
    key = JSON.parse(created.stdout).key;
    serve = project.start(['serve'], { ...gate.settings, SLUICE_HTTP_LISTEN: '127.0.0.1:0' });
    await serve.wrote('http://127.0.0.1:');
    [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(serve.written())! as unknown as [string];
  });
  afterAll(async () => {
    for (const going of [serve, dev]) {
      going?.process.kill('SIGTERM');
      await going?.ended;
    }
    await gate.stop();
    await disk.unmount();
  });

  it('refuses every start by the word disk, and a run that is under way ends well', async () => {
    const underWay = ask('under way');
    await gate.entered('under way');
    await disk.fillUpTo(FULL_BYTES);
    gate.open('new'); // a start that is not refused would wait here

    for (const argv of [
      ['ask', 'gate', 'new', '--json'],
      ['ingest', 'docs', '--index', 'docs', '--json'],
      ['deploy', 'gate', '--json'],
    ]) {
      const { code, stdout, stderr } = await project.sluice(argv, gate.settings);
      expect([argv[0], code, JSON.parse(stdout).error.code]).toEqual([argv[0], 1, 'disk_full']);
      expect(stderr).toMatch(
        /✖ the disk that holds .*\.sluice is full: \d+ MB free, 32 MB needed\n {2}free some space/,
      );
    }
    const refused = await askByApi('new');
    expect(refused.status).toBe(507);
    const body = await refused.text();
    expect(JSON.parse(body)).toMatchObject({ code: 'disk_full', detail: expect.stringContaining('disk') });
    expect(body).not.toContain(disk.folder);

    gate.open('under way');
    const { code, stdout, stderr } = await underWay.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ output: { text: 'under way is through' } });
    await disk.free();
  });

  it('refuses every start of its client, of which none reaches Temporal', async () => {
    const runtime = await connectRuntime({ folder: disk.folder, config: readConfig({}) });
    try {
      const { client } = runtime;
      const request = { pipeline: 'gate', by: 'test', why: 'to have a baseline' };
      await client.deploy({ ...request, plan: passing.plan });
      await disk.fillUpTo(FULL_BYTES);
      const scorer = { id: 'length', call: null, policy: null };
      const of = { plans: [passing.plan], plan: passing.plan, budgetUsd: null, startedBy: 'test' };
      const arms = [{ name: 'baseline', weight: 1, edits: [] }];
      const starts: { readonly [name: string]: () => Promise<unknown> } = {
        run: () => client.run(passing, { question: 'new' }),
        deploy: () => client.deploy({ ...request, plan: passing.plan }),
        ingest: () => client.ingest({ index: 'docs', source: 'docs' } as never),
        evaluation: () => client.startEvaluation({ ...of, spec: { name: 'small', scorers: [scorer] } } as never),
        experiment: () =>
          client.startExperiment({
            ...{ by: 'test', why: 'to see', spec: { name: 'small', pipeline: 'gate', share: 1, arms, scorers: [] } },
          } as never),
        backtest: () =>
          client.startRerun({
            ...of,
            ...{ of: { runIds: ['run-a'] }, spec: { kind: 'backtest', pipeline: 'gate', edits: [], from: null } },
          } as never),
        monitor: () => client.startMonitor({ name: 'small', pipeline: 'gate', scorer } as never, request),
      };
      for (const [name, start] of Object.entries(starts))
        await expect(start(), name).rejects.toMatchObject({
          code: 'disk_full',
          message: expect.stringContaining('disk'),
        });
    } finally {
      await disk.free();
      await runtime.stop();
    }
  });

  it('is down in health, and fails in doctor, with what is free, where and what to do', async () => {
    await disk.fillUpTo(FULL_BYTES);
    await expect.poll(() => health()).toMatchObject({ httpStatus: 503, status: 'down' });
    expect(await health()).toEqual({
      ...{ httpStatus: 503, name: 'disk', status: 'down', stalled: null },
      detail: expect.stringMatching(/^the disk is full: \d+ MB free, 32 MB needed$/),
    });
    const place = `${disk.folder}/.sluice`;
    expect(await health({ authorization: `Bearer ${key}` })).toMatchObject({
      ...{ things: [place], remedy: expect.stringContaining('free some space') },
    });
    const doctor = await project.sluice(['doctor', '--json'], gate.settings);
    expect(doctor.code).toBe(1);
    const { checks } = JSON.parse(doctor.stdout) as { checks: readonly { readonly name: string }[] };
    expect(checks.find(({ name }) => name === 'disk')).toMatchObject({
      ...{ status: 'fail', found: expect.stringContaining(`the disk that holds ${place} is full`) },
      remedy: expect.stringContaining('free some space'),
    });
    await disk.free();
  });

  it('names the disk where a write fails, and goes on by itself when there is space', async () => {
    const underWay = ask('meanwhile');
    await gate.entered('meanwhile');
    const examples = Array.from({ length: 8_000 }, (_, n) => ({
      id: `e${n}`,
      input: { question: `${n} `.repeat(200) },
    }));
    const file = await mkdtemp(join(tmpdir(), 'sluice-rows-'));
    await writeFile(join(file, 'rows.jsonl'), examples.map((each) => JSON.stringify(each)).join('\n'));
    await disk.fillUpTo(0);
    gate.open('meanwhile');
    const failed = await project.sluice(['dataset', 'import', join(file, 'rows.jsonl'), '--name', 'rows', '--json']);
    await rm(file, { recursive: true });
    expect(failed.stderr).toMatch(/✖ the disk .*is full/);
    expect([failed.code, JSON.parse(failed.stdout).error.code]).toEqual([
      1,
      expect.stringMatching(/^(database|disk)_full$/),
    ]);
    await disk.free();

    const { code, stdout, stderr } = await underWay.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ output: { text: 'meanwhile is through' } });
    await goesOn('after a failed write');
  });

  it('names the disk where it ended the database, which starts again when there is space', async () => {
    await disk.fillUpTo(0);
    const database = openDatabase((await readServers(disk.folder))!.databaseUrl, { outageMs: 0 });
    // Each takes a new file of 16 MB, for which there is no room.
    const ended = async () => {
      for (let n = 0; n < 50; n += 1)
        await database.query('select pg_logical_emit_message(false, $1, $1), pg_switch_wal()', ['a']);
    };
    await expect(ended()).rejects.toMatchObject({ code: expect.stringMatching(/^database_(unreachable|full|error)$/) });
    await database.close();
    const { code, stdout, stderr } = await project.sluice(['runs', '--json']);
    expect(stderr).toMatch(/✖ the disk that holds .*\.sluice is full: 0 MB free/);
    expect([code, JSON.parse(stdout).error.code]).toEqual([1, 'disk_full']);
    await disk.free();
    await goesOn('after a new start of the database');
  });

  /** Both ways to ask, in the processes that were there before the disk was full. */
  async function goesOn(question: string): Promise<void> {
    gate.open(question);
    await expect.poll(async () => (await health()).status).toBe('ok');
    const { code, stdout, stderr } = await ask(question).ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ output: { text: `${question} is through` } });
    const answer = await askByApi(question);
    expect([answer.status, await answer.json()]).toMatchObject([200, { output: { text: `${question} is through` } }]);
    expect([dev.process.exitCode, serve.process.exitCode]).toEqual([null, null]);
  }
});

const Text = z.object({ text: z.string() });
const pass = defineStep('pass', {
  ...{ version: 1, input: z.object({ question: z.string() }), output: Text, effect: 'none' },
  policy: { attempts: 1, timeout: '10 seconds' },
});
const passing = definePipeline('gate', z.object({ question: z.string() }))
  .step('gated', pass, ({ input }) => ({ question: input.question }))
  .output(Text, ({ gated }) => ({ text: gated.text }));
