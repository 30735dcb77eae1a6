/** `sluice backtest`: recorded runs, again under a variant, and what differs. */
import { type Command, Option } from 'commander';
import { count, showTime } from '../base/format.ts';
import type { Runtime } from '../host/runtime.ts';
import type { RerunRow } from '../store/reruns.ts';
import { actingCommand, readingCommand, runAction, type World } from './command.ts';
import { followRerun } from './rerun-follow.ts';
import { changedRuns, rerunOutcome, showChanged, showRerun } from './rerun-outcome.ts';
import {
  ago,
  askedRerun,
  lastRuns,
  type RunsOptions,
  runsFor,
  type VariantOptions,
  withVariantOptions,
} from './rerun-request.ts';
import { showRerunOfRun } from './rerun-run.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { userName } from './who.ts';
import { showAfter, withStore } from './with-servers.ts';

interface BacktestOptions extends VariantOptions, RunsOptions {
  readonly detach?: boolean;
}

/** Changed answers that are named. */
const NAMED = 10;
const ID = ['<id>', 'a backtest or a shadow: its id, or the beginning of it'] as const;

export function backtestCommand(world: World): Command {
  const command = withVariantOptions(
    readingCommand('backtest', {
      summary: 'run recorded runs again under a variant, calling only what differs, and compare both answers',
      examples: [
        ['backtest docs-bot --variant deep', 'the last 100 runs: nothing is called before what the variant edits'],
        ['backtest docs-bot --variant deep --thumb down --since 7d', 'those that people were not content with'],
        ['backtest docs-bot --from ranked --last 20', 'no variant: what comes of the same calls made anew'],
        ['backtest show backtest-docs-bot-1f2e --run run-7d2', 'one run: both answers'],
      ],
    }),
  )
    .argument('<pipeline>', 'its id')
    .option('--last <number>', 'the newest runs; default: 100', lastRuns)
    .option('--since <time>', 'only runs of the last 7d, 24h, 30m', ago)
    .option('--runs <ids>', 'these runs, with commas')
    .addOption(new Option('--thumb <thumb>', 'only runs of which somebody said this').choices(['up', 'down']))
    .option('--detach', 'do not wait for its end')
    .action((pipeline: string, options: BacktestOptions, called: Command) =>
      runAction(world, called, (session) => backtest(session, pipeline, options)),
    );
  for (const inner of [showCommand(world), listCommand(world), stopCommand(world)]) command.addCommand(inner);
  return command;
}

async function backtest(session: Session, pipeline: string, options: BacktestOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const { spec, plan } = await askedRerun(session, 'backtest', pipeline, options);
  return showAfter(session, { project: services.project }, async (runtime) => {
    const { client, store } = runtime;
    const runIds = await runsFor(store, spec.pipeline, options);
    terminal.note(
      `${spec.variant}: ${count(runIds.length, 'run')} of ${spec.pipeline}, ${count(spec.scorers.length, 'scorer')}`,
    );
    const row = await client.startRerun({
      ...{ spec, plan, budgetUsd: options.limitUsd ?? null, of: { runIds } },
      startedBy: userName(environment),
    });
    terminal.note(`${row.rerunId}  ${client.urlOf(row.rerunId)}`);
    if (options.detach && !runtime.isPassing) return showOutcome(session, runtime, row);
    return showOutcome(session, runtime, await followRerun(session, runtime, row));
  });
}

async function showOutcome(
  session: Session,
  { store, client }: Pick<Runtime, 'store' | 'client'>,
  row: RerunRow,
): Promise<() => ExitCode> {
  const outcome = await rerunOutcome(store, row, client.urlOf);
  const changed = await changedRuns(store, row.rerunId, NAMED);
  return () => {
    const exit = showRerun(session, outcome);
    if (!session.terminal.json) showChanged(session.terminal, changed);
    return row.state === 'out_of_budget' ? EXIT.error : exit;
  };
}

function showCommand(world: World): Command {
  return readingCommand('show', {
    summary: 'what a backtest or a shadow has found; of one run both answers',
    examples: [
      ['backtest show backtest-docs-bot-1f2e', 'by the beginning of its id'],
      ['backtest show backtest-docs-bot-1f2e --run run-7d2', 'one run: both answers, scores and what they took'],
    ],
  })
    .argument(...ID)
    .option('--run <run>', 'one run of it: its id, or the beginning of it')
    .action((id: string, { run }: { readonly run?: string }, called: Command) =>
      runAction(world, called, (session) =>
        withStore(session, async ({ store }) => {
          const row = await store.reruns.get(id);
          if (run !== undefined) return showRerunOfRun(session, store, row, run);
          const exit = showRerun(session, await rerunOutcome(store, row));
          if (!session.terminal.json) showChanged(session.terminal, await changedRuns(store, row.rerunId, NAMED));
          return exit;
        }),
      ),
    );
}

function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'backtests, the newest first',
    examples: [['backtest list', 'the last 20']],
  })
    .option('--limit <number>', 'how many', lastRuns, 20)
    .action(({ limit }: { readonly limit: number }, called: Command) =>
      runAction(world, called, ({ terminal, ...session }) =>
        withStore({ terminal, ...session }, async ({ store }) => {
          const rows = await store.reruns.list({ kind: 'backtest', limit: Math.min(limit, 1_000) });
          if (terminal.json) terminal.printJson(rows);
          else for (const line of rerunTable(rows, terminal.room)) terminal.print(line);
          return EXIT.fine;
        }),
      ),
    );
}

export const rerunTable = (rows: readonly RerunRow[], room: number): readonly string[] =>
  tableLines<RerunRow>(
    rows,
    [
      { heading: 'id', cell: ({ rerunId }) => rerunId },
      { heading: 'pipeline', cell: ({ pipeline }) => pipeline },
      { heading: 'variant', cell: ({ variant }) => variant },
      { heading: 'state', cell: ({ state }) => state.replaceAll('_', ' ') },
      { heading: 'begun', cell: ({ startedAt }) => showTime(startedAt) },
    ],
    room,
  );

function stopCommand(world: World): Command {
  return actingCommand('stop', {
    summary: 'end a backtest; what it has found stays',
    examples: [['backtest stop backtest-docs-bot-1f2e', 'what is under way is given up']],
  })
    .argument(...ID)
    .action((id: string, _options: object, called: Command) =>
      runAction(world, called, (session) => stopRerun(session, id)),
    );
}

export async function stopRerun(session: Session, id: string): Promise<ExitCode> {
  return showAfter(session, { project: session.services.project }, async ({ client }) => {
    const { rerunId } = await client.stopRerun(id);
    return () => {
      session.terminal.print(`${rerunId} is stopped`);
      session.terminal.print(`  what came of it: sluice backtest show ${rerunId}`);
      return EXIT.fine;
    };
  });
}
