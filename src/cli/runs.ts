/** `sluice runs`: the newest runs, or one with its nodes. */
import { type Command, Option } from 'commander';
import type { RunResult } from '../runtime/run-result.ts';
import type { RunListed, RunWithNodes } from '../store/runs.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { positiveInteger } from './options.ts';
import { questionIn } from './question.ts';
import { eraseRunsCommand } from './runs-erase.ts';
import { pruneRunsCommand } from './runs-prune.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showPassing, showRun } from './show-run.ts';
import { callTable, spendingOf } from './spending.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { flow, shortRunId, showDuration, showTime } from './text.ts';
import { withStore } from './with-servers.ts';

interface RunsOptions {
  readonly pipeline?: string;
  readonly state?: (typeof STATES)[number];
  readonly limit?: number;
  readonly before?: string;
}

const STATES = ['running', 'completed', 'degraded', 'failed', 'cancelled'] as const;
const LARGEST_PAGE = 1_000;
const SHORT_PLAN = 12;

export function runsCommand(world: World): Command {
  return (
    readingCommand('runs', {
      summary: 'list the newest runs, or show one',
      examples: [
        ['runs', 'the newest runs'],
        ['runs --pipeline docs-bot --state failed', 'those of one pipeline that failed'],
        ['runs run-7d2', 'one run, by its id or the beginning of it'],
        ['runs prune --older-than 30d', 'what old runs were asked and gave'],
      ],
    })
      .argument('[run]', 'a run id, or its beginning')
      .option('--pipeline <id>', 'only the runs of this pipeline')
      .addOption(new Option('--state <state>', 'only runs in this state').choices(STATES))
      .option('--limit <number>', 'how many', positiveInteger(LARGEST_PAGE), 20)
      .option('--before <cursor>', 'the page after one that ended with this cursor')
      .action((run: string | undefined, options: RunsOptions, command: Command) =>
        runAction(world, command, (session) =>
          run === undefined ? listRuns(session, options) : showOne(session, run),
        ),
      )
      // Else what stands behind their names, such as --json, would be this command's.
      .enablePositionalOptions()
      .addCommand(pruneRunsCommand(world))
      .addCommand(eraseRunsCommand(world))
  );
}

async function listRuns(session: Session, options: RunsOptions): Promise<ExitCode> {
  const { pipeline, state, limit, before } = options;
  const { terminal } = session;
  const page = await withStore(session, ({ store }) =>
    store.runs.list({
      ...(pipeline !== undefined && { pipeline }),
      ...(state !== undefined && { state }),
      ...(limit !== undefined && { limit }),
      ...(before !== undefined && { before }),
    }),
  );
  if (terminal.json) terminal.printJson(page);
  else if (page.runs.length === 0) terminal.print('no runs; sluice ask makes one');
  else for (const line of runTable(page.runs)) terminal.print(line);
  if (page.next !== null) terminal.note(`more: sluice runs --before ${page.next}`);
  return EXIT.fine;
}

async function showOne(session: Session, idOrPrefix: string): Promise<ExitCode> {
  const { terminal } = session;
  const { resultOf } = await import('../runtime/run-result.ts');
  const { restoreClaims } = await import('../store/claims.ts');
  const { run, result, isUiServed } = await withStore(session, async ({ store, urlOf, isUiServed }) => {
    const run = await store.runs.get(idOrPrefix);
    const result = await resultOf(run, urlOf(run.runId), (output) => restoreClaims(store.payloads, output));
    return { run, result, isUiServed };
  });
  if (terminal.json) terminal.printJson(result);
  else showWhole(terminal, run, result, isUiServed);
  return EXIT.fine;
}

/** What was asked, what came of it, and how each node run went. */
function showWhole(terminal: Terminal, run: RunWithNodes, result: RunResult, isUiServed: boolean): void {
  const { runId, pipeline, planId, state, startedAt, input } = run;
  const took = result.durationMs === null ? '' : ` in ${showDuration(result.durationMs)}`;
  terminal.print(`${runId}  ${state}${took}`);
  terminal.print(`${pipeline}  plan ${planId.slice(0, SHORT_PLAN)}  started ${showTime(startedAt)} UTC`);
  const { contentRemoved } = result;
  if (contentRemoved) terminal.print(`  content removed on ${showTime(contentRemoved.at)} UTC by ${contentRemoved.by}`);
  else terminal.print(terminal.colours.bold(`? ${questionIn(input)}`));
  if (contentRemoved && state !== 'failed') terminal.print(terminal.colours.dim(`  ${result.temporalUrl}`));
  else if (state === 'running') terminal.print(`  running still; see ${result.temporalUrl}`);
  else showRun(terminal, result, { hasTimes: false });
  if (!isUiServed) showPassing(terminal);
  if (result.nodes.length === 0) return;
  terminal.print();
  for (const line of nodeTable(result)) terminal.print(line);
  if (result.calls.length === 0) return;
  terminal.print();
  for (const line of callTable(result.calls)) terminal.print(line);
  for (const line of flow(spendingOf(result), terminal.width, '')) terminal.print(line);
}

function nodeTable({ nodes }: RunResult): string[] {
  return tableLines(nodes, [
    { heading: 'node', cell: ({ key }) => key },
    { heading: 'step', cell: ({ step }) => step },
    { heading: 'outcome', cell: ({ outcome }) => outcome },
    { heading: 'attempts', cell: ({ attempts, step }) => (step === null ? null : attempts), align: 'right' },
    { heading: 'took', cell: ({ durationMs }) => showDuration(durationMs), align: 'right' },
  ]);
}

function runTable(runs: readonly RunListed[]): string[] {
  return tableLines(runs, [
    { heading: 'run', cell: ({ runId }) => shortRunId(runId) },
    { heading: 'pipeline', cell: ({ pipeline }) => pipeline },
    { heading: 'plan', cell: ({ planId }) => planId.slice(0, SHORT_PLAN) },
    { heading: 'state', cell: ({ state }) => state },
    { heading: 'started (UTC)', cell: ({ startedAt }) => showTime(startedAt) },
    {
      heading: 'took',
      cell: ({ startedAt, finishedAt }) => (finishedAt === null ? null : showDuration(finishedAt - startedAt)),
      align: 'right',
    },
  ]);
}
