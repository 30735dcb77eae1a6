/** `sluice runs erase`: removes what one run was asked and gave, or all runs of a unit: somebody wishes to be forgotten. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import type { ExampleOfRun } from '../store/content.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { userName } from './who.ts';
import { type OpenedWithHistories, withHistories, withHistoriesInAnyCase } from './with-histories.ts';

/** Runs that are erased in one transaction. */
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
  if ((run === undefined) === (unit === undefined))
    throw new SluiceError('usage', {
      message: run === undefined ? 'it is not said what is to be erased' : 'both a run and a unit are given',
      remedy: 'give one of them: a run id, or --unit UNIT',
    });
  if (yes)
    return showOutcome(
      session,
      await withHistoriesInAnyCase(session, (opened) => eraseAll(session, opened, run, unit)),
    );
  const found = await withHistories(session, async ({ store }) => {
    const { runIds, running } = await findRuns(store, run, unit);
    return { runIds, running, examples: await store.content.examplesOf(runIds) };
  });
  return showPlan(session, found);
}

/** What would go. */
function showPlan({ terminal }: Session, { runIds, running, examples }: Found): ExitCode {
  if (terminal.json) terminal.printJson({ runs: runIds, running, erased: [], pseudonym: null, examples, dryRun: true });
  else if (runIds.length === 0) terminal.print('no run of it that has ended has content');
  else terminal.print(`would erase ${count(runIds.length, 'run')}: ${runIds.slice(0, SHOWN).map(shortId).join(', ')}`);
  if (!terminal.json)
    terminal.print(
      'ids, arms, times, outcomes, costs, thumbs and scores stay, and a pseudonym in place of a unit. To do it, add --yes',
    );
  noteWhatStays(terminal, { running, examples });
  return EXIT.fine;
}

function showOutcome({ terminal }: Session, { runIds, running, examples, erased, pseudonym }: Outcome): ExitCode {
  if (terminal.json) terminal.printJson({ runs: runIds, running, erased, pseudonym, examples, dryRun: false });
  else {
    if (erased.length > 0) terminal.print(`${count(erased.length, 'run')} erased; how they went stays`);
    if (pseudonym !== null) terminal.print(`the unit is replaced by ${pseudonym}`);
    if (erased.length === 0 && pseudonym === null)
      terminal.print('nothing to erase: no run of it that has ended has content');
  }
  noteWhatStays(terminal, { running, examples });
  return EXIT.fine;
}

function noteWhatStays(terminal: Terminal, { running, examples }: Pick<Found, 'running' | 'examples'>): void {
  if (running > 0)
    terminal.note(`${count(running, 'run')} under way: erase again when they have ended, as until then the unit stays`);
  if (examples.length === 0) return;
  const shown = examples.slice(0, SHOWN).map(({ dataset, exampleId }) => `${dataset}/${exampleId}`);
  const more = examples.length > SHOWN ? ` and ${examples.length - SHOWN} more` : '';
  terminal.note(`${count(examples.length, 'example')} made of these runs stay in datasets: ${shown.join(', ')}${more}`);
}

const SHOWN = 5;
/** Runs of a unit that are found at a time. */
const MOST_RUNS = 100_000;

interface Found {
  readonly runIds: readonly string[];
  readonly running: number;
  readonly examples: readonly ExampleOfRun[];
}

interface Outcome extends Found {
  readonly erased: readonly string[];
  /** Null where no unit was given, or it still has runs under way. */
  readonly pseudonym: string | null;
}

async function findRuns(
  store: Store,
  run: string | undefined,
  unit: string | undefined,
): Promise<Pick<Found, 'runIds' | 'running'>> {
  if (run !== undefined) {
    const { runId, state, contentRemovedBy } = await store.runs.get(run);
    if (state === 'running')
      throw new SluiceError('run_running', {
        message: `run ${runId} is under way: what it gives is still to come`,
        remedy: 'erase it when it has ended',
        data: { runId },
      });
    return { runIds: contentRemovedBy === 'erasure' ? [] : [runId], running: 0 };
  }
  const runs = await store.content.ofUnit(unit!, MOST_RUNS);
  const ended = runs.filter(({ isRunning }) => !isRunning).map(({ runId }) => runId);
  return { runIds: ended, running: runs.length - ended.length };
}

async function eraseAll(
  session: Session,
  opened: OpenedWithHistories,
  run: string | undefined,
  unit: string | undefined,
): Promise<Outcome> {
  const { content } = opened.store;
  const said = { who: userName(session.environment), why: 'sluice runs erase' };
  const erased: string[] = [];
  let found = await findRuns(opened.store, run, unit);
  while (found.runIds.length > 0) {
    const portion = found.runIds.slice(0, PORTION);
    for (const runId of portion) await opened.deleteHistory(runId);
    erased.push(...(await content.remove(portion, { by: 'erasure', ...said })));
    // More runs of the unit may have ended meanwhile.
    const rest = { ...found, runIds: found.runIds.slice(PORTION) };
    found = rest.runIds.length > 0 || unit === undefined ? rest : await findRuns(opened.store, run, unit);
  }
  const pseudonym = unit === undefined ? undefined : await content.replaceUnit(unit, said);
  await finishErasures(session, opened);
  const examples = await content.examplesOf(erased);
  return { runIds: erased, erased, running: found.running, examples, pseudonym: pseudonym ?? null };
}

/** Waits until Temporal has deleted the histories, and rewrites the files that held them. Finishes interrupted erasures, too. */
async function finishErasures(
  { terminal, folder }: Session,
  { store: { content }, deletionEnds, embedded }: OpenedWithHistories,
): Promise<void> {
  const pending = await content.pendingTemporalRewrite();
  if (embedded.hasDatabase && pending !== undefined) terminal.note('rewriting the files that held it');
  await content.rewrite(embedded.hasDatabase);
  const deletions = await content.pendingDeletions();
  await deletionEnds(deletions);
  await content.endDeletions(deletions);
  if (pending === undefined) return;
  if (embedded.temporalFile !== undefined) {
    const [{ rewriteTemporal }, { readServing }] = await Promise.all([
      import('../embedded/temporal-rewrite.ts'),
      import('../embedded/dev-state.ts'),
    ]);
    await rewriteTemporal({
      file: embedded.temporalFile,
      pid: (await readServing(folder))?.servers?.temporal.pid,
      erasedAmong: content.erasedAmong,
    });
  }
  await content.endTemporalRewrite(pending);
}
