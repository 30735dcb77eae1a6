/** `sluice runs erase`: removes what one run was asked and gave, or all runs of a unit: somebody wishes to be forgotten. */
import type { Command } from 'commander';
import { SluiceError } from '../errors.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { HISTORIES_STAY } from './runs-prune.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { count, shortRunId } from './text.ts';
import { userName } from './who.ts';
import { type Opened, withHistories } from './with-histories.ts';

/** Runs of a unit that are found, and erased, in one go. */
const PORTION = 200;

interface EraseOptions {
  readonly unit?: string;
  readonly yes?: boolean;
}

export function eraseRunsCommand(world: World): Command {
  return readingCommand('erase', {
    summary: 'remove what a run was asked and gave, or all runs of a unit',
    examples: [
      ['runs erase run-7d2', 'what would go'],
      ['runs erase run-7d2 --yes', 'do it: what is removed cannot be had back'],
      ['runs erase --unit u-1042 --yes', 'of all runs for this unit: somebody asks to be forgotten'],
    ],
  })
    .argument('[run]', 'a run id, or its beginning')
    .option('--unit <unit>', 'all runs for this unit')
    .option('--yes', 'do it, and not only say what it would do')
    .action((run: string | undefined, options: EraseOptions, command: Command) =>
      runAction(world, command, (session) => erase(session, run, options)),
    );
}

async function erase(
  session: Session,
  run: string | undefined,
  { unit, yes = false }: EraseOptions,
): Promise<ExitCode> {
  const { terminal, environment } = session;
  if ((run === undefined) === (unit === undefined))
    throw new SluiceError('usage', {
      message: run === undefined ? 'it is not said what is to be erased' : 'both a run and a unit are given',
      remedy: 'give one of them: a run id, or --unit UNIT',
    });
  const who = userName(environment);
  const outcome = await withHistories(session, async (opened) => {
    const found = await findRuns(opened, run, unit);
    const erased = yes ? await eraseAll(opened, found, who) : [];
    return { ...found, erased, hasHistories: opened.deleteHistory !== undefined };
  });
  const { runIds, running, erased, hasHistories } = outcome;
  if (terminal.json) terminal.printJson({ runs: runIds, running, erased, dryRun: !yes, hasHistories });
  else if (runIds.length === 0) terminal.print('nothing to erase: no run of it that has ended has content');
  else if (yes) terminal.print(`${count(erased.length, 'run')} erased; how they went stays`);
  else {
    terminal.print(`would erase ${count(runIds.length, 'run')}: ${runIds.slice(0, SHOWN).map(shortRunId).join(', ')}`);
    terminal.print('ids, arms, times, outcomes, costs, thumbs and scores stay. To do it, add --yes');
  }
  if (running > 0) terminal.note(`${count(running, 'run')} under way: erase again when they have ended`);
  if (erased.length > 0 && !hasHistories) terminal.note(HISTORIES_STAY);
  return EXIT.fine;
}

const SHOWN = 5;
/** A unit with more runs is no person. */
const MOST_RUNS = 100_000;

interface Found {
  readonly runIds: readonly string[];
  readonly running: number;
}

async function findRuns({ store }: Opened, run: string | undefined, unit: string | undefined): Promise<Found> {
  if (run !== undefined) {
    const { runId, state, contentRemovedAt } = await store.runs.get(run);
    if (state === 'running')
      throw new SluiceError('run_running', {
        message: `run ${runId} is under way: what it gives is still to come`,
        remedy: 'erase it when it has ended',
        data: { runId },
      });
    return { runIds: contentRemovedAt === null ? [runId] : [], running: 0 };
  }
  const runs = await store.content.ofUnit(unit!, MOST_RUNS);
  const ended = runs.filter(({ isRunning }) => !isRunning).map(({ runId }) => runId);
  return { runIds: ended, running: runs.length - ended.length };
}

async function eraseAll({ store, deleteHistory }: Opened, { runIds }: Found, who: string): Promise<readonly string[]> {
  const erased: string[] = [];
  for (let at = 0; at < runIds.length; at += PORTION) {
    const portion = runIds.slice(at, at + PORTION);
    for (const runId of portion) await deleteHistory?.(runId);
    erased.push(...(await store.content.remove(portion, { by: 'erasure', who, why: 'sluice runs erase' })));
  }
  return erased;
}
