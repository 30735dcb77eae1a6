/** `sluice runs prune`: removes what old runs were asked and gave; how they went stays. */
import { type Command, Option } from 'commander';
import { count, showTime } from '../base/format.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { duration } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { userName } from './who.ts';
import { type Opened, withHistories } from './with-histories.ts';

/** Runs in one transaction. */
const PORTION = 200;

interface PruneOptions {
  /** Milliseconds. */
  readonly olderThan: number;
  readonly yes?: boolean;
}

export function pruneRunsCommand(world: World): Command {
  return readingCommand('prune', {
    summary: 'remove what old runs were asked and gave, and keep how they went',
    examples: [
      ['runs prune --older-than 30d', 'how many that would be'],
      ['runs prune --older-than 30d --yes', 'do it: what is removed cannot be had back'],
    ],
  })
    .addOption(
      new Option('--older-than <duration>', 'runs that ended longer ago, such as 30d')
        .argParser(duration)
        .makeOptionMandatory(),
    )
    .option('--yes', 'do it, and not only say what it would do')
    .action((options: PruneOptions, command: Command) =>
      runAction(world, command, (session) => prune(session, options)),
    );
}

async function prune(session: Session, { olderThan, yes = false }: PruneOptions): Promise<ExitCode> {
  const { terminal, environment } = session;
  const before = Date.now() - olderThan;
  const why = `sluice runs prune: runs that ended before ${showTime(before)}`;
  const outcome = await withHistories(session, async (opened) => {
    const { runs, oldest } = await opened.store.content.due(before);
    const removed = yes ? await removeAll(opened, before, { who: userName(environment), why }) : 0;
    return { runs, oldest, removed, hasHistories: opened.deleteHistory !== undefined };
  });
  const { runs, oldest, removed, hasHistories } = outcome;
  if (terminal.json) terminal.printJson({ runs, oldest, before, removed, dryRun: !yes, hasHistories });
  else if (runs === 0) terminal.print(`nothing to remove: no run with content ended before ${showTime(before)}`);
  else if (yes) terminal.print(`${count(removed, 'run')} lost input, outputs, messages and notes; their numbers stay`);
  else {
    terminal.print(`${count(runs, 'run')}, the first of which ended ${showTime(oldest!)}, would lose`);
    terminal.print('  input, outputs, error messages, prompts and replies, notes and fields of feedback');
    terminal.print('and keep ids, units, arms, times, outcomes, costs, thumbs and scores. To do it, add --yes');
  }
  if (yes && removed > 0 && !hasHistories) terminal.note(HISTORIES_STAY);
  return EXIT.fine;
}

const HISTORIES_STAY =
  'no Temporal server was there to ask: the histories of these runs stay until its own retention removes them';

async function removeAll(
  { store: { content }, deleteHistory }: Opened,
  before: number,
  said: { readonly who: string; readonly why: string },
): Promise<number> {
  let removed = 0;
  for (;;) {
    const runIds = await content.dueRuns(before, PORTION);
    for (const runId of runIds) await deleteHistory?.(runId);
    removed += (await content.remove(runIds, { by: 'retention', ...said })).length;
    if (runIds.length < PORTION) return removed;
  }
}
