/** `sluice ask`: one question through a pipeline, as a durable run. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { shortId } from '../base/format.ts';
import type { StartedRun } from '../client/client.ts';
import type { RunResult } from '../client/run-result.ts';
import { modelsOf } from '../models/plan-keys.ts';
import type { Plan } from '../plan/plan.ts';
import { addBudgetOptions, type BudgetOptions, budgetOf } from './budget-options.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { ownServerOf } from './doctor-providers.ts';
import { findPipeline } from './lookup.ts';
import { readRunInput } from './run-input.ts';
import { chooseServed } from './served.ts';
import { END_LIMIT_MS, EXIT, type ExitCode, Interrupted, interruption, type Session } from './session.ts';
import { showPassing, showRun } from './show-run.ts';
import { showStream, wantsDrafts } from './show-stream.ts';
import { withRuntime } from './with-servers.ts';

interface AskOptions extends BudgetOptions {
  readonly input?: string;
  readonly key?: string;
  readonly unit?: string;
  readonly stream?: boolean;
}

export function askCommand(world: World): Command {
  const command = readingCommand('ask', {
    summary: 'ask a pipeline a question, and show its answer, its steps and their times',
    examples: [
      ['ask docs-bot "How do I stream a response?"', 'the answer, with its citations'],
      ['ask docs-bot "How do I stream a response?" --stream', 'the answer as it is written'],
      ['ask docs-bot "How do I stream a response?" --json', 'the whole run, for programs'],
      ['ask docs-bot "How do I stream a response?" --unit user-7', 'for somebody, who is in the same arms each time'],
      ['ask docs-bot:hyde "How do I stream a response?"', 'through a variant of the pipeline, in no experiment'],
      ['ask docs-bot "How do I stream a response?" --budget-usd 0.05', 'that ends before it costs more'],
      [`ask docs-bot --input '{"question": "…", "history": []}'`, 'with the whole input'],
    ],
  })
    .argument('<pipeline>', 'its id, or id:variant')
    .argument('[question]', 'what is asked; or give --input')
    .option('--input <json>', 'the whole input as JSON, or @file that holds it')
    .option('--unit <id>', 'whom it is for: who is randomised in experiments')
    .option('--key <key>', 'idempotency key: the same key gets the same run')
    .option('--stream', 'show drafts as they are written; with --json, an event a line');
  return addBudgetOptions(command).action(
    (pipeline: string, question: string | undefined, options: AskOptions, command: Command) =>
      runAction(world, command, (session) => ask(session, pipeline, question, options)),
  );
}

/** Ends with an error code when the run failed: a failed run is printed as one, and is no answer. */
async function ask(
  session: Session,
  name: string,
  question: string | undefined,
  options: AskOptions,
): Promise<ExitCode> {
  const { terminal, services, signal } = session;
  const pipelines = await services.pipelines();
  const [known, pipeline] = findPipeline(pipelines, name);
  const { checkRunInput } = await import('../client/run-input.ts');
  const typed = await readRunInput(pipeline.plan, { question, input: options.input });
  const budget = budgetOf(options);
  // The client checks it, too; here a mistake is said before any server is started for it.
  const input = checkRunInput(pipeline.id, pipeline.input, typed);
  const { run, instead, isPassing } = await withRuntime(
    session,
    { project: services.project, endLimitMs: CANCEL_LIMIT_MS + END_LIMIT_MS },
    async ({ client, isPassing }) => {
      const asked = { name: known, input, unit: options.unit };
      const { pipeline, instead } = await chooseServed(client, pipelines, asked, session);
      noteOwnServer(session, pipeline.plan);
      const runOptions = {
        // Not given up at Ctrl-C: the signal cancels the run, and its record then says so.
        signal,
        onOutage: (message: string) => terminal.note(message),
        ...(options.key !== undefined && { idempotencyKey: options.key }),
        ...(budget && { budget }),
      };
      const stream = options.stream
        ? client.stream(pipeline, input, { ...runOptions, drafts: wantsDrafts(terminal) })
        : undefined;
      const showing = stream && showStream(terminal, stream);
      showing?.catch(() => undefined); // what fails it is said by what is awaited first
      const started = await (stream ? stream.started : client.start(pipeline, input, runOptions));
      const run = await resultOf(session, started);
      await showing;
      return { run, instead, isPassing };
    },
  );
  const hasAnswer = run.outcome === 'completed' || run.outcome === 'degraded';
  // A stream has said all to a program, and to a pipe the answer.
  const isSaid = options.stream === true && terminal.live === undefined && (terminal.json || hasAnswer);
  if (terminal.json && !isSaid) terminal.printJson({ ...run, ...(instead && { ranInstead: instead }) });
  else if (!isSaid) showRun(terminal, run);
  if (isPassing && !terminal.json && !isSaid) showPassing(terminal);
  if (signal.aborted) return EXIT.interrupted;
  return hasAnswer ? EXIT.fine : EXIT.error;
}

/** Names the server that is not OpenAI's own, with the models that run there. */
function noteOwnServer({ environment, terminal }: Session, plan: Plan): void {
  const server = ownServerOf(environment);
  const models = modelsOf(plan).filter((model) => model.startsWith('openai/'));
  if (server !== undefined && models.length > 0) terminal.note(`models: ${models.join(', ')} at ${server}`);
}

/** How long a cancelled run may take to say so; a server that is away is not waited for longer. */
const CANCEL_LIMIT_MS = 10_000;
const unconfirmed = (runId: string) =>
  `the run has not confirmed that it was cancelled; see later: sluice runs ${shortId(runId)}`;

/** Rejects as interrupted, after `tell`, when the run is not over a while after it was to be cancelled. */
async function notCancelled(signal: AbortSignal, tell: () => unknown): Promise<never> {
  await interruption(signal).catch(() => delay(CANCEL_LIMIT_MS, undefined, { ref: false }));
  tell();
  throw new Interrupted();
}

/** A record that is not there this long after the answer waits for the database. */
const RECORD_LATE_MS = 5_000;

/** The run's result; what keeps us from it is told with the run's id, since the run goes on without us. */
async function resultOf({ terminal, signal }: Session, started: StartedRun): Promise<RunResult> {
  const { runId, answer, finished } = started;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const late = () => terminal.note('the answer is there; its record is not: waiting for the database');
  answer.then(
    () => {
      if (!isOver) timer = setTimeout(late, RECORD_LATE_MS);
    },
    () => undefined, // `finished` says it
  );
  try {
    const tell = () => isOver || terminal.note(unconfirmed(runId));
    return await Promise.race([finished, notCancelled(signal, tell)]);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { code, message, remedy, data, cause } = error;
    throw new SluiceError(code, {
      message,
      remedy: `${remedy}\nthe run goes on; afterwards: sluice runs ${shortId(runId)}`,
      data: { ...data, runId },
      cause,
    });
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
