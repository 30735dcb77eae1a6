/**
 * What an evaluation over the memo costs beside its steps: five nodes of 20 ms each, four variants that differ in the last
 * one, 1,000 examples, two processes of eight slots. Equal calls are to be made once, and the whole is to take hardly
 * longer than the calls alone; also where the variants of one example run in different processes, and where processes are
 * killed. On the embedded database, and on PostgreSQL where `SLUICE_TEST_PG_BIN` or `SLUICE_TEST_DATABASE_URL` says.
 *
 * npm run bench:memo [-- --smoke]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../test/support/postgres.ts';
import { SLOTS } from './memo-process.ts';
import { chunksOf, evaluateChunks, PROCESSES } from './support/chunk-workers.ts';
import { callsNeeded, readCalls, STEP_MS, VARIANTS } from './support/five-steps.ts';
import { type Figure, report } from './support/report.ts';

const smoke = process.argv.includes('--smoke');
const [EXAMPLES, KILLS_AT_MS] = smoke ? [50, [250]] : [1_000, [3_000, 6_000]];
const CALLS = callsNeeded(EXAMPLES);
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
  const verdicts = [
    // In short, that it runs is shown by one.
    smoke || (await onDatabase('PostgreSQL', startPostgresDurable)),
    await onDatabase('embedded', startPglite),
  ];
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
  const chunks = chunksOf(evaluation, EXAMPLES, play.split);
  const [load] = loadavg();
  const { killsAtMs } = play;
  const { wallMs, answered, killed, cpuMs } = await evaluateChunks(chunks, { url, callsFile, killsAtMs });
  const calls = await readCalls(callsFile);
  const extra = calls.made - CALLS;
  const mostExtra = killed === 0 ? 0 : SLOTS * killed + BATCH;
  const figures: Figure[] = [
    { what: 'walks with their answer', value: answered, unit: 'walks', asked: { atLeast: EXAMPLES * VARIANTS.length } },
    { what: `distinct calls, of ${CALLS}`, value: calls.distinct, unit: 'calls', asked: { atLeast: CALLS } },
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
