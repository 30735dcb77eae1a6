/** `sluice dataset export`: a dataset as a file that imports again, or as one that a model can be fine-tuned with. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showWhole } from '../base/format.ts';
import type { LeftOut, PreferredBy, RatedAnswer, Tuning, TuningInput } from '../evaluation/dataset-export.ts';
import type { Example, Split } from '../model/dataset.ts';
import type { MetricSpec } from '../model/evaluation-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World, writeOut } from './command.ts';
import { splitOption } from './dataset-show.ts';
import { type NamedEvaluation, namedLines, resolveReference } from './eval-refs.ts';
import { findNamed, findVersion } from './lookup.ts';
import { anyNumber, type FeedbackOptions, ratedFilter, withFeedbackOptions } from './options.ts';
import { EXIT, type ExitCode, redactionOf, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

const FORMATS = ['jsonl', 'csv', 'openai-chat', 'preference'] as const;
/** Those that an evaluation's answers can be written in. */
const OF_ANSWERS: readonly string[] = ['openai-chat', 'preference'];

interface ExportOptions extends Partial<Omit<EvaluationExportOptions, 'format'>>, FeedbackOptions {
  readonly format: (typeof FORMATS)[number];
  readonly out?: string;
  readonly version?: string;
  readonly split?: Split;
  readonly tag?: string;
  readonly system?: string;
  readonly json?: boolean;
  readonly fromFeedback?: boolean;
}

export function exportCommand(world: World): Command {
  const command = readingCommand('export', {
    summary: 'write a dataset as JSONL, CSV, or a file to fine-tune a model with',
    examples: [
      ['dataset export ai-docs --format csv --out ai-docs.csv', 'for a spreadsheet; it imports as the same version'],
      ['dataset export ai-docs --format openai-chat --out tune.jsonl', 'chats from the accepted answers of dev'],
      [
        'dataset export --format preference --evaluation before-release --out pairs.jsonl',
        'pairs, the better one told',
      ],
      ['dataset export --format preference --from-feedback --out pairs.jsonl', 'what people liked beside what not'],
    ],
  })
    .argument('[dataset]', 'its name, or the beginning of it; NAME@HASH for a version')
    .addOption(new Option('--format <format>', 'what to write').choices(FORMATS).default('jsonl'))
    .option('--out <file>', 'the file to write; default: standard output')
    .option('--version <hash>', 'the version whose hash begins so; default: the current one')
    .addOption(splitOption())
    .option('--tag <tag>', 'only examples with this tag')
    .option('--system <text>', 'openai-chat, preference: the system prompt that each begins with')
    .option('--evaluation <evaluation>', 'the answers of this one: ID, ID:variant, or a definition’s name')
    .option('--scorer <id>', 'preference: by this scorer of pairs, where both orders agreed')
    .option('--metric <metric>', 'preference, openai-chat: by this metric')
    .option('--min-difference <number>', 'preference: so far apart on the metric, in its unit', anyNumber)
    .option('--at-least <number>', 'openai-chat: so good on the metric, in its unit', anyNumber)
    .option('--from-feedback', 'preference: by the thumbs that people gave');
  return withFeedbackOptions(command).action((name: string | undefined, options: ExportOptions, own: Command) =>
    runAction(world, own, (session) => exportDataset(session, name, options)),
  );
}

interface Written {
  readonly text: string;
  readonly examples: number;
  readonly skipped: number;
}

