/**
 * What an evaluation over the memo costs beside its steps: five nodes of 20 ms each, four variants that differ in the last
 * one, 1,000 examples, two processes of eight slots. Equal calls are to be made once, and the whole is to take hardly
 * longer than the calls alone; also where the variants of one example run in different processes, and where processes are
 * killed. On the embedded database, and on PostgreSQL where `SLUICE_TEST_PG_BIN` or `SLUICE_TEST_DATABASE_URL` says.
 *
 * npm run bench:memo [-- --smoke]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../test/support/postgres.ts';
import { type Assignment, type Chunk, type Completed, SLOTS, STEP_MS } from './memo-process.ts';
import { type Figure, report } from './support/report.ts';
import { sum } from './support/statistics.ts';

const smoke = process.argv.includes('--smoke');
const [EXAMPLES, KILLS_AT_MS] = smoke ? [50, [250]] : [1_000, [3_000, 6_000]];
const [NODES, PROCESSES, CHUNK_EXAMPLES] = [5, 2, 25];
const VARIANTS = [0, 1, 2, 3];
/** Under way in one process at once, so that its slots are used while one of them ends. */
const CHUNKS_AT_ONCE = 2;
const CALLS = EXAMPLES * (NODES - 1 + VARIANTS.length);
const IDEAL_MS = (CALLS * STEP_MS) / (PROCESSES * SLOTS);
/** What a memo lets be made ahead of what is stored. */
const BATCH = 16;

interface Play {
  readonly name: string;
  /** The variants that one chunk has. */
  readonly split: readonly (readonly number[])[];
  readonly killsAtMs: readonly number[];
  /** Wall time over the ideal. */
  readonly ratio?: number;
}

const PLAYS: readonly Play[] = [
  { name: 'chunks with all variants', split: [VARIANTS], killsAtMs: [], ratio: 1.1 },
  {
    name: 'variants in different processes',
    split: [
      [0, 1],
      [2, 3],
    ],
    killsAtMs: [],
    ratio: 1.25,
  },
  { name: 'kill -9', split: [VARIANTS], killsAtMs: KILLS_AT_MS },
];

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  const verdicts = [await onDatabase('PostgreSQL', startPostgresDurable), await onDatabase('embedded', startPglite)];
  process.exitCode = verdicts.every(Boolean) || smoke ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}

/** As a server is set up, not as one for tests. */
async function startPostgresDurable() {
  return noPostgres === undefined ? startPostgres(['fsync=on']) : undefined;
}

async function onDatabase(name: string, start: () => Promise<TestDatabase | undefined>) {
  const running = await start();
  if (running === undefined) {
    console.log(`\n${name}: not measured (${noPostgres})`);
    return true;
  }
  const database = openDatabase(running.url);
  try {
    await migrate(database);
    const verdicts: boolean[] = [];
    for (const play of PLAYS) verdicts.push(await perform(play, name, running.url));
    return verdicts.every(Boolean);
  } finally {
    await database.close();
    await running.stop();
  }
}

async function perform(play: Play, database: string, url: string): Promise<boolean> {
  const evaluation = `${database} ${play.name}`;
  const callsFile = join(folder, evaluation.replaceAll(' ', '-'));
  await writeFile(callsFile, '');
  const chunks = chunksOf(evaluation, play.split);
  const [load] = loadavg();
  const { wallMs, walks, killed, cpuMs } = await evaluate(chunks, { url, callsFile, killsAtMs: play.killsAtMs });
  const calls = (await readFile(callsFile, 'utf8')).trimEnd().split('\n');
  const extra = calls.length - CALLS;
  const mostExtra = killed === 0 ? 0 : SLOTS * killed + BATCH;
  const figures: Figure[] = [
    { what: 'walks completed', value: walks, unit: 'walks', asked: { atLeast: EXAMPLES * VARIANTS.length } },
    { what: `distinct calls, of ${CALLS}`, value: new Set(calls).size, unit: 'calls', asked: { atLeast: CALLS } },
    { what: `made more than once (${killed} kills)`, value: extra, unit: 'calls', asked: { atMost: mostExtra } },
    {
      what: `wall time over the ideal ${IDEAL_MS / 1_000} s`,
      value: wallMs / IDEAL_MS,
      unit: 'x',
      ...(play.ratio !== undefined && !smoke && { asked: { atMost: play.ratio } }),
    },
    { what: 'processor time of the workers', value: cpuMs / 1_000, unit: 's' },
  ];
  return report(`${database}, ${play.name} (load average at the start ${load!.toFixed(1)})`, figures);
}

/** Chunks of the same examples stand beside each other, so that different processes take them at once. */
function chunksOf(evaluation: string, split: Play['split']): Chunk[] {
  return Array.from({ length: EXAMPLES / CHUNK_EXAMPLES }, (_, n) => n * CHUNK_EXAMPLES).flatMap((from) =>
    split.map((variants) => ({ evaluation, from, to: from + CHUNK_EXAMPLES, variants })),
  );
}

interface Places {
  readonly url: string;
  readonly callsFile: string;
  readonly killsAtMs: readonly number[];
}

async function evaluate(chunks: readonly Chunk[], { url, callsFile, killsAtMs }: Places) {
  const queue = [...chunks];
  const workers = new Set(await Promise.all(Array.from({ length: PROCESSES }, () => startWorker(url, callsFile))));
  const over = new AbortController();
  const startedAt = performance.now();
  let [open, walks, killed, asked] = [chunks.length, 0, 0, 0];
  const cpuMs = new Map<ChildProcess, number>();
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();

  /** Works until nothing is left, or the worker is gone: then its chunk is the next. */
  async function drive(worker: ChildProcess): Promise<void> {
    for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
      const completed = await ask(worker, chunk, asked++);
      if (completed === undefined) {
        queue.unshift(chunk);
        return;
      }
      walks += completed.walks;
      cpuMs.set(worker, completed.cpuMs);
      open -= 1;
      if (open === 0) finish();
    }
  }
  const employ = (worker: ChildProcess) => {
    for (let n = 0; n < CHUNKS_AT_ONCE; n += 1) void drive(worker);
  };
  async function killAt(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: over.signal });
    const [victim] = workers;
    workers.delete(victim!);
    victim!.kill('SIGKILL');
    killed += 1;
    const next = await startWorker(url, callsFile);
    workers.add(next);
    employ(next);
  }

  for (const worker of workers) employ(worker);
  const kills = killsAtMs.map((ms) => killAt(ms).catch(() => undefined));
  await done;
  const wallMs = performance.now() - startedAt;
  over.abort();
  await Promise.all(kills);
  for (const worker of workers) worker.disconnect();
  return { wallMs, walks, killed, cpuMs: sum([...cpuMs.values()]) };
}

/** What has become of it; undefined where the worker has died over it. */
function ask(worker: ChildProcess, chunk: Chunk, number: number): Promise<Completed | undefined> {
  return new Promise((resolve) => {
    const onExit = () => resolve(undefined);
    const onMessage = (answer: Completed) => {
      if (answer.number !== number) return;
      worker.off('exit', onExit).off('message', onMessage);
      resolve(answer);
    };
    worker.once('exit', onExit).on('message', onMessage);
    worker.send({ ...chunk, number } satisfies Assignment);
  });
}

async function startWorker(url: string, callsFile: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./memo-process.ts', import.meta.url));
  const worker = fork(program, [url, callsFile], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(worker, 'message');
  return worker;
}
