/** `sluice dataset export`: a dataset as a file that imports again, or as one that a model can be fine-tuned with. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import type { Example, Split } from '../model/dataset.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { type EvaluationExportOptions, exportEvaluation } from './dataset-export-evaluation.ts';
import { exportFeedback } from './dataset-export-feedback.ts';
import { findVersion } from './dataset-names.ts';
import { splitOption } from './dataset-show.ts';
import { type FeedbackOptions, withFeedbackOptions } from './feedback-options.ts';
import { anyNumber } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';
import { writeOut } from './write-file.ts';

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
