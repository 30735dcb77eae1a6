/**
 * `npm run fault-matrix`: every fault of a provider at every step that asks one, through the whole bot on real processes.
 * Prints what became of each run, what its caller is told and what was paid. Exit code 1 where it is not as expected.
 */
import { Command } from 'commander';
import { CELLS, type Cell } from './cells.ts';
import { playCells } from './matrix.ts';
import { withOwnStage } from './own-stage.ts';
import { ingestDocuments, sayYes } from './stage.ts';
import { headings, rowOf } from './table.ts';

interface Options {
  readonly only?: string;
  readonly json?: boolean;
}

const options = new Command('fault-matrix')
  .description('each fault of a provider at each step: outcome, attempts, time, what the caller is told, what was paid')
  .option('--only <step/fault>', 'such as draft/hang, draft, or draft/hang/once')
  .option('--json', 'the cells as one JSON document')
  .parse()
  .opts<Options>();

function chosen({ only }: Options): readonly Cell[] {
  const cells = CELLS.filter(({ id }) => only === undefined || `${id}/`.startsWith(`${only}/`));
  if (cells.length > 0) return cells;
  throw new Error(`no cell '${only}'; there are ${CELLS.map(({ id }) => id).join(', ')}`);
}

const cells = chosen(options);
const print = (text: string) => options.json || process.stdout.write(`${text}\n`);
await withOwnStage(async (stage) => {
  await stage.startWorker();
  await ingestDocuments(stage);
  await sayYes(stage.standIn);
  print(headings());
  const played = await playCells(stage, cells, (each) => print(rowOf(each)));
  const missed = played.filter((each) => each.missed.length > 0);
  const twice = played.reduce((sum, { account }) => sum + account.paidTwice, 0);
  if (options.json) process.stdout.write(`${JSON.stringify({ played }, null, 2)}\n`);
  print(`${played.length} cells, ${missed.length} not as expected, ${twice} calls paid twice`);
  process.exitCode = missed.length === 0 ? 0 : 1;
});
