/**
 * Assignment of units to arms: how many units a second of CPU time TypeScript does, beside SHA-256 of the same texts and
 * something every machine does alike; whether a million units of each shape come in the planned shares, and 20
 * experiments at once know nothing of each other; and whether the databases find the same, and how fast.
 *
 * [SLUICE_TEST_PG_BIN=<folder with initdb and postgres>] npm run bench:assign [-- --smoke]
 */
import { hash } from 'node:crypto';
import { compileAssignable } from '../src/model/assign.ts';
import { randomFrom } from '../src/stats/random.ts';
import { openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { balanceP, experimentOf, movedBy, pairPs, SHAPES, SPLITS, unitsOf } from '../test/experiment/assign-figures.ts';
import { experimentsAtOnce, mismatches, mixedUnits } from '../test/experiment/assign-sql.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../test/support/postgres.ts';
import { ownCpuMs } from './support/cpu.ts';
import { type Figure, report } from './support/report.ts';
import { median } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const UNITS = isSmoke ? 20_000 : 1_000_000;
const UNITS_IN_SQL = isSmoke ? 500 : 100_000;
/** Units per statement: the embedded database takes half a second for so many. */
const PAGE = 5_000;
const EXPERIMENTS = 20;
const ROUNDS = isSmoke ? 3 : 9;
/** Units per round of the measurement of speed: enough for some hundredths of a second. */
const ROUND = isSmoke ? 20_000 : 200_000;
const LEAST_P = 0.001;
const PER_SECOND = 2_000_000;
const RAMP = [0.01, 0.05, 0.25, 0.5, 1];

const cpuMsOf = (work: () => void): number => {
  const startMs = ownCpuMs();
  work();
  return ownCpuMs() - startMs;
};

/** Ids of all shapes in turn, since a program meets one kind, and a compiled loop should not know which. */
function speed(): readonly Figure[] {
  const shapes = SHAPES.map((shape) => unitsOf(shape, ROUND / SHAPES.length));
  const units = shapes[0]!.flatMap((_, index) => shapes.map((ids) => ids[index]!));
  const assigned = compileAssignable(experimentOf('answer-length'));
  let seen = 0;
  const works = {
    assign: () => {
      for (const unit of units) if (assigned(unit)!.arm === 'arm-0') seen += 1;
    },
    sha256: () => {
      for (const unit of units)
        for (const part of ['share', 'arm'])
          seen += Number.parseInt(hash('sha256', `answer-length.${part}:${unit}`).slice(0, 8), 16) & 1;
    },
    roots: () => {
      for (let step = 1; step <= 1_000_000; step += 1) seen += Math.sqrt(seen + step);
    },
  };
  const ms = { assign: [] as number[], sha256: [] as number[], roots: [] as number[] };
  for (const work of Object.values(works)) work();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of ['assign', 'sha256', 'roots'] as const) ms[name].push(cpuMsOf(works[name]));
  if (!(seen > 0)) throw new Error('nothing was assigned');
  const perSecond = (count: number, taken: readonly number[]) => (1_000 * count) / median(taken);
  return [
    { what: 'baseline: 1,000,000 square roots', value: median(ms.roots), unit: 'CPU ms' },
    {
      what: 'TypeScript, share and arm',
      value: perSecond(ROUND, ms.assign) / 1e6,
      unit: 'M/CPU s',
      // A few rounds on a busy machine are no measurement of speed.
      ...(!isSmoke && { asked: { atLeast: PER_SECOND / 1e6 } }),
    },
    {
      what: '  1,000,000 units in baselines',
      value: (1e6 / ROUND) * (median(ms.assign) / median(ms.roots)),
      unit: 'x',
    },
    { what: '  SHA-256 of the same', value: perSecond(ROUND, ms.sha256) / 1e6, unit: 'M/CPU s' },
  ];
}

function draws(): readonly Figure[] {
  const ps: number[] = [];
  let moved = 0;
  for (const shape of SHAPES) {
    const units = unitsOf(shape, UNITS);
    moved += movedBy(RAMP, units);
    for (const weights of SPLITS)
      ps.push(balanceP(experimentOf(`bench-${ps.length}`, { range: [0, 0.8] }, [...weights]), units));
  }
  const pairs = pairPs(EXPERIMENTS, unitsOf('sequential', UNITS));
  const asked = { atLeast: LEAST_P };
  return [
    { what: `smallest p of ${ps.length}: shapes by splits`, value: Math.min(...ps), unit: '', asked },
    { what: `smallest p of ${pairs.length} pairs of experiments`, value: Math.min(...pairs), unit: '' },
    // Of so many, one below the bound is no wonder.
    { what: '  times their number', value: pairs.length * Math.min(...pairs), unit: '', asked },
    {
      what: '  of them below .05',
      value: (100 * pairs.filter((p) => p < 0.05).length) / pairs.length,
      unit: '%',
      asked: { atMost: 10 },
    },
    { what: `units a ramp of ${RAMP.length} stages moved`, value: moved, unit: '', asked: { atMost: 0 } },
  ];
}

async function inSql(name: string, start: () => Promise<TestDatabase>): Promise<readonly Figure[]> {
  const units = mixedUnits(UNITS_IN_SQL, randomFrom(1).index);
  const running = await start();
  const database = openDatabase(running.url);
  try {
    await migrate(database);
    let different = 0;
    for (const experiment of experimentsAtOnce(EXPERIMENTS))
      for (let from = 0; from < units.length; from += PAGE)
        different += await mismatches(database, experiment, units.slice(from, from + PAGE));
    const usual = unitsOf('uuid', PAGE);
    const everyone = experimentOf('answer-length');
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedAt = performance.now();
      different += await mismatches(database, everyone, usual);
      times.push(performance.now() - startedAt);
    }
    return [
      {
        what: `${name}: units assigned otherwise, of ${UNITS_IN_SQL.toLocaleString('en')} x ${EXPERIMENTS}`,
        value: different,
        unit: '',
        asked: { atMost: 0 },
      },
      { what: `${name}: 100,000 uuids, share and arm`, value: (100_000 / PAGE) * median(times), unit: 'ms' },
    ];
  } finally {
    await database.close();
    await running.stop();
  }
}

const figures = [...speed(), ...draws(), ...(await inSql('PGlite', startPglite))];
if (noPostgres === undefined) figures.push(...(await inSql('PostgreSQL', startPostgres)));
else console.log(`without PostgreSQL: ${noPostgres}`);
const isMet = report(`Assignment: ${UNITS.toLocaleString('en')} units of each shape`, figures);
if (!isMet) process.exitCode = 1;
