/**
 * What all commands share: the options for output, a session made of them, and one place where an error becomes a
 * message and an exit code.
 */

import { writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import { EXIT, type ExitCode, Interrupted, type Services, type Session } from './session.ts';
import { createTerminal, type Output, type Terminal } from './terminal.ts';

/** Where the command line runs. Tests give their own. */
export interface World {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly services?: Services;
  /** Asks a person; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Takes the exit code of the command that ran. */
  exit(code: ExitCode): void;
}

interface CommandText {
  readonly summary: string;
  /** Command lines without the leading `sluice`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

const NARROW = 80;

/** Errors with an exit code of their own. */
const EXIT_OF: ReadonlyMap<string, ExitCode> = new Map([
  ['usage', EXIT.usage],
  ['registration_tampered', EXIT.tampered],
]);

interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** A command that reads: it takes `--json`, too. */
export function readingCommand(name: string, text: CommandText): Command {
  return actingCommand(name, text).option('--json', 'print the answer as JSON');
}

/** A command with the options that all have. */
export function actingCommand(name: string, { summary, examples }: CommandText): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .option('--quiet', 'print nothing but the answer and errors')
    .option('--debug', 'show the stack of an error')
    .addHelpText('after', `\nExamples:\n${exampleLines(examples).join('\n')}`);
}

/** What each does beside it where that fits a narrow terminal, else under it. */
function exampleLines(examples: CommandText['examples']): string[] {
  const width = Math.max(...examples.map(([line]) => line.length));
  const beside = examples.map(([line, what]) => `  $ sluice ${line.padEnd(width)}   ${what}`);
  if (beside.every(({ length }) => length <= NARROW)) return beside;
  return examples.flatMap(([line, what]) => [`  $ sluice ${line}`, `      ${what}`]);
}

/** A command that only holds others, as `plan` does. */
export function groupCommand(name: string, summary: string, commands: readonly Command[]): Command {
  const group = new Command(name).summary(summary).description(summary);
  for (const command of commands) group.addCommand(command);
  return group;
}

/** Runs a command's work: session, errors, exit code. */
export async function runAction(
  world: World,
  command: Command,
  work: (session: Session) => Promise<ExitCode>,
): Promise<void> {
  const options = command.opts<OutputOptions>();
  const { folder, environment, signal, ask } = world;
  const terminal = createTerminal({
    stdout: world.stdout,
    stderr: world.stderr,
    environment,
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    debug: options.debug ?? false,
  });
  const services = world.services ?? createServices({ folder, environment });
  try {
    const person = ask && !terminal.json ? { ask } : {};
    world.exit(await work({ terminal, folder, environment, signal, services, ...person }));
  } catch (error) {
    if (error instanceof Interrupted) {
      for (const line of error.lines) terminal.note(line);
      return world.exit(EXIT.interrupted);
    }
    printError(terminal, error);
    world.exit(EXIT_OF.get(reportOf(error).code) ?? EXIT.error);
  }
}

interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly data: { readonly [key: string]: Json };
}

const SYSTEM_ERRORS: { readonly [code: string]: readonly [message: string, remedy: string] } = {
  ENOSPC: ['the disk is full', 'free some space and run the command again; what was finished is kept'],
  EACCES: ['permission was denied', 'check who owns the file and its mode'],
  EROFS: ['the file system is read-only', 'use a folder that can be written'],
  EMFILE: ['too many files are open', 'raise the limit: ulimit -n 4096'],
  ECONNREFUSED: ['nothing answers at the address', 'see what is down: sluice doctor'],
};

/** What an error says, as data. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof SluiceError) {
    const { code, message, remedy, data } = error;
    return { code, message: withCause(message, error.cause), remedy, data };
  }
  const { code, path } = systemFacts(error);
  const known = code === undefined ? undefined : SYSTEM_ERRORS[code];
  if (code !== undefined && known !== undefined) {
    const [message, remedy] = known;
    return { code, message: path === undefined ? message : `${message}: ${path}`, remedy, data: {} };
  }
  return {
    code: 'unexpected',
    message: `something went wrong that should not: ${firstLine(error)}`,
    remedy: 'run the same command with --debug and report what it prints',
    data: {},
  };
}

/** Prints an error to stderr; under `--json` also as `{ "error": ... }` to stdout. */
export function printError(terminal: Terminal, error: unknown): void {
  const report = reportOf(error);
  const [first = '', ...others] = report.message.split('\n');
  terminal.warn(`✖ ${first}`);
  for (const line of [...others, ...report.remedy.split('\n')]) terminal.warn(`  ${line}`);
  if (terminal.debug) terminal.warn(inspect(error, { depth: 4 }));
  if (terminal.json) terminal.printJson({ error: report });
}

/** A cause is said once: not when the message has it already. */
function withCause(message: string, cause: unknown): string {
  if (cause === undefined || cause === null) return message;
  const why = firstLine(cause);
  return why === '' || message.includes(why) ? message : `${message}\n${why}`;
}

function systemFacts(error: unknown): { readonly code?: string; readonly path?: string } {
  const failed = error instanceof AggregateError ? error.errors[0] : error;
  if (!(failed instanceof Error)) return {};
  const { code, path } = failed as NodeJS.ErrnoException;
  return { ...(typeof code === 'string' && { code }), ...(typeof path === 'string' && { path }) };
}

function firstLine(error: unknown): string {
  const inner = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  return (inner instanceof Error ? inner.message : String(inner)).trim().split('\n')[0] ?? '';
}

type Place = Pick<Session, 'folder' | 'environment'>;

/** The real services, each loaded when it is first asked for. */
export function createServices({ folder, environment }: Place): Services {
  const config = async () => (await import('../config/config.ts')).readConfig(environment);
  const runtime = () => import('../host/runtime.ts');
  const project = () => import('../host/project.ts');
  return {
    config,
    project: async () => (await project()).loadProject(folder),
    pipelines: async () => (await project()).loadPipelines(folder),
    datasets: async () => (await project()).loadDatasets(folder),
    evaluations: async () => (await project()).loadEvaluations(folder),
    experiments: async () => (await project()).loadExperiments(folder),
    monitors: async () => (await project()).loadMonitors(folder),
    connect: async () => (await runtime()).connectRuntime({ folder, config: await config() }),
    start: async ({ serves, project, onProgress }) =>
      (await runtime()).startRuntime({
        folder,
        config: await config(),
        serves,
        ...(project && { implementations: project.createActivities }),
        ...(onProgress && { onProgress }),
      }),
    openStore: async (onProgress) =>
      (await import('../host/store-only.ts')).openStoreOnly({ folder, config: await config(), onProgress }),
    connectWorker: async (project) =>
      (await runtime()).connectRuntime({
        folder,
        config: await config(),
        implementations: project.createActivities,
      }),
  };
}

/** @throws SluiceError `export_unwritable` */
export async function writeOut(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw new SluiceError('export_unwritable', {
      message: `'${file}' cannot be written`,
      remedy: 'check the folder and its rights, and the space on the disk',
      data: { file },
      cause,
    });
  });
}