async function exportDataset(session: Session, name: string | undefined, options: ExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { format, out, tag, evaluation } = options;
  if (terminal.json && out === undefined)
    throw usage('--json says what was written to a file', 'name the file: --out FILE');
  if (options.system !== undefined && !OF_ANSWERS.includes(format))
    throw usage('--system is for openai-chat and preference', 'add --format openai-chat, or leave it out');
  if (options.fromFeedback) return exportThumbs(session, name, options);
  if (evaluation !== undefined) return exportAnswers(session, name, { ...options, evaluation });
  if (name === undefined || format === 'preference')
    throw usage(
      name === undefined
        ? 'there is no dataset'
        : 'preferences are between answers of an evaluation, or those people rated',
      name === undefined ? 'sluice dataset export NAME' : 'name it: --evaluation ID, or add --from-feedback',
    );
  // Who is trained on the final questions cannot be measured by them.
  const split = options.split ?? (format === 'openai-chat' ? 'dev' : undefined);
  const { version, examples } = await withStore(session, async ({ store }) => {
    const version = await findVersion(store, name, options.version);
    return { version, examples: await Array.fromAsync(store.datasets.eachExample(version.version, { split, tag })) };
  });
  const named = `${version.dataset}@${shortId(version.version)}`;
  const written = await render(examples, options);
  if (written.examples === 0) throw nothingToExport(named, written.skipped, split);
  if (out === undefined) terminal.print(written.text.replace(/\n$/, ''));
  else await writeOut(out, written.text);
  const { examples: number, skipped } = written;
  if (terminal.json)
    terminal.printJson({
      dataset: version.dataset,
      version: version.version,
      format,
      out,
      split: split ?? null,
      examples: number,
      skipped,
    });
  else
    terminal.note(
      `${named}: ${count(number, 'example')}${split ? ` of ${split}` : ''} as ${format}${out ? ` in ${out}` : ''}`,
    );
  if (skipped > 0)
    terminal.note(`${count(skipped, 'example')} left out: no accepted answer (expected.answer), or no question`);
  return EXIT.fine;
}

function exportThumbs(session: Session, name: string | undefined, options: ExportOptions): Promise<ExitCode> {
  const { format, evaluation, split, version, tag } = options;
  if (format !== 'preference') throw usage(`thumbs cannot be written as ${format}`, 'use --format preference');
  const others = { dataset: name, evaluation, split, version, tag };
  if (Object.values(others).some((value) => value !== undefined))
    throw usage(
      'people rate runs, which are of no dataset and no evaluation',
      'leave these out beside --from-feedback',
    );
  return exportFeedback(session, options);
}

function exportAnswers(
  session: Session,
  name: string | undefined,
  options: ExportOptions & { readonly evaluation: string },
): Promise<ExitCode> {
  const { format, split, version } = options;
  if (!OF_ANSWERS.includes(format))
    throw usage(`--evaluation cannot be written as ${format}`, `use --format ${OF_ANSWERS.join(' or ')}`);
  if (name !== undefined || version !== undefined || split !== undefined)
    throw usage(
      'an evaluation has its dataset, and only dev is tuned on',
      'leave out the dataset, --version and --split',
    );
  return exportEvaluation(session, options);
}

async function render(
  examples: readonly Example[],
  { format, system }: Pick<ExportOptions, 'format' | 'system'>,
): Promise<Written> {
  const { toChat, toCsv, toJsonLines } = await import('../evaluation/dataset-export.ts');
  switch (format) {
    case 'jsonl':
      return { text: toJsonLines(examples), examples: examples.length, skipped: 0 };
    case 'csv':
      return { text: toCsv(examples), examples: examples.length, skipped: 0 };
    case 'openai-chat':
    case 'preference':
      return toChat(examples, system);
  }
}

function nothingToExport(named: string, skipped: number, split: Split | undefined): SluiceError {
  const which = split === undefined ? '' : ` of ${split}`;
  return new SluiceError('nothing_to_export', {
    message:
      skipped > 0
        ? `none of the ${count(skipped, 'example')}${which} of ${named} has an accepted answer`
        : `${named} has no examples${which} that fit`,
    remedy:
      skipped > 0
        ? 'give them "expected": {"answer": "…"}, or add runs: sluice dataset add NAME --from-run RUN --accept'
        : 'see what it holds: sluice dataset show NAME',
    data: { skipped },
  });
}

const usage = (message: string, remedy: string): SluiceError => new SluiceError('usage', { message, remedy });

interface FeedbackExportOptions extends FeedbackOptions {
  readonly out?: string;
  readonly system?: string;
}

/** As many as the store gives: pairs need all that was said of a question. */
const ALL_RUNS = 1_000;

