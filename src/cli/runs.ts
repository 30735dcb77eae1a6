/** `sluice runs`: the newest runs, or one with its nodes. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SluiceError } from '../base/errors.ts';
import { shortId, showDuration, showTime } from '../base/format.ts';
import { commandLine } from '../base/shell.ts';
import type { RunResult } from '../client/run-result.ts';
import { OPERATORS, RUN_FIELDS } from '../model/run-fields.ts';
import type { Json } from '../plan/plan.ts';
import { readFieldName } from '../run-filter/read-condition.ts';
import { writeCondition } from '../run-filter/saved-view.ts';
import type { RunWithNodes } from '../store/runs.ts';
import type { SavedView } from '../store/views.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findNamed } from './lookup.ts';
import { positiveInteger, wholeNumber } from './options.ts';
import { eraseRunsCommand, pruneRunsCommand } from './runs-erase.ts';
import { type Axes, listRuns, type RunsChoice, savedView, viewOf, withChoice } from './runs-list.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import { callTable, questionIn, showEphemeral, showRun, spendingOf } from './show-run.ts';
import { flow, tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
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
  if (!isUiServed) showEphemeral(terminal);
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

const NAME_LENGTH = 100;

/** `sluice runs views`: what the screen of runs shows, kept under names for everybody. */
function viewsCommand(world: World): Command {
  const save = readingCommand('save', {
    summary: 'keep conditions, order and columns under a name, in place of one of that name',
    examples: [
      ['runs views save "slow and disliked" --where "latency > 2s" --where "thumb is down"', 'for all to use'],
    ],
  })
    .argument('<name>', 'what it is called', name)
    .option('--view <name>', 'begin with what was saved under this name')
    .action((called: string, options: RunsChoice & { readonly view?: string }, command: Command) =>
      runAction(world, command, (session) => saveView(session, called, options)),
    );
  const remove = readingCommand('remove', {
    summary: 'remove a view',
    examples: [['runs views remove "slow and disliked"', 'for everybody']],
  })
    .argument('<name>', 'what it is called, or its beginning')
    .action((called: string, _options: object, command: Command) =>
      runAction(world, command, (session) => removeView(session, called)),
    );
  return readingCommand('views', {
    summary: 'list the views of runs that were saved; save and remove them',
    examples: [['runs views', 'what each shows, and who saved it']],
  })
    .action((_options: object, command: Command) => runAction(world, command, listViews))
    .enablePositionalOptions()
    .addCommand(withChoice(save))
    .addCommand(remove);
}

/** As the API takes it. */
function name(text: string): string {
  if (text === '' || text.length > NAME_LENGTH) throw new InvalidArgumentError(`give 1 to ${NAME_LENGTH} characters.`);
  if (/[/\p{Cc}\p{Cs}]/u.test(text)) throw new InvalidArgumentError('leave out slashes and control characters.');
  return text;
}

async function listViews(session: Session): Promise<ExitCode> {
  const { terminal } = session;
  const views = await withStore(session, ({ store }) => store.views.list('runs'));
  const shown = await Promise.all(views.map(async (view) => ({ ...view, shows: await shownText(view) })));
  if (terminal.json) terminal.printJson(views);
  else if (views.length === 0)
    terminal.print('no view of runs is saved: sluice runs views save NAME --where "latency > 2s"');
  else
    for (const line of tableLines(
      shown,
      [
        { heading: 'view', cell: (view) => view.name },
        { heading: 'shows', cell: ({ shows }) => shows, isFlexible: true },
        { heading: 'by', cell: ({ by }) => by },
        { heading: 'saved', cell: ({ at }) => showTime(at) },
      ],
      terminal.room,
    ))
      terminal.print(line);
  return EXIT.fine;
}

/** A view that is none is said to be that, beside those that are. */
async function shownText({ view, name: called }: SavedView): Promise<string> {
  const { savedView } = await import('../run-filter/saved-view.ts');
  try {
    const { where, sort, columns } = savedView(view, called);
    const parts = [
      where.map(writeCondition).join(' and ') || 'all runs',
      ...(sort === undefined ? [] : [`sorted by ${sort.by}, the ${sort.descending ? 'most' : 'least'} first`]),
      ...(columns === undefined ? [] : [`with ${columns.join(', ')}`]),
    ];
    return parts.join('; ');
  } catch {
    return 'what cannot be read';
  }
}

async function saveView(
  session: Session,
  called: string,
  options: RunsChoice & { readonly view?: string },
): Promise<ExitCode> {
  const { terminal, environment } = session;
  const saved = await withStore(session, async ({ store }) => {
    const base = options.view === undefined ? undefined : await savedView(await store.views.list('runs'), options.view);
    const view = viewOf(options, base) as unknown as Json;
    return store.views.save({ screen: 'runs', name: called, view, by: userName(environment) });
  });
  if (terminal.json) terminal.printJson(saved);
  else
    terminal.print(`saved '${called}': ${await shownText(saved)}\n  see it: ${commandLine('runs', '--view', called)}`);
  return EXIT.fine;
}

async function removeView(session: Session, called: string): Promise<ExitCode> {
  const { terminal, environment } = session;
  const removed = await withStore(session, async ({ store }) => {
    const whenNone = 'none is saved';
    const among = await store.views.list('runs');
    const found = findNamed({ kind: 'view', name: called, among, nameOf: (view) => view.name, whenNone });
    await store.views.remove('runs', found.name, userName(environment));
    return found;
  });
  if (terminal.json) terminal.printJson(removed);
  else terminal.print(`removed '${removed.name}', which showed ${await shownText(removed)}`);
  return EXIT.fine;
}
