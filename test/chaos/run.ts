/**
 * `npm run chaos`: plays what may go wrong on real processes (workers and servers are killed, histories replayed, payloads
 * poisoned) and prints each requirement with its figure. Exit code 1 where one is missed.
 */
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { openPlace } from './place.ts';
import { type Outcome, playRow } from './play.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { tableOf } from './table.ts';

interface Options {
  readonly only?: readonly string[];
  readonly json?: boolean;
  readonly seed: number;
}

const DEFAULT_SEED = 1;

const options = new Command('chaos')
  .description('kill, restart, poison, replay: every requirement with its figure')
  .option('--only <rows>', 'such as R1,R3', (list) => list.split(','))
  .option('--json', 'the outcomes as one JSON document')
  .option('--seed <number>', 'decides the moments of the kills', readSeed, DEFAULT_SEED)
  .parse()
  .opts<Options>();

function readSeed(given: string): number {
  const seed = Number(given);
  if (Number.isInteger(seed)) return seed;
  throw new InvalidArgumentError('a whole number');
}

function chosen({ only }: Options): readonly Row[] {
  const unknown = only?.find((id) => !ROWS.some((row) => row.id === id));
  if (unknown !== undefined) throw new Error(`no row '${unknown}'; there are ${ROWS.map(({ id }) => id).join(', ')}`);
  return ROWS.filter((row) => only?.includes(row.id) ?? true);
}

const rows = chosen(options);
const cache = process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice/cache');
const place = await openPlace({ seed: options.seed, cache });
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => place.stop().then(() => process.exit(1)));
const outcomes: Outcome[] = [];
try {
  for (const row of rows) {
    const outcome = await playRow(row, place);
    outcomes.push(outcome);
    if (!options.json) process.stdout.write(`${tableOf(outcome)}\n`);
  }
} finally {
  await place.stop();
}
const missed = outcomes.filter(({ met }) => !met);
if (options.json) process.stdout.write(`${JSON.stringify({ seed: options.seed, outcomes }, null, 2)}\n`);
else
  process.stdout.write(`seed ${options.seed}: ${outcomes.length - missed.length} rows met, ${missed.length} missed\n`);
process.exit(missed.length === 0 ? 0 : 1); // a row that hung may still hold something open
