/** `sluice eval status`: how far an evaluation has come; with `--follow` until its end. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showMoney, showTime, showWhole } from '../base/format.ts';
import type { Runtime } from '../host/runtime.ts';
import type { EvaluationProgress, EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { readingCommand, runAction, type World } from './command.ts';
import {
  followEvaluation,
  outcomeOf,
  type Standing,
  settled,
  showOutcome,
  showStanding,
  standingOf,
} from './eval-outcome.ts';
import { findEvaluation, latestEvaluation } from './eval-refs.ts';
import { dollars, positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines, wrap } from './table.ts';
import { showAfter, withStore } from './with-servers.ts';

interface StatusOptions {
  readonly follow?: boolean;
}

export function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'show how far an evaluation has come',
    examples: [
      ['eval status', 'the latest'],
      ['eval status retrieval-1f2e --follow', 'by the beginning of its id, until it ends'],
    ],
  })
    .argument('[evaluation]', 'an id or its beginning; default: the latest')
    .option('--follow', 'wait for its end, under a progress bar')
    .action((id: string | undefined, { follow }: StatusOptions, command: Command) =>
      runAction(world, command, (session) => (follow ? followOne(session, id) : showStatus(session, id))),
    );
}

async function followOne(session: Session, id: string | undefined): Promise<ExitCode> {
  const { services, terminal } = session;
  return showAfter(session, { project: services.project }, async (runtime) => {
    const row = await (id === undefined ? latestEvaluation(runtime.store) : findEvaluation(runtime.store, id));
    terminal.note(`${row.evaluationId}  ${runtime.client.urlOf(row.evaluationId)}`);
    const ended = isOpen(row) ? await followEvaluation(session, runtime, row) : row;
    const outcome = await outcomeOf(runtime, ended);
    return () => showOutcome(session, outcome);
  });
}

interface Status extends Standing {
  readonly evaluation: EvaluationRow;
  readonly temporalUrl: string;
  /** Whether anybody serves this folder, as far as it knows. */
  readonly isServed: boolean;
}

async function showStatus(session: Session, id: string | undefined): Promise<ExitCode> {
  const { terminal } = session;
  const status = await withStore(session, async ({ store, urlOf, isUiServed }): Promise<Status> => {
    const evaluation = await (id === undefined ? latestEvaluation(store) : findEvaluation(store, id));
    const temporalUrl = urlOf(evaluation.evaluationId);
    return { evaluation, ...(await standingOf(store, evaluation)), temporalUrl, isServed: isUiServed };
  });
  const { evaluation, progress, missing, temporalUrl } = status;
  if (terminal.json) {
    terminal.printJson({ ...evaluation, progress, missing, temporalUrl });
    return EXIT.fine;
  }
  showStanding(terminal, evaluation, status);
  for (const line of wrap(subjectOf(evaluation), terminal.width)) terminal.print(line);
  for (const line of failureOf(evaluation)) for (const part of wrap(line, terminal.width)) terminal.print(part);
  terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
  for (const line of nextLines(status)) terminal.print(`  ${line}`);
  return EXIT.fine;
}

/** `baseline, hybrid on 64 examples of ai-docs@3fa2c1d4e5f6 (dev); pre-registered as 'retrieval'`. */
function subjectOf({ spec }: EvaluationRow): string {
  const { dataset, variants, definition, mode, name } = spec;
  const { split, tag } = dataset;
  const which = [split ?? 'dev and final', ...(tag === null ? [] : [`tag ${tag}`])].join(', ');
  const standing = definition === null ? `exploratory, of '${name}'` : `pre-registered as '${definition}'`;
  const what =
    mode === 'aa' ? `${variants[0]!.name} against itself` : variants.map((variant) => variant.name).join(', ');
  return `${what} on ${count(dataset.examples, 'example')} of ${dataset.name}@${shortId(dataset.version)} (${which}); ${standing}`;
}

const failureOf = ({ error }: EvaluationRow): readonly string[] => (error === null ? [] : error.message.split('\n'));

const isOpen = ({ state }: EvaluationRow): boolean => state === 'begun' || state === 'running' || state === 'paused';

