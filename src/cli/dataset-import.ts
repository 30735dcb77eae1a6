/** `sluice dataset import`: a file becomes a version of a dataset, or is refused with all that is wrong with it. */
import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showTime } from '../base/format.ts';
import type { AnyDataset } from '../dsl/dataset.ts';
import type { FileFormat } from '../evaluation/dataset-file.ts';
import type { RowSchemas } from '../evaluation/dataset-row.ts';
import { type Example, splitOf } from '../model/dataset.ts';
import type { PutOutcome } from '../store/datasets.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findPipeline } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface ImportOptions {
  readonly name?: string;
  readonly pipeline?: string;
  readonly format?: FileFormat;
}

export function importCommand(world: World): Command {
  return readingCommand('import', {
    summary: 'import a dataset from a JSONL or CSV file',
    examples: [
      ['dataset import questions.jsonl --pipeline docs-bot', 'inputs are checked against the pipeline'],
      ['dataset import --name ai-docs', 'the file that the project’s defineDataset names'],
    ],
  })
    .argument('[file]', 'JSONL {id, input, expected?, relevant?, cluster?, tags?}, or CSV with such columns')
    .option('--name <name>', 'what to call it; default: the name of the file')
    .option('--pipeline <name>', 'check every input against the schema of this pipeline')
    .addOption(new Option('--format <format>', 'default: by the name of the file').choices(['jsonl', 'csv']))
    .action((file: string | undefined, options: ImportOptions, command: Command) =>
      runAction(world, command, (session) => importDataset(session, file, options)),
    );
}

async function importDataset(session: Session, given: string | undefined, options: ImportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { formatOf, readDataset } = await import('../evaluation/dataset-file.ts');
  const defined = await session.services.datasets();
  const definition = defined.get(options.name ?? (given === undefined ? '' : nameOf(given)));
  const file = given ?? definition?.source;
  if (file === undefined) throw noFile(options.name, [...defined.keys()]);
  const name = options.name ?? nameOf(file);
  const schemas = await schemasOf(session, definition, options.pipeline);
  const examples = await readDataset(file, options.format ?? formatOf(file), schemas);
  const outcome = await withStore(session, ({ store }) => store.datasets.put(name, examples, basename(file)));
  const splits = countSplits(examples);
  if (terminal.json) terminal.printJson({ ...outcome.version, created: outcome.created, splits });
  else for (const line of outcomeLines(outcome, splits)) terminal.print(line);
  if (schemas.input === undefined) terminal.note('no input was checked against a pipeline: --pipeline NAME does that');
  return EXIT.fine;
}

const nameOf = (file: string): string => basename(file, extname(file));

async function schemasOf(
  { services }: Session,
  definition: AnyDataset | undefined,
  pipeline: string | undefined,
): Promise<RowSchemas> {
  const input =
    pipeline === undefined ? definition?.input : findPipeline(await services.pipelines(), pipeline)[1].input;
  return { input, expected: definition?.expected };
}

interface Splits {
  readonly dev: number;
  readonly final: number;
}

function countSplits(examples: readonly Example[]): Splits {
  const final = examples.filter((example) => splitOf(example) === 'final').length;
  return { dev: examples.length - final, final };
}

function outcomeLines({ created, version }: PutOutcome, { dev, final }: Splits): string[] {
  const { dataset, examples, sequence, createdAt } = version;
  const hash = shortId(version.version);
  const splits = final > 0 ? `: ${dev} dev, ${final} final` : '';
  if (!created)
    return [
      `${dataset}: no new version; this content is version ${hash}, made ${showTime(createdAt)}`,
      `  ${count(examples, 'example')}${splits}`,
    ];
  return [
    `${dataset}: ${count(examples, 'example')}${splits.replace(':', ',')}`,
    `  version ${hash}, number ${sequence} of this dataset`,
    `  see it: sluice dataset show ${dataset}`,
  ];
}

function noFile(name: string | undefined, defined: readonly string[]): SluiceError {
  const known = defined.length === 0 ? 'the project defines no datasets' : `defined are: ${defined.join(', ')}`;
  return new SluiceError('usage', {
    message: name === undefined ? 'there is no file' : `there is no file, and no dataset '${name}' is defined`,
    remedy: `sluice dataset import FILE, or --name of a dataset that pipelines/index.ts exports; ${known}`,
  });
}
