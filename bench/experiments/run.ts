/**
 * Experiments on a simulated clock, over the real store: units are served, exposed and counted, looks are taken every fifty
 * of them and acted on. Does what is harmless stay, does harm go, and how soon; are lost records seen; does one experiment
 * leave another's numbers valid; and does every ledger say again what it said?
 *
 * [SLUICE_TEST_PG_BIN=<folder with initdb and postgres>] npm run bench:experiments [-- --smoke] [-- aa harm ...]
 */
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { noPostgres, startPglite, startPostgres } from '../../test/support/postgres.ts';
import { type Figure, report } from '../support/report.ts';
import { median, sum } from '../support/statistics.ts';
import { playAll } from './play-all.ts';
import type { Told } from './play-process.ts';
import { AA, BROKEN, HARM, LOSING, TWO } from './scenarios.ts';

const isSmoke = process.argv.includes('--smoke');
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));

const percent = (of: readonly Told[], holds: (told: Told) => boolean): number =>
  (100 * of.filter(holds).length) / of.length;
const first = ({ played }: Told) => played[0]!;

interface Part {
  readonly scenario: string;
  readonly seeds: number;
  readonly smokeSeeds: number;
  readonly title: string;
  readonly figures: (told: readonly Told[]) => readonly Figure[];
}

const PARTS: readonly Part[] = [
  {
    scenario: AA.name,
    seeds: 40,
    smokeSeeds: 0,
    title: 'A/A to 20,000 units, 400 looks, nothing to keep a false winner back',
    figures: (told) => [
      {
        what: 'promoted or rolled back',
        value: told.filter((each) => first(each).state !== 'running').length,
        unit: `of ${told.length}`,
        asked: { atMost: Math.ceil(told.length / 8) },
      },
    ],
  },
  {
    scenario: HARM.name,
    seeds: 40,
    smokeSeeds: 0,
    title: 'Failures rise from 5 % to 10 %, a point is allowed, one of three guardrails',
    figures: (told) => [
      {
        what: 'rolled back by 20,000 units',
        value: percent(told, (each) => first(each).state === 'rolled_back'),
        unit: '%',
        asked: { atLeast: 100 },
      },
      {
        what: 'units until then',
        value: median(told.map((each) => first(each).units)),
        unit: 'median',
        asked: { atMost: 2_499 },
      },
      { what: '  at most', value: Math.max(...told.map((each) => first(each).units)), unit: '' },
    ],
  },
  {
    scenario: BROKEN.name,
    seeds: 500,
    smokeSeeds: 1,
    title: 'Failures rise from 5 % to 15 %, a point is allowed, the one guardrail',
    figures: (told) => [
      {
        what: 'rolled back within 500 matured units per arm',
        value: percent(told, (each) => first(each).state === 'rolled_back' && first(each).unitsPerArm <= 500),
        unit: '%',
        asked: { atLeast: 95 },
      },
      {
        what: 'matured units of the larger arm until then',
        value: median(told.map((each) => first(each).unitsPerArm)),
        unit: 'median',
      },
    ],
  },
  {
    scenario: LOSING.name,
    seeds: 40,
    smokeSeeds: 1,
    title: 'Three in ten of the records of one arm are lost',
    figures: (told) => [
      {
        what: 'halted by the sample ratio of recorded values, and says so',
        value: percent(
          told,
          (each) => first(each).state === 'halted' && first(each).sentence.startsWith('reranked loses its records of '),
        ),
        unit: '%',
        asked: { atLeast: 100 },
      },
      { what: 'units until then', value: median(told.map((each) => first(each).units)), unit: 'median' },
    ],
  },
  {
    scenario: TWO.name,
    seeds: 20,
    smokeSeeds: 0,
    title: 'Two experiments on one pipeline: one wins and is rolled out, the other is A/A',
    figures: (told) => [
      {
        what: 'the better one is promoted, and deployed',
        value: percent(told, (each) => first(each).state === 'promoted'),
        unit: '%',
        asked: { atLeast: 100 },
      },
      {
        what: 'the other goes on in a new stage',
        value: percent(told, ({ played }) => played[1]!.state !== 'running' || played[1]!.stages === 2),
        unit: '%',
        asked: { atLeast: 100 },
      },
      {
        what: '  and is promoted or rolled back',
        value: told.filter(({ played }) => played[1]!.state !== 'running').length,
        unit: `of ${told.length}`,
        asked: { atMost: Math.ceil(told.length / 8) },
      },
    ],
  },
];

const server = noPostgres ? await startPglite() : await startPostgres(['synchronous_commit=off']);
try {
  const database = openDatabase(server.url);
  await migrate(database).finally(() => database.close());
  const parts = PARTS.filter(({ scenario, smokeSeeds }) =>
    asked.length > 0 ? asked.includes(scenario) : !isSmoke || smokeSeeds > 0,
  );
  let isMet = true;
  for (const { scenario, seeds, smokeSeeds, title, figures } of parts) {
    const startedAt = performance.now();
    const told = await playAll(server.url, scenario, isSmoke ? Math.max(1, smokeSeeds) : seeds);
    const all = told.flatMap(({ played }) => played);
    const looks = sum(all.map((each) => each.looks));
    isMet =
      report(title, [
        ...figures(told),
        {
          what: 'ledgers that say again what they said',
          value: (100 * all.filter(({ audit }) => audit.isEqual && audit.looks > 0).length) / all.length,
          unit: '%',
          asked: { atLeast: 100 },
        },
        {
          what: '  their looks, equal byte for byte',
          value: (100 * sum(all.map(({ audit }) => audit.identical))) / looks,
          unit: `% of ${looks}`,
        },
        { what: 'time', value: (performance.now() - startedAt) / 1_000, unit: 's' },
      ]) && isMet;
  }
  // A handful of seeds proves nothing.
  if (!isMet && !isSmoke) process.exitCode = 1;
} finally {
  await server.stop();
}
