/** `sluice eval pause`, `resume` and `cancel`: what is done stays, whichever comes. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { Runtime } from '../host/runtime.ts';
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { dollars } from './budget-options.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { followEvaluation } from './eval-follow.ts';
import { outcomeOf, showOutcome, showStanding, standingOf } from './eval-outcome.ts';
import { findEvaluation } from './eval-refs.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showAfter } from './with-servers.ts';

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