function nextLines({ evaluation, isServed }: Status): readonly string[] {
  const { evaluationId, state } = evaluation;
  const resume = `go on: sluice eval resume ${evaluationId}`;
  switch (state) {
    case 'completed':
    case 'partial':
      return [`compare: sluice eval compare ${evaluationId}`];
    case 'begun':
    case 'running':
      return isServed ? [`follow it: sluice eval status ${evaluationId} --follow`] : [`no server runs here; ${resume}`];
    case 'stopped':
      return [`its budget is used up; ${resume} --budget-usd N`];
    case 'paused':
    case 'cancelled':
    case 'failed':
      return [resume];
  }
}

interface ListOptions {
  readonly name?: string;
  readonly limit: number;
}

interface Listed {
  readonly evaluation: EvaluationRow;
  readonly progress: EvaluationProgress;
}

const LARGEST_PAGE = 1_000;

/** `sluice eval list`: the newest evaluations. */
export function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'list the newest evaluations',
    examples: [
      ['eval list', 'what was evaluated on what, and how far it came'],
      ['eval list --name retrieval', 'those of one definition'],
    ],
  })
    .option('--name <name>', 'only those of this definition')
    .option('--limit <number>', 'how many', positiveInteger(LARGEST_PAGE), 20)
    .action((options: ListOptions, command: Command) =>
      runAction(world, command, (session) => listEvaluations(session, options)),
    );
}

async function listEvaluations(session: Session, { name, limit }: ListOptions): Promise<ExitCode> {
  const { terminal } = session;
  const listed = await withStore(session, async ({ store: { evaluations } }) => {
    const rows = await evaluations.list({ name, limit });
    return Promise.all(
      rows.map(async (evaluation): Promise<Listed> => {
        return { evaluation, progress: await evaluations.progress(evaluation.evaluationId) };
      }),
    );
  });
  if (terminal.json) terminal.printJson(listed.map(({ evaluation, progress }) => ({ ...evaluation, progress })));
  else if (listed.length === 0)
    terminal.print(`no evaluations${name === undefined ? '' : ` of '${name}'`}; sluice eval run makes one`);
  else for (const line of listTable(listed)) terminal.print(line);
  return EXIT.fine;
}

function listTable(listed: readonly Listed[]): string[] {
  return tableLines(listed, [
    { heading: 'evaluation', cell: ({ evaluation }) => evaluation.evaluationId },
    { heading: 'state', cell: ({ evaluation }) => evaluation.state },
    { heading: 'runs', cell: ({ progress }) => runsOf(progress), align: 'right' },
    { heading: 'variants', cell: ({ evaluation: { spec } }) => variantsOf(spec) },
    { heading: 'on', cell: ({ evaluation: { spec } }) => `${spec.dataset.name} ${spec.dataset.split ?? 'all'}` },
    { heading: '', cell: ({ evaluation: { spec } }) => usedAs(spec) },
    {
      heading: 'paid',
      cell: ({ progress }) => (progress.paidUsd === null ? null : showMoney(progress.paidUsd)),
      align: 'right',
    },
    { heading: 'begun', cell: ({ evaluation }) => showTime(evaluation.createdAt) },
  ]);
}

/** `192`, or `96/192` while some are to be made. */
function runsOf(progress: EvaluationProgress): string {
  const [done, total] = [settled(progress), progress.total].map(showWhole);
  return done === total ? total! : `${done}/${total}`;
}

const SHOWN_VARIANTS = 3;

