/** `sluice backtest`: recorded runs, again under a variant, and what differs. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showPercent, showTime } from '../base/format.ts';
import type { Runtime } from '../host/runtime.ts';
import type { RerunRow } from '../store/reruns.ts';
import type { Store } from '../store/store.ts';
import { actingCommand, groupCommand, readingCommand, runAction, type World } from './command.ts';
import { share } from './options.ts';
import { changedRuns, followRerun, rerunOutcome, showChanged, showRerun, showRerunOfRun } from './rerun-outcome.ts';
import {
  ago,
  askedRerun,
  lastRuns,
  type RunsOptions,
  runsFor,
  type VariantOptions,
  withVariantOptions,
} from './rerun-request.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import { tableLines } from './table.ts';
import { showAfter, withRuntime, withStore } from './with-servers.ts';

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
    if (options.detach && !runtime.isEphemeral) return showOutcome(session, runtime, row);
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

const rerunTable = (rows: readonly RerunRow[], room: number): readonly string[] =>
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

async function stopRerun(session: Session, id: string): Promise<ExitCode> {
  return showAfter(session, { project: session.services.project }, async ({ client }) => {
    const { rerunId } = await client.stopRerun(id);
    return () => {
      session.terminal.print(`${rerunId} is stopped`);
      session.terminal.print(`  what came of it: sluice backtest show ${rerunId}`);
      return EXIT.fine;
    };
  });
}

interface StartOptions extends VariantOptions {
  readonly share: number;
}

/** `sluice shadow`: a share of the live runs, repeated under a variant in the background; nobody is ever shown the answers. */
export function shadowCommand(world: World): Command {
  return groupCommand('shadow', 'repeat a share of the live runs under a variant, unseen', [
    startCommand(world),
    statusCommand(world),
    stopShadowCommand(world),
  ]);
}

function startCommand(world: World): Command {
  return withVariantOptions(
    readingCommand('start', {
      summary: 'repeat a share of the live runs under a variant from now on; nobody is shown the answers',
      examples: [
        ['shadow start docs-bot --variant deep --share 0.1', 'a tenth of the runs'],
        ['shadow start docs-bot --variant deep --share 1 --limit-usd 5', 'all, until that has cost 5 dollars'],
      ],
    }),
  )
    .argument('<pipeline>', 'its id')
    .requiredOption('--share <share>', 'the part of the runs that is repeated, above 0 and at most 1', share)
    .action((pipeline: string, options: StartOptions, called: Command) =>
      runAction(world, called, (session) => startShadow(session, pipeline, options)),
    );
}

async function startShadow(session: Session, pipeline: string, options: StartOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const { spec, plan } = await askedRerun(session, 'shadow', pipeline, options);
  return withRuntime(session, { project: services.project }, async ({ client, isEphemeral }) => {
    if (isEphemeral) throw notAlone(pipeline);
    const row = await client.startRerun({
      ...{ spec, plan, budgetUsd: options.limitUsd ?? null, of: { share: options.share } },
      startedBy: userName(environment),
    });
    const temporalUrl = client.urlOf(row.rerunId);
    if (terminal.json) terminal.printJson({ rerun: row, temporalUrl });
    else {
      terminal.print(
        `${row.rerunId} repeats ${showPercent(options.share)} of the runs of ${spec.pipeline} under ${spec.variant}`,
      );
      terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
      terminal.print(`  what differs so far: sluice shadow status ${row.rerunId}`);
      terminal.print(`  end it: sluice shadow stop ${row.rerunId}`);
    }
    return EXIT.fine;
  });
}

function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'what a shadow has found so far; without an id all of them',
    examples: [
      ['shadow status', 'those under way, and the last that were stopped'],
      ['shadow status shadow-docs-bot-1f2e', 'one, by the beginning of its id'],
      ['shadow status docs-bot', 'the newest of this pipeline'],
    ],
  })
    .argument('[id]', 'its id, or the beginning of it, or a pipeline')
    .action((id: string | undefined, _options: object, called: Command) =>
      runAction(world, called, (session) =>
        withStore(session, async ({ store }) => {
          const { terminal } = session;
          if (id !== undefined) return showRerun(session, await rerunOutcome(store, await findShadow(store, id)));
          const rows = await store.reruns.list({ kind: 'shadow' });
          if (terminal.json) terminal.printJson(rows);
          else if (rows.length === 0) terminal.print('nothing has been shadowed yet: sluice shadow start PIPELINE');
          else for (const line of rerunTable(rows, terminal.room)) terminal.print(line);
          return EXIT.fine;
        }),
      ),
    );
}

function stopShadowCommand(world: World): Command {
  return actingCommand('stop', {
    summary: 'repeat no more runs; what was found stays',
    examples: [['shadow stop docs-bot', 'the one of this pipeline']],
  })
    .argument('<id>', 'its id, or the beginning of it, or a pipeline')
    .action((id: string, _options: object, called: Command) =>
      runAction(world, called, async (session) => {
        const { rerunId } = await withStore(session, ({ store }) => findShadow(store, id));
        return stopRerun(session, rerunId);
      }),
    );
}

/** By its id; of a pipeline the one that is under way, else the newest. */
async function findShadow({ reruns }: Pick<Store, 'reruns'>, id: string): Promise<RerunRow> {
  const live = await reruns.list({ kind: 'shadow', pipeline: id, live: true, limit: 1 });
  const [row] = live.length > 0 ? live : await reruns.list({ kind: 'shadow', pipeline: id, limit: 1 });
  return row ?? reruns.get(id);
}

const notAlone = (pipeline: string): SluiceError =>
  new SluiceError('usage', {
    message: 'nothing would be shadowed, as the servers of this command end with it',
    remedy: `start servers that stay, in another terminal: sluice dev; or take recorded runs: sluice backtest ${pipeline}`,
  });
