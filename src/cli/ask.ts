/** `sluice ask`: one question through a pipeline, as a durable run. */

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { shortId } from '../base/format.ts';
import type { RunClient, StartedRun } from '../client/client.ts';
import type { RunResult } from '../client/run-result.ts';
import type { RunStream } from '../client/stream-run.ts';
import type { Pipelines } from '../host/project.ts';
import { modelsOf } from '../models/plan-keys.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findPipeline } from './lookup.ts';
import { addBudgetOptions, type BudgetOptions, budgetOf } from './options.ts';
import { END_LIMIT_MS, EXIT, type ExitCode, Interrupted, interruption, type Session } from './session.ts';
import { showEphemeral, showRun } from './show-run.ts';
import type { Terminal } from './terminal.ts';
import { withRuntime } from './with-servers.ts';
import { type Chosen, ownServerOf, withoutKeys } from './without-keys.ts';

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
  const { run, instead, isEphemeral } = await withRuntime(
    session,
    { project: services.project, endLimitMs: CANCEL_LIMIT_MS + END_LIMIT_MS },
    async ({ client, isEphemeral }) => {
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
      return { run, instead, isEphemeral };
    },
  );
  const hasAnswer = run.outcome === 'completed' || run.outcome === 'degraded';
  // A stream has said all to a program, and to a pipe the answer.
  const isSaid = options.stream === true && terminal.live === undefined && (terminal.json || hasAnswer);
  if (terminal.json && !isSaid) terminal.printJson({ ...run, ...(instead && { ranInstead: instead }) });
  else if (!isSaid) showRun(terminal, run);
  if (isEphemeral && !terminal.json && !isSaid) showEphemeral(terminal);
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

interface TypedInput {
  readonly question?: string | undefined;
  /** JSON, or `@file` that holds it. */
  readonly input?: string | undefined;
}

/**
 * The input that was meant. Whether it fits the pipeline is for the client to say.
 *
 * @throws SluiceError `usage`, or `input_unreadable`.
 */
async function readRunInput(plan: Plan, { question, input }: TypedInput): Promise<Json> {
  if (input !== undefined && question !== undefined)
    throw usage('both a question and --input were given', 'give one of them');
  if (input !== undefined) return parseInput(input);
  if (question === undefined)
    throw usage('there is no question', `sluice ask ${plan.pipeline} "your question", or --input '{…}'`);
  return { [questionField(plan)]: question };
}

/** The field a question goes to: `question`, else the only text that the pipeline requires. */
function questionField({ pipeline, schemas }: Plan): string {
  const { properties = {}, required = [] } = schemas.input as {
    readonly properties?: { readonly [field: string]: { readonly type?: Json } };
    readonly required?: readonly string[];
  };
  if (Object.hasOwn(properties, 'question')) return 'question';
  const texts = required.filter((field) => properties[field]?.type === 'string');
  if (required.length === 1 && texts.length === 1) return texts[0]!;
  throw usage(
    `'${pipeline}' takes more than a question: ${Object.keys(properties).join(', ')}`,
    `give its whole input: --input '{"${Object.keys(properties)[0] ?? 'field'}": …}'`,
  );
}

async function parseInput(given: string): Promise<Json> {
  const text = given.startsWith('@') ? await readFile(given.slice(1), 'utf8').catch(unreadable(given.slice(1))) : given;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(
      `--input is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      `quote it for the shell, as in --input '{"question": "…"}', or use --input @file.json`,
    );
  }
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new SluiceError('input_unreadable', {
      message: `'${file}' cannot be read`,
      remedy: 'check the path after the @',
      cause,
    });
  };
}

function usage(message: string, remedy: string): SluiceError {
  return new SluiceError('usage', { message, remedy });
}

/** Whether drafts are shown: to programs, which can take them back, and to people who look. */
export const wantsDrafts = (terminal: Terminal): boolean => terminal.json || terminal.live !== undefined;

/** Resolves when the run is over. Of one that ended without an answer, and of all that comes after an answer, nothing. */
export async function showStream(terminal: Terminal, stream: RunStream): Promise<void> {
  const { live } = terminal;
  for await (const event of stream) {
    if (terminal.json) {
      terminal.printJsonLine(event);
      continue;
    }
    switch (event.kind) {
      case 'token':
        live?.add(event.text);
        break;
      case 'retract':
        live?.clear();
        break;
      case 'accepted':
        // On a terminal the whole answer follows, with its citations; there is nothing to wait for with it.
        if (live) live.clear();
        else terminal.print(event.text ?? JSON.stringify(event.output));
        break;
      case 'failed':
        live?.clear();
        break;
      case 'degraded':
      case 'answer':
        break;
      default:
        event satisfies never;
    }
  }
}

interface AskedFor {
  /** As in `pipelines`. */
  readonly name: string;
  readonly input: Json;
  readonly unit?: string | undefined;
}

/** @throws SluiceError `unit_invalid`, and what a start would be refused for */
async function chooseServed(
  client: Pick<RunClient, 'check' | 'serve'>,
  pipelines: Pipelines,
  { name, input, unit }: AskedFor,
  { terminal, environment }: Pick<Session, 'environment'> & { readonly terminal: Pick<Terminal, 'warn' | 'note'> },
): Promise<Chosen> {
  const served = await client.serve(pipelines.get(name)!, input, { ...(unit !== undefined && { unit }) });
  if (served.deployment !== null) return { pipeline: served };
  if (served.variantOf === undefined)
    terminal.note(`${name} is not deployed: running its definition in code; deploy it with: sluice deploy ${name}`);
  const chosen = await withoutKeys(client, pipelines, name, { terminal, environment });
  return unit === undefined ? chosen : { ...chosen, pipeline: { ...chosen.pipeline, served: served.served } };
}