/** `sluice dataset export --from-feedback`: of answers to the same, one that people liked beside one that they did not. */
async function exportFeedback(session: Session, options: FeedbackExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { out, system, limit = ALL_RUNS } = options;
  const redaction = await redactionOf(session);
  const { tuning, runs } = await withStore(session, async ({ store }) => {
    const { feedbackPairs } = await import('../evaluation/dataset-export.ts');
    const rated = await ratedAnswers(store, { ...options, limit }, redaction);
    return { runs: rated.length, tuning: feedbackPairs({ rated, final: await finalInputs(store), system }) };
  });
  const { lines, leftOut, text } = tuning;
  if (lines === 0) throw noPairsOfThumbs(runs, tuning);
  if (out === undefined) terminal.print(text.replace(/\n$/, ''));
  else await writeOut(out, text);
  if (terminal.json) terminal.printJson({ format: 'preference', out, runs, lines, leftOut });
  else terminal.note(`${count(lines, 'pair')} of the thumbs of ${count(runs, 'run')}${out ? ` in ${out}` : ''}`);
  for (const line of leftOutLines(tuning)) terminal.note(line);
  return EXIT.fine;
}

async function ratedAnswers(
  store: Store,
  options: FeedbackOptions,
  { json }: Redaction,
): Promise<readonly RatedAnswer[]> {
  const { restoreClaims } = await import('../store/claims.ts');
  const answers: RatedAnswer[] = [];
  for (const { input, output, up, down } of await store.feedback.ratedRuns(ratedFilter(options, Date.now())))
    answers.push({
      ...{ up, down, input: json(await restoreClaims(store.payloads, input)) },
      output: json(await restoreClaims(store.payloads, output)),
    });
  return answers;
}

/** What the final half of any dataset asks. */
async function finalInputs({ datasets }: Store): Promise<ReadonlySet<string>> {
  const inputs = new Set<string>();
  for (const { version } of await datasets.list())
    for await (const { input } of datasets.eachExample(version, { split: 'final' })) inputs.add(canonicalJson(input));
  return inputs;
}

const noPairsOfThumbs = (runs: number, tuning: Tuning): SluiceError =>
  new SluiceError('nothing_to_export', {
    message:
      runs === 0
        ? 'nobody has given a thumb in that time'
        : `of ${count(runs, 'run')} with thumbs no two answered the same, the one liked and the other not`,
    remedy: [...leftOutLines(tuning), 'look further back: --since 90d'].join('; '),
    data: { runs, ...tuning.leftOut },
  });

interface EvaluationExportOptions {
  readonly format: string;
  readonly evaluation: string;
  readonly out?: string;
  readonly scorer?: string;
  readonly metric?: string;
  readonly minDifference?: number;
  readonly atLeast?: number;
  readonly tag?: string;
  readonly system?: string;
}

/**
 * `sluice dataset export --evaluation`: what a model can be tuned with, from an evaluation's answers: pairs of which one was
 * preferred, or those that scored well enough.
 */
async function exportEvaluation(session: Session, options: EvaluationExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { format, out } = options;
  const { named, tuning } = await withStore(session, async ({ store }) => {
    const named = await resolveReference(store, options.evaluation);
    for (const line of namedLines([named])) terminal.note(line);
    return { named, tuning: await tuningOf(store, named, options) };
  });
  const { evaluationId } = named.row;
  const { lines, leftOut, text } = tuning;
  if (lines === 0) throw nothingToTune(evaluationId, tuning);
  if (out === undefined) terminal.print(text.replace(/\n$/, ''));
  else await writeOut(out, text);
  if (terminal.json) terminal.printJson({ evaluationId, format, out, lines, leftOut });
  else {
    const what = format === 'preference' ? count(lines, 'pair') : count(lines, 'chat');
    terminal.note(`${evaluationId}: ${what} of dev${out ? ` in ${out}` : ''}`);
  }
  for (const line of leftOutLines(tuning)) terminal.note(line);
  return EXIT.fine;
}

