/**
 * The commands, put together. What the command line itself gets wrong (an unknown command, a missing argument) is said
 * in the same three parts as any error, and ends with the exit code for usage.
 */
import { Command, CommanderError } from 'commander';
import { readPackage } from '../base/package.ts';
import { askCommand } from './ask.ts';
import { auditCommand } from './audit.ts';
import { backtestCommand, shadowCommand } from './backtest.ts';
import type { World } from './command.ts';
import { datasetCommand } from './dataset.ts';
import { demoCommand } from './demo.ts';
import { deployCommand } from './deploy.ts';
import { devCommand, serveCommand } from './dev.ts';
import { doctorCommand } from './doctor.ts';
import { evalCommand } from './eval.ts';
import { experimentCommand } from './experiment.ts';
import { feedbackCommand } from './feedback.ts';
import { indexCommand } from './indexes.ts';
import { ingestCommand } from './ingest.ts';
import { initCommand } from './init.ts';
import { judgeCommand } from './judge.ts';
import { keysCommand } from './keys.ts';
import { monitorCommand } from './monitor.ts';
import { pipelinesCommand } from './pipelines.ts';
import { planCommand } from './plan.ts';
import { reviewCommand } from './review.ts';
import { rolloutCommand } from './rollout.ts';
import { runsCommand } from './runs.ts';
import { searchCommand } from './search.ts';
import { EXIT } from './session.ts';
import { simulateCommand } from './simulate.ts';
import { stepsCommand } from './steps.ts';
import { traceCommand } from './trace.ts';
import { workerCommand } from './worker.ts';

/** In the order in which a newcomer needs them. */
const COMMANDS = [
  demoCommand,
  initCommand,
  devCommand,
  ingestCommand,
  askCommand,
  feedbackCommand,
  searchCommand,
  indexCommand,
  datasetCommand,
  evalCommand,
  judgeCommand,
  reviewCommand,
  backtestCommand,
  shadowCommand,
  deployCommand,
  experimentCommand,
  rolloutCommand,
  monitorCommand,
  simulateCommand,
  pipelinesCommand,
  stepsCommand,
  runsCommand,
  traceCommand,
  planCommand,
  auditCommand,
  serveCommand,
  keysCommand,
  workerCommand,
  doctorCommand,
];

/** Runs one command line; resolves when its command has ended. */
export async function runProgram(argv: readonly string[], world: World): Promise<void> {
  const program = createProgram(world);
  if (argv.length === 0) {
    program.outputHelp();
    return world.exit(EXIT.fine);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    world.exit(error.exitCode === 0 ? EXIT.fine : EXIT.usage);
  }
}

/** Every command with its options, as the command line is read by. */
export function createProgram(world: World): Command {
  const program = new Command('sluice')
    .description('Typed RAG pipelines that run as durable Temporal workflows.')
    .version(readPackage().version)
    // So that `--version` after a command is the command's own, as in `dataset show`.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nBegin with: sluice demo, or sluice init in an empty folder. What is wrong here: sluice doctor',
    );
  for (const create of COMMANDS) program.addCommand(create(world));
  for (const command of withSubcommands(program))
    command.exitOverride().configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: (text, write) => write(`${usageLines(text, pathOf(command)).join('\n')}\n`),
    });
  return program;
}

/** Commander's one line, and its suggestion, as what failed and what to do. */
function usageLines(text: string, path: string): string[] {
  const [first = '', suggestion] = text.trim().split('\n');
  const near = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(suggestion ?? '')?.[1];
  const remedy = near === undefined ? `see: ${path} --help` : `did you mean '${near}'? all of them: ${path} --help`;
  return [`✖ ${first.replace(/^error: /, '')}`, `  ${remedy}`];
}

function* withSubcommands(command: Command): Generator<Command> {
  yield command;
  for (const inner of command.commands) yield* withSubcommands(inner);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
