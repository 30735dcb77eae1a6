/** `sluice runs`: the newest runs, or one with its nodes. */
import { type Command, Option } from 'commander';
import type { RunListed } from '../store/runs.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showRun } from './show-run.ts';
import { tableLines } from './table.ts';
import { showDuration, showTime } from './text.ts';
import { withRuntime } from './with-runtime.ts';

interface RunsOptions {
  readonly pipeline?: string;
  readonly state?: (typeof STATES)[number];
  readonly limit?: number;
  readonly before?: string;
}

const STATES = ['running', 'completed', 'degraded', 'failed', 'cancelled'] as const;
const LARGEST_PAGE = 1_000;

export function runsCommand(world: World): Command {
  return readingCommand('runs', {
    summary: 'list the newest runs, or show one',
    examples: [
      ['runs', 'the newest runs'],
      ['runs --pipeline docs-bot --state failed', 'those of one pipeline that failed'],
      ['runs run-7d2', 'one run, by its id or the beginning of it'],
    ],
  })
    .argument('[run]', 'a run id, or its beginning')
    .option('--pipeline <id>', 'only the runs of this pipeline')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(STATES))
    .option('--limit <number>', 'how many', positiveInteger(LARGEST_PAGE), 20)
    .option('--before <cursor>', 'the page after one that ended with this cursor')
    .action((run: string | undefined, options: RunsOptions, command: Command) =>
      runAction(world, command, (session) => (run === undefined ? listRuns(session, options) : showOne(session, run))),
    );
}

async function listRuns(session: Session, options: RunsOptions): Promise<ExitCode> {
  const { pipeline, state, limit, before } = options;
  const { terminal } = session;
  const page = await withRuntime(session, { worker: false }, ({ store }) =>
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
  const run = await withRuntime(session, { worker: false }, async ({ client, store }) => {
    const found = await store.runs.get(idOrPrefix);
    return resultOf(found, client.urlOf(found.runId), (output) => restoreClaims(store.payloads, output));
  });
  if (terminal.json) terminal.printJson(run);
  else showRun(terminal, run);
  return EXIT.fine;
}

function runTable(runs: readonly RunListed[]): string[] {
  return tableLines(runs, [
    { heading: 'run', cell: ({ runId }) => runId },
    { heading: 'pipeline', cell: ({ pipeline }) => pipeline },
    { heading: 'plan', cell: ({ planId }) => planId.slice(0, 12) },
    { heading: 'state', cell: ({ state }) => state },
    { heading: 'started (UTC)', cell: ({ startedAt }) => showTime(startedAt) },
    {
      heading: 'took',
      cell: ({ startedAt, finishedAt }) => (finishedAt === null ? null : showDuration(finishedAt - startedAt)),
      align: 'right',
    },
  ]);
}
