/** `sluice dataset`: examples to evaluate on, in versions. */

import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showTime, showWhole } from '../base/format.ts';
import type { AnyDataset } from '../dsl/dataset.ts';
import type { FileFormat } from '../evaluation/dataset-file.ts';
import type { RowSchemas } from '../evaluation/dataset-row.ts';
import { type Example, splitOf } from '../model/dataset.ts';
import type { DatasetDiff, DatasetVersion, PutOutcome } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { addCommand } from './dataset-add.ts';
import { exportCommand } from './dataset-export.ts';
import { showCommand } from './dataset-show.ts';
import { findPipeline, findVersion } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

export function datasetCommand(world: World): Command {
  const list = readingCommand('list', {
    summary: 'list the datasets',
    examples: [['dataset list', 'their sizes and current versions']],
  }).action((_options: object, command: Command) => runAction(world, command, listDatasets));
  const commands = [
    importCommand(world),
    list,
    showCommand(world),
    diffCommand(world),
    addCommand(world),
    exportCommand(world),
  ];
  return groupCommand('dataset', 'import, show, compare, extend and export datasets', commands);
}

async function listDatasets(session: Session): Promise<ExitCode> {
  const { terminal } = session;
  const datasets = await withStore(session, ({ store }) => store.datasets.list());
  if (terminal.json) terminal.printJson(datasets);
  else if (datasets.length === 0) terminal.print('no datasets; import one: sluice dataset import FILE');
  else
    for (const line of tableLines(datasets, [
      { heading: 'dataset', cell: ({ dataset }) => dataset },
      { heading: 'examples', cell: ({ examples }) => examples, align: 'right' },
      { heading: 'version', cell: ({ version }) => shortId(version) },
      { heading: 'number', cell: ({ sequence }) => sequence, align: 'right' },
      { heading: 'made', cell: ({ createdAt }) => showTime(createdAt) },
      { heading: 'from', cell: ({ origin }) => origin },
    ]))
      terminal.print(line);
  return EXIT.fine;
}

interface ImportOptions {
  readonly name?: string;
  readonly pipeline?: string;
  readonly format?: FileFormat;
}

/** `sluice dataset import`: a file becomes a version of a dataset, or is refused with all that is wrong with it. */
function importCommand(world: World): Command {
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

/** Examples that are named, of those added, changed and removed each. */
const SHOWN_IDS = 20;

/** `sluice dataset diff`: which examples differ between two versions, of one dataset or of two. */
function diffCommand(world: World): Command {
  return readingCommand('diff', {
    summary: 'show which examples differ between two versions',
    examples: [
      ['dataset diff ai-docs', 'the current version against the one made before it'],
      ['dataset diff ai-docs@5473ca ai-docs', 'an older version against the current one'],
    ],
  })
    .argument('<from>', 'NAME or NAME@HASH')
    .argument('[to]', 'NAME or NAME@HASH; default: <from> is compared with the version before it')
    .action((from: string, to: string | undefined, _options: object, command: Command) =>
      runAction(world, command, (session) => diffDatasets(session, from, to)),
    );
}

interface Compared {
  readonly from: DatasetVersion;
  readonly to: DatasetVersion;
  readonly diff: DatasetDiff;
}

async function diffDatasets(session: Session, given: string, other: string | undefined): Promise<ExitCode> {
  const { terminal } = session;
  const compared = await withStore(session, async ({ store }): Promise<Compared> => {
    const one = await findVersion(store, given);
    const [from, to] =
      other === undefined ? [await versionBefore(store, one), one] : [one, await findVersion(store, other)];
    return { from, to, diff: await store.datasets.diff(from.version, to.version) };
  });
  const { from, to, diff } = compared;
  if (terminal.json) terminal.printJson({ from, to, ...diff });
  else for (const line of diffLines(compared)) terminal.print(line);
  return EXIT.fine;
}

/** The version made before this one; itself, where it is the first. */
async function versionBefore({ datasets }: Pick<Store, 'datasets'>, version: DatasetVersion): Promise<DatasetVersion> {
  const versions = await datasets.versions(version.dataset);
  return versions.find(({ sequence }) => sequence === version.sequence - 1) ?? version;
}

function diffLines({ from, to, diff: { added, changed, removed, same } }: Compared): string[] {
  const [old, now] = [from, to].map(({ dataset, version }) => `${dataset}@${shortId(version)}`);
  if (from.version === to.version) return [`${old} and ${now} are one version: there is nothing to compare`];
  const differing = added.length + changed.length + removed.length;
  return [
    `${count(differing, 'example')} from ${old} to ${now}; ${count(same, 'example')} in both`,
    ...[...marked('+', added), ...marked('~', changed), ...marked('-', removed)],
  ];
}

function marked(mark: string, ids: readonly string[]): string[] {
  const more = ids.length - SHOWN_IDS;
  return [
    ...ids.slice(0, SHOWN_IDS).map((id) => `  ${mark} ${id}`),
    ...(more > 0 ? [`  ${mark} … and ${showWhole(more)} more: --json has all`] : []),
  ];
}
