/**
 * What a look reads, and what comes before it: a look of 50,000 units by 20 metrics, in 4 arms and 2 stages, is a million
 * rows; outcomes are delivered 2,000 at a time, and summed up by unit. On both databases, each in a process of its own.
 * CPU time is that of the database's processes, in which other load on the machine shows least.
 *
 * [SLUICE_TEST_PG_BIN=<folder with initdb and postgres>] npm run bench:look [-- --smoke]
 */
import { rm } from 'node:fs/promises';
import type { OnlineMetric } from '../src/model/experiment-spec.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import type { NewOutcome, OutcomeSettings } from '../src/store/outcomes.ts';
import { createStore, type Store } from '../src/store/store.ts';
import { deployNext, MINUTE, metricOf, startOf } from '../test/store/experiment-helpers.ts';
import { startEmbedded } from '../test/support/embedded.ts';
import { noPostgres, startPostgres, temporaryFolder } from '../test/support/postgres.ts';
import { cpuMsOf, cpuMsOfBackend } from './support/cpu.ts';
import { type Figure, report } from './support/report.ts';
import { median } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const UNITS = isSmoke ? 500 : 50_000;
const METRICS = 20;
const ARMS = 4;
const ROUNDS = isSmoke ? 2 : 5;
const BATCHES = isSmoke ? 1 : 20;
const BATCH = isSmoke ? 500 : 2_000;

/** Half of them rates, one a ratio, one a capped sum, one a quantile: what an experiment may well have. */
const metrics: readonly OnlineMetric[] = [...Array(METRICS).keys()].map((n) => {
  const kinds = { 0: 'ratio', 1: 'quantile', 2: 'sum' } as const;
  const kind = kinds[n as 0 | 1 | 2] ?? (n % 2 === 0 ? 'rate' : 'mean');
  return metricOf(`m${n}`, {
    kind,
    ...(kind === 'sum' && { cap: 3_000 }),
    ...(kind === 'quantile' && { quantile: 0.95 }),
  });
});

interface Measured {
  readonly lookMs: number;
  /** Of the database's processes: what other load on the machine changes least. */
  readonly cpuMs: number;
  readonly rowsPerCpuSecond: number;
  readonly rowsPerSecond: number;
  readonly repeatedPerSecond: number;
}

/** CPU time up to now; a server's is that of the one connection. */
type Cpu = (database: Database) => Promise<number>;

async function measure(url: string, cpu: Cpu): Promise<Measured> {
  const database = openDatabase(url, { poolSize: 1, queryTimeoutMs: 600_000 });
  try {
    await migrate(database);
    const store = createStore(database);
    await deployNext({ store }, 'bench');
    const row = await startOf({ store }, 'bench-look', 'bench', { spec: { metrics } });
    const settings = { metrics, failed: METRICS - 2, breakerWindowMs: 15 * MINUTE, startedAt: row.startedAt };
    const ingested = await ingest(store, settings, () => cpu(database));
    await database.query(MANY_EXPOSURES, [row.experimentId, UNITS]);
    await database.query(MANY_ROWS, [row.experimentId, UNITS, METRICS]);
    const request = { ...settings, watermark: row.startedAt, fromStage: 1, stopped: [], arms: ARMS };
    // The first tells the planner how many there are.
    await store.outcomes.look(row.experimentId, request);
    const times: number[] = [];
    const cpuBefore = await cpu(database);
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      const { cells } = await store.outcomes.look(row.experimentId, request);
      times.push(performance.now() - begun);
      const seen = cells.reduce((sum, { n }) => sum + n, 0);
      if (cells.length !== METRICS * ARMS * 2 || seen !== UNITS * METRICS) throw new Error(`${seen} rows were seen`);
    }
    return { lookMs: median(times), cpuMs: ((await cpu(database)) - cpuBefore) / ROUNDS, ...ingested };
  } finally {
    await database.close();
  }
}

const MANY_EXPOSURES = `insert into exposure
    (experiment_id, unit, arm, stage, probability, run_id, exposed_at)
  select $1, 'user-' || u, (u / 2) % ${ARMS}, 1 + u % 2, 0.25, 'run-' || u, now() - interval '1 day'
  from generate_series(1, $2::int) as u`;

