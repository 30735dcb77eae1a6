/** `sluice judge export`: a random sample of what a scorer has scored, as a file for people to fill in. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count } from '../base/format.ts';
import { CALIBRATION_LIMITS } from '../evaluation/calibration/agreement.ts';
import type { FileFormat } from '../evaluation/dataset-file.ts';
import { readingCommand, runAction, type World, writeOut } from './command.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface ExportOptions {
  readonly scorer: string;
  readonly sample: number;
  readonly seed: number;
  readonly format?: FileFormat;
  readonly out?: string;
  readonly unlabelled?: boolean;
  readonly showVerdicts?: boolean;
}

const LARGEST_SEED = 2_147_483_647;

export function exportCommand(world: World): Command {
  return readingCommand('export', {
    summary: 'write a random sample of what a scorer has scored, for people to label',
    examples: [
      ['judge export before-release --scorer judged --out labels.csv', 'for a spreadsheet; its verdicts are not shown'],
      ['judge export before-release --scorer judged --unlabelled --out more.jsonl', 'only what nobody has labelled'],
    ],
  })
    .argument('<evaluation>', 'its id, the beginning of it, or the name of its definition')
    .requiredOption('--scorer <id>', 'whose scores are labelled')
    .option(
      '--sample <number>',
      'answers at least: examples are drawn whole, with the answers of all variants',
      positiveInteger(CALIBRATION_LIMITS.largestSample),
      CALIBRATION_LIMITS.sample,
    )
    .option('--seed <number>', 'another one draws others', positiveInteger(LARGEST_SEED), 1)
    .addOption(new Option('--format <format>', 'default: by the name of the file, or csv').choices(['jsonl', 'csv']))
    .option('--out <file>', 'the file to write; default: standard output')
    .option('--unlabelled', 'only what nobody has labelled yet')
    .option('--show-verdicts', 'show what the scorer says: whoever reads it first tends to agree')
    .action((evaluation: string, options: ExportOptions, command: Command) =>
      runAction(world, command, (session) => exportSample(session, evaluation, options)),
    );
}

async function exportSample(session: Session, evaluation: string, options: ExportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { out, scorer, sample, seed, unlabelled = false, showVerdicts: showsVerdicts = false } = options;
  if (terminal.json && out === undefined)
    throw new SluiceError('usage', {
      message: '--json says what was written to a file',
      remedy: 'name the file: --out FILE',
    });
  const [{ sampleToLabel }, { formatOf }] = await Promise.all([
    import('./judge-sample.ts'),
    import('../evaluation/dataset-file.ts'),
  ]);
  const format = options.format ?? (out === undefined ? 'csv' : formatOf(out));
  const request = { evaluation, scorer, sample, seed, format, unlabelled, showsVerdicts };
  const drawn = await withStore(session, ({ store }) => sampleToLabel(session, store, request));
  const { text, toFillIn, ...told } = drawn;
  if (out === undefined) terminal.print(text.replace(/\n$/, ''));
  else await writeOut(out, text);
  if (terminal.json) {
    terminal.printJson({ ...told, format, out, seed });
    return EXIT.fine;
  }
  const where = out === undefined ? '' : ` in ${out}`;
  terminal.note(
    `${count(told.subjects, 'answer')} of ${told.population} that '${told.scorer}' has in ${told.evaluationId}${where}`,
  );
  terminal.note(`to fill in: ${toFillIn}`);
  if (out !== undefined) terminal.note(`when it is filled in: sluice judge import ${out} --rater NAME`);
  return EXIT.fine;
}
