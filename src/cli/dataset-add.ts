/** `sluice dataset add`: what runs were asked becomes examples, and what they answered the expectation, if accepted. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { addFromFeedback } from './dataset-add-feedback.ts';
import { findVersion, shortVersion } from './dataset-names.ts';
import { type FeedbackOptions, withFeedbackOptions } from './feedback-options.ts';
import { redactionOf } from './redacting.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { count } from './text.ts';
import { withStore } from './with-servers.ts';

interface AddOptions extends FeedbackOptions {
  readonly fromRun?: string;
  readonly fromFeedback?: 'up' | 'down';
  readonly id?: string;
  readonly expected?: string;
  readonly accept?: boolean;
  readonly tag?: readonly string[];
  readonly new?: boolean;
}

export function addCommand(world: World): Command {
  const command = readingCommand('add', {
    summary: 'add a run to a dataset, as an example; or those that people liked, or did not',
    examples: [
      ['dataset add ai-docs --from-run run-7d2 --accept', 'its answer is what is expected from now on'],
      [`dataset add ai-docs --from-run run-7d2 --expected '{"answer": "…"}'`, 'a better answer is expected'],
      ['dataset add ai-docs --from-feedback down --since 7d --tag disliked', 'what people did not like this week'],
      ['dataset add ai-docs --from-feedback up --accept', 'what they liked is expected from now on'],
    ],
  })
    .argument('<dataset>', 'its name, or the beginning of it')
    .option('--from-run <run>', 'a run id, or its beginning')
    .addOption(new Option('--from-feedback <thumb>', 'runs of which most people said this').choices(['up', 'down']))
    .option('--accept', 'the output of the run is what is expected')
    .option('--expected <json>', 'what is expected, as a JSON object')
    .option(
      '--tag <tag>',
      'a tag of the example; may be given several times',
      (tag: string, tags: readonly string[]) => [...tags, tag],
      [],
    )
    .option('--id <id>', 'the id of the example; default: that of the run')
    .option('--new', 'begin the dataset where there is none of that name');
  return withFeedbackOptions(command).action((name: string, options: AddOptions, own: Command) =>
    runAction(world, own, (session) => choose(session, name, options)),
  );
}

function choose(session: Session, name: string, options: AddOptions): Promise<ExitCode> {
  const { fromRun, fromFeedback, accept, expected, id, since, pipeline, limit } = options;
  if ((fromRun === undefined) === (fromFeedback === undefined))
    throw usage(
      fromRun === undefined ? 'it is not said what is to be added' : 'both --from-run and --from-feedback were given',
      'give one of them: --from-run RUN, or --from-feedback up',
    );
  if (fromFeedback === undefined) {
    if (since !== undefined || pipeline !== undefined || limit !== undefined)
      throw usage('--since, --pipeline and --limit are for --from-feedback', 'leave them out');
    return addToDataset(session, name, { ...options, fromRun: fromRun! });
  }
  if (expected !== undefined || id !== undefined)
    throw usage('--expected and --id are of one run', 'name it: --from-run RUN');
  if (accept && fromFeedback === 'down')
    throw usage('what people did not like is not what is expected', 'leave out --accept, or add --from-feedback up');
  return addFromFeedback(session, name, { ...options, fromFeedback });
}

async function addToDataset(
  session: Session,
  given: string,
  options: AddOptions & { readonly fromRun: string },
): Promise<ExitCode> {
  const { terminal } = session;
  if (options.accept && options.expected !== undefined)
    throw usage('both --accept and --expected were given', 'give one of them');
  const definitions = await session.services.datasets();
  const redaction = await redactionOf(session);
  const { exampleOfRun } = await import('../evaluation/dataset-row.ts');
  const { outcome, example } = await withStore(session, async ({ store }) => {
    const name = options.new ? given : (await findVersion(store, given)).dataset;
    const run = await store.runs.get(options.fromRun);
    const { accept, expected, tag, id } = options;
    const example = await exampleOfRun({ store, redaction }, run, {
      ...{ accept, expected: parseExpected(expected), tags: tag, id, schemas: definitions.get(name) },
    });
    const outcome = await store.datasets.add(name, example, `run ${run.runId}`, { mayBegin: options.new ?? false });
    return { outcome, example };
  });
  const { created, version } = outcome;
  if (terminal.json) terminal.printJson({ ...version, created, example });
  else if (created)
    terminal.print(
      `${version.dataset}: '${example.id}' added, ${count(version.examples, 'example')}, version ${shortVersion(version.version)}`,
    );
  else
    terminal.print(
      `${version.dataset}: no new version; '${example.id}' is in ${shortVersion(version.version)} as it is`,
    );
  return EXIT.fine;
}

function parseExpected(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(
      `--expected is not JSON: ${(error as Error).message}`,
      `quote it for the shell: --expected '{"answer": "…"}'`,
    );
  }
}

const usage = (message: string, remedy: string): SluiceError => new SluiceError('usage', { message, remedy });