async function tuningOf(
  store: Store,
  { row, variant }: NamedEvaluation,
  options: EvaluationExportOptions,
): Promise<Tuning> {
  const [{ acceptedChats, preferencePairs }, { resultsWithLabels }] = await Promise.all([
    import('../evaluation/dataset-export.ts'),
    import('../evaluation/compare/load.ts'),
  ]);
  const input: TuningInput = {
    spec: row.spec,
    rows: resultsWithLabels(store, row),
    examples: await examplesOf(store, row, options.tag),
    system: options.system,
  };
  if (options.format === 'preference') return preferencePairs(input, preferredBy(row, options));
  const { metric, atLeast } = options;
  if (metric === undefined || atLeast === undefined || variant === undefined)
    throw usage(
      'openai-chat from an evaluation needs to know whose answers are good enough',
      '--evaluation ID:variant --metric METRIC --at-least X',
    );
  return acceptedChats(input, { variant, metric: metricNamed(row, metric), atLeast });
}

/** Of the evaluation those of dev, and with the tag. */
async function examplesOf(
  store: Store,
  { spec }: EvaluationRow,
  tag: string | undefined,
): Promise<ReadonlyMap<string, Example>> {
  const { examplesOfPart } = await import('../evaluation/compare/load.ts');
  const examples = new Map<string, Example>();
  for await (const example of examplesOfPart(store, spec.dataset))
    if (tag === undefined || example.tags?.includes(tag)) examples.set(example.id, example);
  return examples;
}

function preferredBy(row: EvaluationRow, { scorer, metric, minDifference }: EvaluationExportOptions): PreferredBy {
  if (scorer !== undefined && metric !== undefined)
    throw usage('both --scorer and --metric were given', 'give one of them');
  if (metric !== undefined) {
    if (minDifference === undefined)
      throw usage(
        '--metric alone does not say what is a preference',
        'say how far apart two answers are: --min-difference X',
      );
    return { metric: metricNamed(row, metric), minDifference };
  }
  const pairs = row.spec.scorers.filter(({ kind }) => kind === 'pair').map(({ id }) => id);
  if (scorer === undefined && pairs.length !== 1)
    throw usage(
      `${row.evaluationId} has ${pairs.length === 0 ? 'no scorer of pairs' : `several: ${pairs.join(', ')}`}`,
      pairs.length === 0 ? 'take a metric instead: --metric METRIC --min-difference X' : 'name one: --scorer ID',
    );
  return {
    scorer: findNamed({
      kind: 'scorer',
      name: scorer ?? pairs[0]!,
      among: pairs,
      nameOf: (id) => id,
      whenNone: `${row.evaluationId} has no scorer of pairs; take a metric: --metric METRIC --min-difference X`,
    }),
  };
}

const metricNamed = ({ spec, evaluationId }: EvaluationRow, name: string): MetricSpec =>
  findNamed({
    kind: 'metric',
    name,
    among: spec.metrics,
    nameOf: (metric) => metric.name,
    whenNone: `${evaluationId} has no metrics`,
  });

const WORDS: { readonly [why in LeftOut]: string } = {
  final: 'of final examples, or without the tag',
  undecided: 'not good enough, or without a clear preference',
  no_text: 'without a text on both sides',
  no_question: 'of inputs without a question',
  alike: 'alike, or there already',
  enough: 'beyond the first pairs of one question',
};

function leftOutLines({ leftOut }: Pick<Tuning, 'leftOut'>): readonly string[] {
  const parts = Object.entries(leftOut).map(([why, number]) => `${showWhole(number)} ${WORDS[why as LeftOut]}`);
  return parts.length === 0 ? [] : [`left out: ${parts.join('; ')}`];
}

const nothingToTune = (evaluationId: string, tuning: Tuning): SluiceError =>
  new SluiceError('nothing_to_export', {
    message: `${evaluationId} gives nothing to tune with`,
    remedy: leftOutLines(tuning)[0] ?? `it has no answers: sluice eval status ${evaluationId}`,
    data: { evaluationId, ...tuning.leftOut },
  });
