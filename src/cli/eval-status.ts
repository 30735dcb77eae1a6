/** `sluice eval status`: how far an evaluation has come; with `--follow` until its end. */
import type { Command } from 'commander';
import { count, shortId } from '../base/format.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { followEvaluation } from './eval-follow.ts';
import { outcomeOf, type Standing, showOutcome, showStanding, standingOf } from './eval-outcome.ts';
import { findEvaluation, latestEvaluation } from './eval-refs.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { wrap } from './text.ts';
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
