/**
 * `sluice runs erase --unit` on embedded servers that hold a gigabyte: the time of the command, in which the files are
 * rewritten, and the CPU time of it and both servers. Beside it, a plain copy of the same files.
 *
 * npm run bench:erase [-- --smoke]
 */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync } from 'node:zlib';
import { readConfig } from '../src/config/config.ts';
import { temporalFile } from '../src/embedded/temporal-server.ts';
import { temporalFolder } from '../src/host/attach.ts';
import { type Runtime, startRuntime } from '../src/host/runtime.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { runProgram } from './support/process-tree.ts';
import { report } from './support/report.ts';

const smoke = process.argv.includes('--smoke');
const RUNS = smoke ? 1_000 : 60_000;
const HISTORIES = smoke ? 1_000 : 110_000;
const [OUTPUT_BYTES, HISTORY_BYTES, RUNS_OF_UNIT] = [6_000, 4_000, 20];
const ROWS_AT_ONCE = 200;
const MOST_SECONDS = 60;
const UNIT = 'u-zinnia';
const root = process.cwd();

/** Text that no compression makes smaller. */
const noise = (bytes: number) => randomBytes((bytes * 3) / 4).toString('base64');

/** Finished runs; the first few are of the unit. */
async function fillDatabase(database: Database): Promise<void> {
  for (let from = 0; from < RUNS; from += ROWS_AT_ONCE) {
    const rows = Array.from({ length: ROWS_AT_ONCE }, (_, no) => from + no);
    const ids = rows.map((no) => `run-${no}`);
    await database.query(
      `insert into run (run_id, pipeline, plan_id, arms, unit, state, input, output, started_at, finished_at)
       select *, now(), now() from unnest($1::text[], $2::text[], $3::text[], $4::json[], $5::text[], $6::text[], $7::json[], $8::json[])`,
      [
        ...[ids, rows.map(() => 'bench'), rows.map(() => 'p'), rows.map(() => '{}')],
        ...[rows.map((no) => (no < RUNS_OF_UNIT ? UNIT : `u-${no}`)), rows.map(() => 'completed')],
        ...[rows.map(() => JSON.stringify(noise(500))), rows.map(() => JSON.stringify(noise(OUTPUT_BYTES / 2)))],
      ],
    );
    await database.query(
      'insert into node_output (run_id, nodes, body) select id, 1, body from unnest($1::text[], $2::bytea[]) as t (id, body)',
      [ids, rows.map(() => zstdCompressSync(JSON.stringify(noise((OUTPUT_BYTES * 2) / 3))))],
    );
  }
}

/** Parts of histories that the server does not read. */
function fillTemporal(file: string): void {
  const database = new DatabaseSync(file, { enableDoubleQuotedStringLiterals: true });
  const insert = database.prepare(
    `insert into history_node (shard_id, tree_id, branch_id, node_id, txn_id, prev_txn_id, data, data_encoding)
     values (1, ?, ?, 1, ?, 0, ?, 'Proto3')`,
  );
  database.exec('begin');
  for (let no = 0; no < HISTORIES; no += 1)
    insert.run(randomBytes(16), randomBytes(16), -no, randomBytes(HISTORY_BYTES));
  database.exec('commit');
  database.close();
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(({ parentPath, name }) => stat(join(parentPath, name))));
  return sizes.reduce((total, { size }) => total + size, 0);
}

const environment = { ...process.env, SLUICE_CACHE: process.env.SLUICE_CACHE ?? join(root, '.sluice', 'cache') };
const start = (folder: string): Promise<Runtime> => startRuntime({ folder, config: readConfig(environment) });

const folder = await mkdtemp(join(tmpdir(), 'sluice-erase-'));
try {
  await mkdir(join(folder, 'pipelines'));
  await writeFile(join(folder, 'pipelines', 'index.ts'), `export { pipelines } from '${root}/pipelines/index.ts';\n`);
  const first = await start(folder);
  const database = openDatabase(first.databaseUrl);
  await fillDatabase(database);
  await database.close();
  await first.stop();
  fillTemporal(temporalFile(temporalFolder(folder)));

  const state = join(folder, '.sluice');
  const bytes = await sizeOf(state);
  const copiedAt = performance.now();
  await cp(state, join(folder, 'copy'), { recursive: true });
  const copyMs = performance.now() - copiedAt;
  await rm(join(folder, 'copy'), { recursive: true });

  const runtime = await start(folder);
  const args = [join(root, 'src/cli/main.ts'), 'runs', 'erase', '--unit', UNIT, '--yes'];
  const { wallMs, cpuMs, peakMemoryMb, exitCode } = await runProgram(args, {
    cwd: folder,
    env: environment,
    stdio: 'inherit',
  });
  await runtime.stop();
  const isMet = report(`erase --unit, ${RUNS_OF_UNIT} of ${RUNS} runs`, [
    { what: 'files of the state before', value: bytes / 1e9, unit: 'GB' },
    { what: 'files of the state after', value: (await sizeOf(state)) / 1e9, unit: 'GB' },
    { what: 'the command', value: wallMs / 1_000, unit: 's', asked: { atMost: MOST_SECONDS } },
    { what: 'CPU time of the command and both servers', value: cpuMs / 1_000, unit: 's' },
    { what: 'a copy of the same files', value: copyMs / 1_000, unit: 's' },
    { what: 'memory of all at its highest', value: peakMemoryMb, unit: 'MB' },
  ]);
  process.exitCode = isMet && exitCode === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
