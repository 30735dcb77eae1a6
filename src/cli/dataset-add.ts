/** `sluice dataset add`: what runs were asked becomes examples, and what they answered the expectation, if accepted. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import type { RowSchemas } from '../evaluation/dataset-row.ts';
import type { Example } from '../model/dataset.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { PutOutcome } from '../store/datasets.ts';
import type { RatedRun } from '../store/feedback.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findVersion } from './lookup.ts';
import { type FeedbackOptions, ratedFilter, withFeedbackOptions } from './options.ts';
import { EXIT, type ExitCode, redactionOf, type Session } from './session.ts';
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
      `${version.dataset}: '${example.id}' added, ${count(version.examples, 'example')}, version ${shortId(version.version)}`,
    );
  else terminal.print(`${version.dataset}: no new version; '${example.id}' is in ${shortId(version.version)} as it is`);
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

interface AddFeedbackOptions extends FeedbackOptions {
  readonly fromFeedback: 'up' | 'down';
  readonly accept?: boolean;
  readonly tag?: readonly string[];
  readonly new?: boolean;
}

/** Why a run became no example. */
type LeftOut = 'duplicates' | 'withoutOutput' | 'unfit';

interface Added {
  readonly outcome: PutOutcome;
  readonly added: readonly string[];
  readonly leftOut: { readonly [why in LeftOut]: number };
  /** What is wrong with the first that does not fit. */
  readonly unfitWhy: string | null;
}

/** `sluice dataset add --from-feedback`: runs that people liked, or did not, become examples. */
async function addFromFeedback(session: Session, given: string, options: AddFeedbackOptions): Promise<ExitCode> {
  const { terminal, services } = session;
  const definitions = await services.datasets();
  const redaction = await redactionOf(session);
  const { outcome, added, leftOut, unfitWhy } = await withStore(session, async ({ store }): Promise<Added> => {
    const name = options.new ? given : (await findVersion(store, given)).dataset;
    const thumb = options.fromFeedback === 'up' ? 1 : -1;
    const runs = await store.feedback.ratedRuns({ ...ratedFilter(options, Date.now()), thumb });
    if (runs.length === 0) throw noFeedback(options);
    const chosen = await chooseRuns(
      { store, redaction },
      runs,
      await inputsOf(store, name),
      options,
      definitions.get(name),
    );
    if (chosen.examples.length === 0) throw nothingNew(name, chosen);
    const origin = `thumbs ${options.fromFeedback} of ${count(chosen.examples.length, 'run')}`;
    const { added, ...outcome } = await store.datasets.addAll(name, chosen.examples, origin, {
      mayBegin: options.new ?? false,
    });
    return { outcome, added, leftOut: chosen.leftOut, unfitWhy: chosen.unfitWhy };
  });
  const { version, created } = outcome;
  if (terminal.json) terminal.printJson({ ...version, created, added, leftOut });
  else {
    terminal.print(
      `${version.dataset}: ${count(added.length, 'example')} added of thumbs ${options.fromFeedback}, ${count(version.examples, 'example')}, version ${shortId(version.version)}`,
    );
    for (const line of leftOutLines(leftOut, unfitWhy)) terminal.print(`  ${line}`);
  }
  return EXIT.fine;
}

interface Chosen {
  readonly examples: readonly Example[];
  readonly leftOut: Added['leftOut'];
  readonly unfitWhy: string | null;
}

/** What many people ask is one example; of those that asked the same, the run that was rated last. */
async function chooseRuns(
  { store, redaction }: { readonly store: Store; readonly redaction: Redaction },
  runs: readonly RatedRun[],
  known: ReadonlySet<string>,
  { accept, tag: tags = [] }: AddFeedbackOptions,
  schemas: RowSchemas = {},
): Promise<Chosen> {
  const [{ restoreClaims }, { readRow }] = await Promise.all([
    import('../store/claims.ts'),
    import('../evaluation/dataset-row.ts'),
  ]);
  const seen = new Set(known);
  const examples: Example[] = [];
  const leftOut = { duplicates: 0, withoutOutput: 0, unfit: 0 };
  let unfitWhy: string | null = null;
  for (const { runId, state, ...run } of runs) {
    const input = redaction.json(await restoreClaims(store.payloads, run.input));
    const key = canonicalJson(input);
    if (seen.has(key)) leftOut.duplicates += 1;
    else if (accept && state !== 'completed' && state !== 'degraded') leftOut.withoutOutput += 1;
    else {
      const expected = accept ? { expected: redaction.json(await restoreClaims(store.payloads, run.output)) } : {};
      const row: Json = { id: runId, input, ...expected, ...(tags.length > 0 && { tags }), run: runId };
      const example = readRow(row, schemas, (_, message) => {
        unfitWhy ??= `${runId}: ${message}`;
      });
      if (example === undefined) leftOut.unfit += 1;
      else {
        examples.push(example);
        seen.add(key);
      }
    }
  }
  return { examples, leftOut, unfitWhy };
}

/** Of a dataset that is to begin, none. */
async function inputsOf({ datasets }: Store, name: string): Promise<ReadonlySet<string>> {
  const current = (await datasets.list()).find(({ dataset }) => dataset === name);
  const inputs = new Set<string>();
  if (current !== undefined)
    for await (const { input } of datasets.eachExample(current.version)) inputs.add(canonicalJson(input));
  return inputs;
}

function leftOutLines({ duplicates, withoutOutput, unfit }: Added['leftOut'], unfitWhy: string | null): string[] {
  const parts = [
    ...(duplicates > 0 ? [`${duplicates} whose input is in the dataset already`] : []),
    ...(withoutOutput > 0 ? [`${withoutOutput} without an output to accept`] : []),
    ...(unfit > 0 ? [`${unfit} that do not fit (${unfitWhy})`] : []),
  ];
  return parts.length === 0 ? [] : [`left out: ${parts.join('; ')}`];
}

function noFeedback({ fromFeedback, pipeline }: AddFeedbackOptions): SluiceError {
  return new SluiceError('feedback_none', {
    message: `no run${pipeline === undefined ? '' : ` of '${pipeline}'`} has more thumbs ${fromFeedback} than others in that time`,
    remedy:
      'look further back (--since 90d), or leave out --pipeline; people say it with: sluice feedback RUN --thumb up',
  });
}

function nothingNew(name: string, { leftOut, unfitWhy }: Chosen): SluiceError {
  return new SluiceError('nothing_to_add', {
    message: `'${name}' gets nothing new: ${leftOutLines(leftOut, unfitWhy).join('')}`,
    remedy: 'look further back (--since 90d), or at more runs (--limit 1000)',
    data: { name, ...leftOut },
  });
}
