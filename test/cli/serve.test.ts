/** The commands that work on servers: ingest, demo, dev, worker. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import type { IngestProgress, IngestResult } from '../../src/model/ingest-messages.ts';
import { failedRun, fakeRuntime, finishedRun, nothingRunning, pipelines, run } from './fakes.ts';

/** What it does on real servers is seen by `npm run demo`. */
vi.mock('../../src/cli/demo-online.ts', () => ({
  demoOnline: async () => [{ state: 'promoted' }, { state: 'rolled_back' }],
}));
vi.mock('../../src/cli/demo-experiment.ts', () => ({
  demoExperiment: async () => ({ evaluation: { evaluationId: 'eval-retrieval-1f2e3d4c', state: 'completed' } }),
}));

const ingested: IngestResult = {
  index: 'docs',
  snapshot: 'abcdef0123456789',
  sequence: 2,
  totals: { documents: 303, passages: 2163 },
  added: 3,
  changed: 0,
  removed: 1,
  unchanged: 299,
  passages: 20,
  skippedCount: 12,
  skipped: Array.from({ length: 11 }, (_, index) => ({ name: `p${index}.md`, reason: 'not-utf8', detail: 'byte 7' })),
  notes: { cleaned: 2 },
};

const ingesting = (result = ingested) => {
  const ingest = vi.fn(
    async (_input: object, { onProgress }: { readonly onProgress: (progress: Partial<IngestProgress>) => void }) => {
      onProgress({ phase: 'listing', done: 0, total: 0 });
      onProgress({ phase: 'reading', done: 100, total: 303 });
      for (let look = 0; look < 3; look += 1) onProgress({ phase: 'committing', done: 303, total: 303 });
      onProgress({ phase: 'done', done: 303, total: 303 });
      return result;
    },
  );
  return { ingest, client: { ingest, run: vi.fn(async () => finishedRun) } };
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-serve-'));
  await mkdir(join(folder, 'node_modules/ai/docs'), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

describe('sluice ingest', () => {
  it('says that it goes on with one that was under way, and how far that was', async () => {
    const resuming = (progress: object) => async (_: object, told: { onResumed: (progress: object) => void }) => {
      told.onResumed({ total: 303, done: 96, ...progress });
      return ingested;
    };
    const noteOf = async (progress: object) => {
      const { runtime } = fakeRuntime({ client: { ingest: resuming(progress) } });
      const { stderr } = await run(['ingest', 'node_modules', '--index', 'docs'], { runtime, folder });
      return stderr.split('\n')[0];
    };
    const begins = 'going on with the ingest that was under way:';
    expect(await noteOf({ phase: 'reading' })).toBe(`${begins} 96 of 303 documents are done`);
    expect(await noteOf({ phase: 'listing', total: 0, done: 0 })).toBe(`${begins} its source is being listed`);
    expect(await noteOf({ phase: 'committing', done: 303 })).toBe(
      `${begins} all 303 documents are read, their embedding is not finished`,
    );
  });

  it('says what the index holds now, what changed, and what was left out', async () => {
    const { client, ingest } = ingesting();
    const { runtime, state } = fakeRuntime({ client });
    const { stdout, stderr, code } = await run(['ingest', 'node_modules', '--index', 'docs'], { runtime, folder });
    expect(stdout).toMatch(
      /^! ingested docs {2}303 documents → 2,163 passages in \d+ ms {2}\(3 new, 1 removed, 299 unchanged\) {2}snapshot abcdef012345 {2}12 documents skipped\n$/,
    );
    expect(stderr).toMatch(
      /ingest docs {2}303\/303 .*\nall 303 documents are read: embedding and committing what is new\n12 /,
    );
    expect(stderr).toContain('12 documents skipped:\n  p0.md: not-utf8, byte 7\n');
    expect(stderr).toContain('  … and 2 more\n2 documents: cleaned\n');
    expect(ingest.mock.calls[0]?.[0]).toEqual({
      index: 'docs',
      source: join(folder, 'node_modules'),
      chunk: 'headings',
      embed: 'local/lsa',
    });
    expect([code, state.stopped]).toEqual([1, 1]);
  });

  it('ends with 0 where nothing was skipped: unchanged documents are not skipped', async () => {
    const { client } = ingesting({ ...ingested, skippedCount: 0, skipped: [] });
    const { runtime } = fakeRuntime({ client });
    const { stdout, code } = await run(['ingest', 'node_modules', '--index', 'docs'], { runtime, folder });
    expect(stdout).toMatch(/^✔ ingested docs .*299 unchanged.* snapshot abcdef012345\n$/);
    expect(code).toBe(0);
  });

  it('prints the skipped documents before its last line', async () => {
    const { runtime } = fakeRuntime(ingesting());
    const written: string[] = [];
    const onOutput = (text: string) => void written.push(text);
    await run(['ingest', 'node_modules', '--index', 'docs'], { runtime, folder, onOutput });
    expect(written.join('').trimEnd().split('\n').at(-1)).toMatch(/12 documents skipped$/);
  });

  it('prints the result as JSON and nothing else on stdout', async () => {
    const { runtime } = fakeRuntime(ingesting());
    const argv = ['ingest', 'node_modules', '--index', 'docs', '--chunk', 'none', '--json', '--quiet'];
    const { stdout, stderr, code } = await run(argv, { runtime, folder });
    expect(JSON.parse(stdout)).toEqual(ingested);
    expect(stderr).toBe('');
    expect(code).toBe(1);
  });

  it.each([
    ['a source that is not there', ['ingest', 'nowhere', '--index', 'x'], 1, 'nowhere'],
    ['no index', ['ingest', 'node_modules'], 2, "required option '--index <name>'"],
    ['an unknown way to cut', ['ingest', 'node_modules', '--index', 'x', '--chunk', 'words'], 2, 'headings, none'],
  ])('refuses %s before any server is asked', async (_name, argv, code, words) => {
    const ran = await run(argv, { folder });
    expect(ran.stderr).toContain(words);
    expect(ran.code).toBe(code);
  });

  it('stops at Ctrl-C, says that it can be gone on with, and stops the servers', async () => {
    const stop = new AbortController();
    const events: string[] = [];
    // It is followed for as long as its servers run.
    let report: (progress: Partial<IngestProgress>) => void = () => undefined;
    const ingest = (_input: object, { onProgress }: { readonly onProgress: typeof report }) => {
      report = onProgress;
      return new Promise(() => stop.abort());
    };
    const { runtime, state } = fakeRuntime({ client: { ingest } }, () => {
      report({ phase: 'committing', done: 303, total: 303 });
      events.push('stopped');
    });
    const argv = ['ingest', 'node_modules', '--index', 'docs'];
    const onOutput = (text: string) => void events.push(text);
    const { code } = await run(argv, { runtime, folder, signal: stop.signal, onOutput });
    expect(events).toEqual(['stopped', 'stopped; the same command goes on from here\n']);
    expect([code, state.stopped]).toEqual([130, 1]);
  });
});

describe('sluice demo', () => {
  it('reads the documentation, asks three questions, shows each run, and ends', async () => {
    const { client, ingest } = ingesting();
    const events: string[] = [];
    const { runtime, state } = fakeRuntime({ client }, () => events.push('stopped'));
    const onOutput = (text: string) => void events.push(text);
    const { stdout, code } = await run(['demo'], { runtime, folder, onOutput });
    expect(events.slice(events.indexOf('stopped')).join('')).toContain('Go on:');
    expect(ingest.mock.calls[0]?.[0]).toEqual({
      index: 'ai-docs',
      source: join(folder, 'node_modules/ai/docs'),
      chunk: 'headings',
      embed: 'openai/text-embedding-3-small',
    });
    expect(stdout.match(/^\? /gm)).toHaveLength(3);
    expect(stdout.split(finishedRun.temporalUrl)).toHaveLength(4);
    expect(stdout).toContain('http://localhost:8233');
    expect(stdout).toContain('sluice eval compare eval-retrieval-1f2e3d4c --worse');
    expect([code, state.stopped]).toEqual([0, 1]);
  });

  it('without keys asks the variant that needs none, on an index made for it, and says so', async () => {
    const { client, ingest } = ingesting();
    const keyMissing = new SluiceError('key_missing', {
      message: 'm',
      remedy: 'r',
      data: { variables: ['OPENAI_API_KEY', 'CO_API_KEY'] },
    });
    const check = vi.fn().mockRejectedValueOnce(keyMissing).mockResolvedValue(undefined);
    const { stdout, stderr } = await run(['demo', '--json', '--quiet'], {
      ...fakeRuntime({ client: { ...client, check } }),
      folder,
    });
    expect(ingest.mock.calls[0]?.[0]).toMatchObject({ embed: 'local/lsa' });
    expect(client.run).toHaveBeenCalledWith(expect.objectContaining({ name: 'local' }), expect.anything());
    expect(stderr).toBe('no OPENAI_API_KEY, no CO_API_KEY: running docs-bot:local, whose models need no key\n');
    expect(JSON.parse(stdout).ranInstead).toEqual({
      variant: 'docs-bot:local',
      missing: ['OPENAI_API_KEY', 'CO_API_KEY'],
    });
  });

  it('is JSON for programs', async () => {
    const { stdout } = await run(['demo', '--json', '--quiet'], { ...fakeRuntime(ingesting()), folder });
    expect(JSON.parse(stdout)).toMatchObject({ ingested, runs: [finishedRun, finishedRun, finishedRun] });
  });

  it('ends with an error when a question failed', async () => {
    const { client } = ingesting();
    client.run.mockResolvedValueOnce(failedRun);
    expect((await run(['demo'], { ...fakeRuntime({ client }), folder })).code).toBe(1);
  });

  it('serves on with --keep, until Ctrl-C', async () => {
    const stop = new AbortController();
    const { client } = ingesting();
    const { runtime, state } = fakeRuntime({ client });
    const running = run(['demo', '--keep'], { runtime, folder, signal: stop.signal });
    await expect.poll(() => client.run.mock.calls.length).toBe(3);
    expect(state.stopped).toBe(0);
    stop.abort();
    expect((await running).code).toBe(0);
    expect(state.stopped).toBe(1);
  });

  it('says how to get the documentation when it is not installed', async () => {
    const { stderr, code } = await run(['demo'], { folder: '/' });
    expect(stderr).toContain('npm install --save-dev --ignore-scripts ai');
    expect(code).toBe(1);
  });
});

describe('sluice dev and worker', () => {
  const project = { folder: '/nowhere', pipelines, createActivities: () => [], activitiesFrom: 'built in' };
  const busyWith = (activities: number) => ({ graceMs: 10_000, activitiesUnderWay: () => activities });

  it.each([
    ['dev', 'start', 'docs-bot, related-pages'],
    ['worker', 'connectWorker', '127.0.0.1:7233'],
  ] as const)('%s serves until Ctrl-C, and then stops what it started', async (command, service, words) => {
    const stop = new AbortController();
    const { runtime, state } = fakeRuntime({ worker: busyWith(0) });
    const open = vi.fn(async () => {
      queueMicrotask(() => stop.abort());
      return runtime as never;
    });
    const services = { project: async () => project, [service]: open };
    const { code, stdout, stderr } = await run([command], { services, signal: stop.signal });
    expect(stdout).toContain(words);
    expect(stderr).toMatch(/(^|\n)stopping: nothing is under way\n$/);
    expect([code, state.stopped]).toEqual([0, 1]);
  });

  it.each([
    ['dev', 'start'],
    ['worker', 'connectWorker'],
  ] as const)('%s says at Ctrl-C what it waits for and how long, and then stops', async (command, service) => {
    const stop = new AbortController();
    const events: string[] = [];
    const { runtime } = fakeRuntime({ worker: busyWith(2) }, () => events.push('stopped'));
    const open = async () => {
      queueMicrotask(() => stop.abort());
      return runtime as never;
    };
    const services = { project: async () => project, [service]: open };
    await run([command], { services, signal: stop.signal, onOutput: (text) => void events.push(text) });
    expect(events.slice(-2)).toEqual([
      'stopping: waits up to 10 s for 2 activities under way; a second signal ends the process at once\n',
      'stopped',
    ]);
  });

  it('dev says which pipelines lack keys; what else one lacks does not keep the others from being served', async () => {
    const stop = new AbortController();
    const refusals = [
      new SluiceError('key_missing', { message: 'm', remedy: 'r', data: { variables: ['CO_API_KEY'] } }),
      new SluiceError('step_unregistered', { message: 'm', remedy: 'r' }),
    ];
    const check = async () => Promise.reject(refusals.shift());
    const { runtime } = fakeRuntime({ client: { check } });
    const start = async () => {
      queueMicrotask(() => stop.abort());
      return runtime as never;
    };
    const running = run(['dev'], { services: { project: async () => project, start }, signal: stop.signal });
    const { code, stdout } = await running;
    expect(stdout).toContain('no CO_API_KEY: runs no docs-bot\n');
    expect(code).toBe(0);
  });

  it.each([
    ['dev', 'start'],
    ['worker', 'connectWorker'],
  ] as const)('%s ends with an error when its worker ends by itself', async (command, service) => {
    const failed = Promise.reject(
      new SluiceError('worker_ended', { message: 'the worker ended', remedy: 'see the log' }),
    );
    failed.catch(() => undefined);
    const { runtime, state } = fakeRuntime({ failed });
    const services = { project: async () => project, [service]: async () => runtime as never };
    const { code, stderr } = await run([command], { services });
    expect(stderr).toContain('✖ the worker ended\n  see the log');
    expect([code, state.stopped]).toEqual([1, 1]);
  });

  it('worker says so when there is nothing to work for', async () => {
    const services = { project: async () => project, connectWorker: () => Promise.reject(nothingRunning()) };
    const { code, stderr } = await run(['worker'], { services });
    expect(stderr).toBe('✖ nothing serves this folder\n  start it: sluice dev\n');
    expect(code).toBe(1);
  });
});
