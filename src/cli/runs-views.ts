/** `sluice runs views`: what the screen of runs shows, kept under names for everybody. */
import { type Command, InvalidArgumentError } from 'commander';
import { commandLine } from '../base/shell.ts';
import type { Json } from '../plan/plan.ts';
import { writeCondition } from '../run-filter/saved-view.ts';
import type { SavedView } from '../store/views.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findNamed } from './lookup.ts';
import { type RunsChoice, savedView, viewOf, withChoice } from './runs-options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { showTime } from './text.ts';
import { userName } from './who.ts';
import { withStore } from './with-servers.ts';

const NAME_LENGTH = 100;

export function viewsCommand(world: World): Command {
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