/** Values as long as they are: milliseconds and shares in millionths, drawn from the row's own hash. */
const MANY_ROWS = `insert into unit_metric
    (experiment_id, unit, metric, stage, arm, matures_at, n, v, d, x, deliveries, late, outside)
  select $1, 'user-' || u, m, 1 + u % 2, (u / 2) % ${ARMS}, now() - interval '23 hours', 1, x, case when m = 0 then x else 0 end,
    least(x, 3000000000), 1, 0, 0
  from generate_series(1, $2::int) as u, generate_series(0, $3::int - 1) as m,
    lateral (select case when m % 2 = 0 and m > 2 then 1000000 * (u % 2)
      else hashint4(u * 20 + m)::bigint + 2147483648 end as x) as drawn`;

/** As they come of runs: some units with a few outcomes each, exposed before. */
async function ingest(
  store: Store,
  settings: OutcomeSettings,
  cpu: () => Promise<number>,
): Promise<Omit<Measured, 'lookMs' | 'cpuMs'>> {
  const experiment = 'bench-ingest';
  const unitsOfBatch = BATCH / METRICS;
  const batches = [...Array(BATCHES).keys()].map((batch) =>
    [...Array(BATCH).keys()].map((n): NewOutcome => {
      const unit = `user-${batch}-${n % unitsOfBatch}`;
      const metric = Math.floor(n / unitsOfBatch);
      const at = settings.startedAt + n;
      return {
        experiment,
        unit,
        arm: n % ARMS,
        metric,
        runId: `run-${batch}-${n % unitsOfBatch}`,
        deliveryId: `run:${metric}`,
        v: 1_000 * n,
        at,
      };
    }),
  );
  for (const batch of batches)
    await store.outcomes.expose(
      batch.slice(0, unitsOfBatch).map(({ unit, runId, arm }) => ({
        experiment,
        unit,
        arm,
        stage: 1,
        probability: 0.25,
        runId,
        at: settings.startedAt,
      })),
    );
  const settingsOf = new Map([[experiment, settings]]);
  const all = async () => {
    const begun = performance.now();
    for (const batch of batches) await store.outcomes.put(batch, settingsOf);
    return (1_000 * BATCHES * BATCH) / (performance.now() - begun);
  };
  const cpuBefore = await cpu();
  const rowsPerSecond = await all();
  const rowsPerCpuSecond = (1_000 * BATCHES * BATCH) / ((await cpu()) - cpuBefore);
  return { rowsPerSecond, rowsPerCpuSecond, repeatedPerSecond: await all() };
}

const figuresOf = (name: string, measured: Measured, lookMs: number): readonly Figure[] => [
  {
    what: `a look over ${(UNITS * METRICS).toLocaleString('en')} rows`,
    value: measured.lookMs,
    unit: 'ms, median',
    ...(!isSmoke && { asked: { atMost: lookMs } }),
  },
  { what: '  of its processes', value: measured.cpuMs, unit: 'CPU ms' },
  {
    what: `outcomes delivered, ${BATCH.toLocaleString('en')} at a time`,
    value: measured.rowsPerSecond,
    unit: 'rows/s',
    ...(!isSmoke && name === 'PostgreSQL' && { asked: { atLeast: 10_000 } }),
  },
  { what: '  of its processes', value: measured.rowsPerCpuSecond, unit: 'rows/CPU s' },
  { what: 'the same delivered again', value: measured.repeatedPerSecond, unit: 'rows/s' },
];

async function backendCpu(database: Database): Promise<number> {
  const [row] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
  try {
    return cpuMsOfBackend(row!.pid);
  } catch {
    return Number.NaN; // it runs elsewhere
  }
}

const isMet: boolean[] = [];
if (noPostgres === undefined) {
  const server = await startPostgres(['shared_buffers=512MB']);
  const measured = await measure(server.url, backendCpu).finally(() => server.stop());
  isMet.push(report('PostgreSQL', figuresOf('PostgreSQL', measured, 500)));
} else console.log(`PostgreSQL is not measured: ${noPostgres}`);
const folder = await temporaryFolder();
const embedded = await startEmbedded(folder);
const measured = await measure(embedded.url, async () => cpuMsOf(embedded.pid)).finally(() => embedded.stop());
await rm(folder, { recursive: true });
isMet.push(report('The embedded database', figuresOf('embedded', measured, 1_500)));
process.exitCode = isMet.every(Boolean) ? 0 : 1;
