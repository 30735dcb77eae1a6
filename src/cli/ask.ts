/** `sluice ask`: one question through a pipeline, as a durable run. */
import type { Command } from 'commander';
import { readingCommand, runAction, type World } from './command.ts';
import { findNamed } from './lookup.ts';
import { readRunInput } from './run-input.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showRun } from './show-run.ts';
import { withRuntime } from './with-runtime.ts';

interface AskOptions {
  readonly input?: string;
  readonly key?: string;
}

export function askCommand(world: World): Command {
  return readingCommand('ask', {
    summary: 'ask a pipeline a question, and show its answer, its steps and their times',
    examples: [
      ['ask docs-bot "How do I stream a response?"', 'the answer, with its citations'],
      ['ask docs-bot "How do I stream a response?" --json', 'the whole run, for programs'],
      ['ask docs-bot:hyde "How do I stream a response?"', 'through a variant of the pipeline'],
      [`ask docs-bot --input '{"question": "…", "history": []}'`, 'with the whole input'],
    ],
  })
    .argument('<pipeline>', 'its id, or id:variant')
    .argument('[question]')
    .option('--input <json>', 'the whole input as JSON, or @file that holds it')
    .option('--key <key>', 'idempotency key: the same key gets the same run')
    .action((pipeline: string, question: string | undefined, options: AskOptions, command: Command) =>
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
  const [, pipeline] = findNamed({
    kind: 'pipeline',
    name,
    among: [...pipelines],
    nameOf: ([each]) => each,
    whenNone: 'pipelines/index.ts exports none yet',
  });
  const { checkRunInput } = await import('../runtime/run-input.ts');
  const typed = await readRunInput(pipeline.plan, { question, input: options.input });
  // The client checks it, too; here a mistake is said before any server is started for it.
  const input = checkRunInput(pipeline.id, pipeline.input, typed);
  const run = await withRuntime(session, { worker: true }, ({ client }) =>
    // Not given up at Ctrl-C: the signal cancels the run, and its record then says so.
    client.run(pipeline, input, { signal, ...(options.key !== undefined && { idempotencyKey: options.key }) }),
  );
  if (terminal.json) terminal.printJson(run);
  else showRun(terminal, run);
  if (signal.aborted) return EXIT.interrupted;
  return run.outcome === 'completed' || run.outcome === 'degraded' ? EXIT.fine : EXIT.error;
}
