/** `sluice runs erase`: removes what one run was asked and gave, or all runs of a unit: somebody wishes to be forgotten. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showTime } from '../base/format.ts';
import type { EmbeddedState } from '../host/attach.ts';
import type { Runtime } from '../host/runtime.ts';
import type { ExampleOfRun } from '../store/content.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { duration } from './options.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import type { Terminal } from './terminal.ts';
import { closing, orStopped, withRuntime, withStore } from './with-servers.ts';

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

interface PruneOptions {
  /** Milliseconds. */
  readonly olderThan: number;
  readonly yes?: boolean;
}

/** `sluice runs prune`: removes what old runs were asked and gave; how they went stays. */
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

interface Opened {
  readonly store: Store;
  /** Removes the history of a run; absent where there is no server to ask. */
  readonly deleteHistory?: (runId: string) => Promise<unknown>;
}

interface OpenedWithHistories extends Required<Opened> {
  readonly embedded: EmbeddedState;
  /** Waits until Temporal has none of these histories. @throws SluiceError `history_not_deleted` */
  readonly deletionEnds: (runIds: readonly string[]) => Promise<void>;
}

/**
 * The store with Temporal's histories where a server is there: what a run was asked and gave is in both. Where nothing runs
 * here, either the store alone, and whoever removes something from it is told that histories stay; or servers are started.
 */
async function withHistories<T>(session: Session, work: (opened: Opened) => Promise<T>): Promise<T> {
  const runtime = await orStopped(session.signal, session.services.connect()).catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'nothing_running') return undefined;
    throw error;
  });
  if (runtime === undefined) return withStore(session, work);
  return closing(session, runtime, async () => work(await openedOf(runtime)));
}

/** How long a rewrite that was begun may take to end after Ctrl-C: its server is paused meanwhile. */
const REWRITE_LIMIT_MS = 60_000;

/** Starts the embedded servers where nothing runs: without a server, histories cannot be removed. */
const withHistoriesInAnyCase = <T>(session: Session, work: (opened: OpenedWithHistories) => Promise<T>): Promise<T> =>
  withRuntime(session, { endLimitMs: REWRITE_LIMIT_MS }, async (runtime) => work(await openedOf(runtime)));

async function openedOf({ store, connection, temporal, embedded }: Runtime): Promise<OpenedWithHistories> {
  const { deleteHistory, deletionEnds } = await import('../temporal/delete-history.ts');
  return {
    store,
    embedded,
    deleteHistory: (runId) => deleteHistory(connection, temporal.namespace, runId),
    deletionEnds: (runIds) => deletionEnds(connection, temporal.namespace, runIds),
  };
}
