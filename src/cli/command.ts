/**
 * What all commands share: the options for output, a session made of them, and one place where an error becomes a
 * message and an exit code.
 */
import { Command } from 'commander';
import { printError, reportOf } from './report-error.ts';
import { createServices } from './services.ts';
import { EXIT, type ExitCode, Interrupted, type Services, type Session } from './session.ts';
import { createTerminal, type Output } from './terminal.ts';

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

export interface CommandText {
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
