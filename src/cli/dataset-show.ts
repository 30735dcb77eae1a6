/** `sluice dataset show`: what a version of a dataset holds, which versions there are, and what its final split decided. */
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId, showTime } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import { type Example, SPLITS, type Split, splitOf } from '../model/dataset.ts';
import type { DatasetVersion, FinalUse } from '../store/datasets.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findVersion } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { flow, tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface ShowOptions {
  readonly version?: string;
  readonly split?: Split;
  readonly tag?: string;
  readonly example?: string;
}

interface Shown {
  readonly version: DatasetVersion;
  readonly versions: readonly DatasetVersion[];
  readonly finalUses: readonly FinalUse[];
  readonly examples: readonly Example[];
}

/** Versions, and characters of an input, that a terminal is shown. */
const SHOWN_VERSIONS = 10;
const INPUT_LENGTH = 100;
/** Ids that a wrong one is compared with. */
const COMPARED = 1_000;

export function showCommand(world: World): Command {
  return readingCommand('show', {
    summary: 'show a dataset: its examples, versions and splits',
    examples: [
      ['dataset show ai-docs', 'how many examples of which kind, and every version'],
      ['dataset show ai-docs --split dev --tag oblique', 'these examples, one per line'],
      ['dataset show ai-docs --example cut-off-on-vercel', 'one example, whole'],
    ],
  })
    .argument('<dataset>', 'its name, or the beginning of it; NAME@HASH for a version')
    .option('--version <hash>', 'the version whose hash begins so; default: the current one')
    .addOption(splitOption())
    .option('--tag <tag>', 'only examples with this tag')
    .option('--example <id>', 'one example, whole')
    .action((name: string, options: ShowOptions, command: Command) =>
      runAction(world, command, (session) => showDataset(session, name, options)),
    );
}

export const splitOption = (): Option =>
  new Option('--split <split>', 'only examples of this split').choices([...SPLITS]);

async function showDataset(session: Session, name: string, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { split, tag, example: id } = options;
  const shown = await withStore(session, async ({ store }): Promise<Shown> => {
    const { datasets } = store;
    const version = await findVersion(store, name, options.version);
    const examples = await Array.fromAsync(datasets.eachExample(version.version, { split, tag, id }));
    if (id !== undefined && examples.length === 0)
      throw unknownExample(version, id, await datasets.examples(version.version, { limit: COMPARED }));
    const [versions, finalUses] = await Promise.all([
      datasets.versions(version.dataset),
      datasets.finalUses(version.version),
    ]);
    return { version, versions, finalUses, examples };
  });
  const { version, ...others } = shown;
  if (terminal.json) terminal.printJson({ ...version, ...others });
  else if (id !== undefined) terminal.print(JSON.stringify(shown.examples[0], null, 2));
  else if (split !== undefined || tag !== undefined) showExamples(terminal, shown);
  else showSummary(terminal, shown);
  return EXIT.fine;
}

function showExamples(terminal: Terminal, { version, examples }: Shown): void {
  terminal.print(`${version.dataset}@${shortId(version.version)}: ${count(examples.length, 'example')}`);
  if (examples.length === 0) return;
  terminal.print();
  for (const line of tableLines(
    examples,
    [
      { heading: 'example', cell: ({ id }) => id },
      { heading: 'split', cell: splitOf },
      { heading: 'input', cell: inputText, isFlexible: true },
      { heading: 'expected', cell: ({ expected }) => expected && shortText(expected), isFlexible: true },
      { heading: 'tags', cell: ({ tags }) => tags?.join(', '), isFlexible: true },
      { heading: 'from the run', cell: ({ run }) => run },
      { heading: 'relevant', cell: ({ relevant }) => relevant && Object.keys(relevant).length, align: 'right' },
    ],
    terminal.room,
  ))
    terminal.print(line);
}

const inputText = ({ input }: Example): string =>
  typeof input.question === 'string' ? oneLine(input.question) : shortText(input);

const shortText = (value: object): string => oneLine(JSON.stringify(value));

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > INPUT_LENGTH ? `${line.slice(0, INPUT_LENGTH)}…` : line;
}

function showSummary(terminal: Terminal, { version, versions, finalUses, examples }: Shown): void {
  const { dataset, version: hash, isCurrent } = version;
  const having = (key: keyof Example) => examples.filter((example) => example[key] !== undefined).length;
  const final = examples.filter((example) => splitOf(example) === 'final').length;
  const age = isCurrent ? '' : ', which is not the current one';
  terminal.print(`${dataset}: ${count(examples.length, 'example')}, version ${shortId(hash)}${age}`);
  const clusters = new Set(examples.flatMap(({ cluster }) => cluster ?? [])).size;
  const facts = [
    ...(final > 0 ? [`${examples.length - final} dev`, `${final} final`] : []),
    `${having('expected')} with an expectation`,
    `${having('relevant')} with graded passages`,
    ...(clusters > 0 ? [count(clusters, 'cluster')] : []),
    ...(having('run') > 0 ? [`${having('run')} from runs`] : []),
  ];
  for (const line of flow(facts, terminal.width)) terminal.print(line);
  const tags = tagCounts(examples);
  if (tags.length > 0) terminal.print();
  for (const line of flow(tags, terminal.width)) terminal.print(line);
  terminal.print();
  for (const line of versionTable(versions.slice(0, SHOWN_VERSIONS))) terminal.print(line);
  if (versions.length > SHOWN_VERSIONS) terminal.note(`… ${versions.length - SHOWN_VERSIONS} more: --json has all`);
  if (finalUses.length > 0) terminal.print();
  for (const { purpose, usedBy, usedAt, evaluationId } of finalUses)
    terminal.print(`final was used for '${purpose}' by ${usedBy}, ${showTime(usedAt)}, in ${evaluationId}`);
}

/** `oblique 83`, the most frequent first. */
function tagCounts(examples: readonly Example[]): string[] {
  const counts = new Map<string, number>();
  for (const tag of examples.flatMap(({ tags = [] }) => tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .sort(([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1))
    .map(([tag, number]) => `${tag} ${number}`);
}

function versionTable(versions: readonly DatasetVersion[]): string[] {
  return tableLines(versions, [
    { heading: 'version', cell: ({ version }) => shortId(version) },
    { heading: 'number', cell: ({ sequence }) => sequence, align: 'right' },
    { heading: 'examples', cell: ({ examples }) => examples, align: 'right' },
    { heading: 'made', cell: ({ createdAt }) => showTime(createdAt) },
    { heading: 'from', cell: ({ origin }) => origin },
    { heading: '', cell: ({ isCurrent }) => (isCurrent ? 'current' : ' ') },
  ]);
}

function unknownExample({ dataset, version }: DatasetVersion, id: string, known: readonly Example[]): SluiceError {
  return new SluiceError('example_unknown', {
    message: `version ${shortId(version)} of '${dataset}' has no example '${id}'`,
    remedy: suggest(
      id,
      known.map((example) => example.id),
      'it has none with that split and tag',
    ),
    data: { dataset, version, id },
  });
}