function variantsOf({ variants }: EvaluationRow['spec']): string {
  const names = variants.slice(0, SHOWN_VARIANTS).map(({ name }) => name);
  const more = variants.length - SHOWN_VARIANTS;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function usedAs({ mode, definition }: EvaluationRow['spec']): string {
  if (mode === 'aa') return 'A/A';
  return definition === null ? 'exploratory' : 'pre-registered';
}

interface ResumeOptions {
  readonly budgetUsd?: number;
  readonly fresh?: boolean;
  readonly detach?: boolean;
}

/** In which what is under way is given up. */
const CANCEL_LIMIT_MS = 30_000;
/** Also what is cancelled already: asking twice is asking once. */
const CANCELLABLE: ReadonlySet<EvaluationState> = new Set(['begun', 'running', 'paused', 'cancelled']);
const EVALUATION = ['<evaluation>', 'an id or its beginning, with or without eval-'] as const;

/** `sluice eval pause`, `resume` and `cancel`: what is done stays, whichever comes. */
export function pauseCommand(world: World): Command {
  return readingCommand('pause', {
    summary: 'begin nothing more of an evaluation until it is resumed',
    examples: [['eval pause retrieval-1f2e', 'what is under way ends']],
  })
    .argument(...EVALUATION)
    .action((id: string, _options: object, command: Command) =>
      runAction(world, command, (session) =>
        steer(session, id, async ({ client, store }, { evaluationId }) => {
          await client.pauseEvaluation(evaluationId);
          return told(session, store, evaluationId);
        }),
      ),
    );
}

export function resumeCommand(world: World): Command {
  return readingCommand('resume', {
    summary: 'go on with an evaluation that is paused, stopped, cancelled, failed or has holes',
    examples: [
      ['eval resume retrieval-1f2e', 'nothing that is done is done again'],
      ['eval resume before-release-77aa --budget-usd 10', 'with more money, that before included'],
    ],
  })
    .argument(...EVALUATION)
    .option('--budget-usd <dollars>', 'what it may cost in all, instead of what it might', dollars)
    .option('--fresh', 'code that changed under an unchanged version is the step’s own from now on')
    .option('--detach', 'do not wait for its end')
    .action((id: string, options: ResumeOptions, command: Command) =>
      runAction(world, command, (session) =>
        steer(session, id, (runtime, row) => resume(session, runtime, row, options)),
      ),
    );
}

export function cancelCommand(world: World): Command {
  return readingCommand('cancel', {
    summary: 'end an evaluation; what it has found stays',
    examples: [['eval cancel retrieval-1f2e', 'a resume goes on with it, should you want to']],
  })
    .argument(...EVALUATION)
    .action((id: string, _options: object, command: Command) =>
      runAction(world, command, (session) => steer(session, id, (runtime, row) => cancel(session, runtime, row))),
    );
}

function steer(
  session: Session,
  id: string,
  act: (runtime: Runtime, row: EvaluationRow) => Promise<() => ExitCode>,
): Promise<ExitCode> {
  return showAfter(session, { project: session.services.project }, async (runtime) =>
    act(runtime, await findEvaluation(runtime.store, id)),
  );
}

async function resume(
  session: Session,
  runtime: Runtime,
  { evaluationId }: EvaluationRow,
  { budgetUsd, fresh, detach }: ResumeOptions,
): Promise<() => ExitCode> {
  const row = await runtime.client.resumeEvaluation(evaluationId, {
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(fresh && { acceptChanged: true }),
  });
  session.terminal.note(`${evaluationId}  ${runtime.client.urlOf(evaluationId)}`);
  if (detach) return told(session, runtime.store, evaluationId);
  const ended = await followEvaluation(session, runtime, row);
  const outcome = await outcomeOf(runtime, ended);
  return () => showOutcome(session, outcome);
}

/** Waits for what is under way to be given up: where its servers end with this command nobody else would. */
async function cancel(
  session: Session,
  { client, store }: Runtime,
  { evaluationId, state }: EvaluationRow,
): Promise<() => ExitCode> {
  if (!CANCELLABLE.has(state))
    throw new SluiceError('evaluation_not_running', {
      message: `${evaluationId} has ended, as ${state}: there is nothing to cancel`,
      remedy: `see it: sluice eval status ${evaluationId}`,
      data: { evaluationId, state },
    });
  await client.cancelEvaluation(evaluationId);
  const signal = AbortSignal.any([session.signal, AbortSignal.timeout(CANCEL_LIMIT_MS)]);
  await client.followEvaluation(evaluationId, { signal });
  return told(session, store, evaluationId);
}

async function told({ terminal }: Session, store: Runtime['store'], evaluationId: string): Promise<() => ExitCode> {
  const evaluation = await store.evaluations.get(evaluationId);
  const standing = await standingOf(store, evaluation);
  return () => {
    if (terminal.json) terminal.printJson({ ...evaluation, ...standing });
    else showStanding(terminal, evaluation, standing);
    return EXIT.fine;
  };
}
