/** `sluice runs`: the newest runs, or one with its nodes. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SluiceError } from '../base/errors.ts';
import { shortId, showDuration, showTime } from '../base/format.ts';
import type { RunResult } from '../client/run-result.ts';
import { OPERATORS, RUN_FIELDS } from '../model/run-fields.ts';
import { readFieldName } from '../run-filter/read-condition.ts';
import type { RunWithNodes } from '../store/runs.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { positiveInteger, wholeNumber } from './options.ts';
import { questionIn } from './question.ts';
import { eraseRunsCommand } from './runs-erase.ts';
import { type Axes, listRuns } from './runs-list.ts';
import { type RunsChoice, viewOf, withChoice } from './runs-options.ts';
import { pruneRunsCommand } from './runs-prune.ts';
import { viewsCommand } from './runs-views.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showPassing, showRun } from './show-run.ts';
import { callTable, spendingOf } from './spending.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { flow } from './text.ts';
import { withStore } from './with-servers.ts';

interface RunsOptions extends RunsChoice {
  readonly view?: string;
  readonly limit: number;
  readonly offset: number;
  readonly histogram?: number | true;
  readonly points?: Axes | true;
}

const LARGEST_PAGE = 1_000;
const DEEPEST = 1_000_000;
const BINS = 24;
const MOST_BINS = 200;

export function runsCommand(world: World): Command {
  const command = readingCommand('runs', {
    summary: 'list the newest runs, or show one',
    examples: [
      ['runs', 'the newest runs'],
      ['runs --where "latency > 2s" --where "thumb is down" --sort -cost', 'the dearest of the slow and disliked'],
      ['runs --view "slow and disliked" --histogram', 'when those of a saved view were'],
      ['runs run-7d2', 'one run, by its id or the beginning of it'],
      ['runs prune --older-than 30d', 'what old runs were asked and gave'],
    ],
  })
    .argument('[run]', 'a run id, or its beginning')
    .addHelpText(
      'after',
      `\nFields: ${RUN_FIELDS.join(', ')}, monitor:NAME:FIELD.\nOperators: ${OPERATORS.join(', ')}.`,
    );
  return (
    withChoice(command)
      .option('--view <name>', 'begin with the conditions, order and columns that were saved under this name')
      .option('--limit <number>', 'how many', positiveInteger(LARGEST_PAGE), 20)
      .option('--offset <number>', 'leave out this many first: for the next page', wholeNumber(DEEPEST), 0)
      .addOption(
        new Option('--histogram [bins]', 'how many there were when, in this many bins')
          .argParser(positiveInteger(MOST_BINS))
          .conflicts(['points', 'sort', 'columns', 'offset']),
      )
      .addOption(
        new Option('--points [x,y]', 'two values of each, of a sample')
          .argParser(axes)
          .conflicts(['sort', 'columns', 'offset']),
      )
      .action((run: string | undefined, options: RunsOptions, command: Command) =>
        runAction(world, command, (session) => (run === undefined ? list(session, options) : showOne(session, run))),
      )
      // Else what stands behind their names, such as --json, would be this command's.
      .enablePositionalOptions()
      .addCommand(viewsCommand(world))
      .addCommand(pruneRunsCommand(world))
      .addCommand(eraseRunsCommand(world))
  );
}

function axes(text: string): Axes {
  const [x, y, ...others] = text.split(',').map((name) => {
    try {
      return readFieldName(name);
    } catch (error) {
      const { message, remedy } = error as SluiceError;
      throw new InvalidArgumentError(`${message}: ${remedy}.`);
    }
  });
  if (x === undefined || y === undefined || others.length > 0)
    throw new InvalidArgumentError('give two fields, such as latency,cost.');
  return { x, y };
}

const list = (session: Session, options: RunsOptions): Promise<ExitCode> => {
  const { view, limit, offset, histogram, points } = options;
  return listRuns(session, {
    viewOf: (base) => viewOf(options, base),
    ...{ limit, offset },
    ...(view !== undefined && { view }),
    ...(histogram !== undefined && { histogram: histogram === true ? BINS : histogram }),
    ...(points !== undefined && { points }),
  });
};

async function showOne(session: Session, idOrPrefix: string): Promise<ExitCode> {
  const { terminal } = session;
  const { resultOf } = await import('../client/run-result.ts');
  const { restoreClaims } = await import('../store/claims.ts');
  const { run, result, isUiServed } = await withStore(session, async ({ store, urlOf, isUiServed }) => {
    const run = await store.runs.get(idOrPrefix);
    const result = await resultOf(run, urlOf(run.runId), (output) => restoreClaims(store.payloads, output));
    return { run, result, isUiServed };
  });
  if (terminal.json) terminal.printJson(result);
  else showWholeRun(terminal, run, result, isUiServed);
  return EXIT.fine;
}

/** What was asked, what came of it, and how each node run went. */
function showWholeRun(terminal: Terminal, run: RunWithNodes, result: RunResult, isUiServed: boolean): void {
  const { runId, pipeline, planId, state, startedAt, input } = run;
  const took = result.durationMs === null ? '' : ` in ${showDuration(result.durationMs)}`;
  terminal.print(`${runId}  ${state}${took}`);
  terminal.print(`${pipeline}  plan ${shortId(planId)}  started ${showTime(startedAt)}`);
  const { contentRemoved } = result;
  if (contentRemoved) terminal.print(`  content removed on ${showTime(contentRemoved.at)} by ${contentRemoved.by}`);
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
