/** `sluice eval`: variants on datasets, scored, compared, and judged by what was declared beforehand. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { showTime } from '../base/format.ts';
import type { Runtime } from '../host/runtime.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { compareCommand } from './eval-compare.ts';
import { leaderboardCommand } from './eval-leaderboard.ts';
import { followEvaluation, outcomeOf, showOutcome } from './eval-outcome.ts';
import { noiseCommand, planCommand } from './eval-plan.ts';
import { reportCommand } from './eval-report.ts';
import {
  type EvaluationRequest,
  findDefinition,
  type RequestOptions,
  requestLine,
  requestOf,
  withRequestOptions,
} from './eval-request.ts';
import { showCommand } from './eval-show.ts';
import { cancelCommand, listCommand, pauseCommand, resumeCommand, statusCommand } from './eval-status.ts';
import { dollars } from './options.ts';
import { EXIT, type ExitCode, type Session, userName } from './session.ts';
import { showAfter } from './with-servers.ts';

export function evalCommand(world: World): Command {
  const commands = [
    planCommand,
    runCommand,
    statusCommand,
    listCommand,
    pauseCommand,
    resumeCommand,
    cancelCommand,
    compareCommand,
    showCommand,
    reportCommand,
    leaderboardCommand,
    noiseCommand,
  ];
  return groupCommand(
    'eval',
    'evaluate variants on datasets, and compare them',
    commands.map((create) => create(world)),
  );
}

interface RunOptions extends RequestOptions {
  readonly budgetUsd?: number;
  readonly fresh?: boolean;
  readonly detach?: boolean;
}

/** `sluice eval run`: an evaluation of the project, as a durable workflow, and what came of it. */
function runCommand(world: World): Command {
  return withRequestOptions(
    readingCommand('run', {
      summary: 'evaluate variants on a dataset, and say what differs',
      examples: [
        ['eval run retrieval', 'as it is defined: pre-registered, and resumable'],
        ['eval run answers --variants deep,hyde --limit 20', 'other variants, on the first examples: exploratory'],
        ['eval run answers --aa --limit 50', 'the baseline against itself: how much is noise'],
        ['eval run before-release --budget-usd 2 --detach', 'stops before it costs more; goes on without you'],
      ],
    }),
  )
    .option('--budget-usd <dollars>', 'stop before it has cost more; a resume goes on', dollars)
    .option('--fresh', 'code that changed under an unchanged version is the step’s own from now on')
    .option('--detach', 'do not wait for its end')
    .action((name: string, options: RunOptions, command: Command) =>
      runAction(world, command, (session) => runEvaluation(session, name, options)),
    );
}

async function runEvaluation(session: Session, name: string, options: RunOptions): Promise<ExitCode> {
  const { services, terminal } = session;
  const definition = findDefinition(await services.evaluations(), name);
  return showAfter(session, { project: services.project }, async (runtime) => {
    if (options.detach && runtime.isEphemeral) throw notAlone(name);
    const request = await requestOf(session, runtime.store, definition, options);
    terminal.note(requestLine(request));
    if (request.spec.dataset.split !== 'dev') terminal.note(finalNote(request));
    const row = await start(session, runtime, request, options);
    if (options.detach) return () => detached(session, runtime, row);
    const ended = await followEvaluation(session, runtime, row);
    const outcome = await outcomeOf(runtime, ended);
    return () => showOutcome(session, outcome);
  });
}

async function start(
  { environment, terminal, services }: Session,
  runtime: Runtime,
  { definition, spec, plans }: EvaluationRequest,
  { budgetUsd = definition.budgetUsd ?? undefined, fresh }: RunOptions,
): Promise<EvaluationRow> {
  const starting = runtime.client.startEvaluation({
    ...{ spec, plans, budgetUsd: budgetUsd ?? null },
    startedBy: userName(environment),
    ...(fresh && { acceptChanged: true }),
  });
  const row = await starting.catch((error: unknown) => rethrowKeys(services, error));
  terminal.note(`${row.evaluationId}  ${runtime.client.urlOf(row.evaluationId)}`);
  return row;
}

/** Other variants than were asked for are no evaluation of those; others that need no key may be tried. */
async function rethrowKeys(services: Session['services'], error: unknown): Promise<never> {
  if (!(error instanceof SluiceError) || error.code !== 'key_missing') throw error;
  const [{ callsOf }, { isPaid }] = await Promise.all([
    import('../evaluation/pins.ts'),
    import('../models/plan-keys.ts'),
  ]);
  const needNone = [...(await services.evaluations()).values()].filter(({ baseline, variants, scorers }) => {
    const calls = callsOf(
      [baseline, ...variants].map(({ plan }) => plan),
      scorers.map(({ spec }) => spec),
    );
    return !calls.some((call) => isPaid({ call }));
  });
  const { code, message, remedy, data } = error;
  const others = needNone.map(({ id }) => id).join(', ');
  throw new SluiceError(code, {
    message,
    remedy: others === '' ? remedy : `${remedy}\nevaluations that need no key: ${others}`,
    data,
  });
}

function detached({ terminal }: Session, runtime: Runtime, row: EvaluationRow): ExitCode {
  const { evaluationId, createdAt } = row;
  if (terminal.json) terminal.printJson({ evaluation: row, temporalUrl: runtime.client.urlOf(evaluationId) });
  else {
    terminal.print(`${evaluationId} goes on by itself, since ${showTime(createdAt)}`);
    terminal.print(`  follow it: sluice eval status ${evaluationId} --follow`);
  }
  return EXIT.fine;
}

/** It cannot be undone, so it is said before. */
const finalNote = ({ spec: { dataset, pipeline } }: EvaluationRequest): string =>
  `with the final examples of ${dataset.name}: they decide once, for 'promote ${pipeline}'`;

const notAlone = (name: string): SluiceError =>
  new SluiceError('usage', {
    message: '--detach: nothing would go on, as the servers of this command end with it',
    remedy: `start servers that stay, in another terminal: sluice dev; or wait for it: sluice eval run ${name}`,
  });
