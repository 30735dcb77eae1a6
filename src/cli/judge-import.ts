/** `sluice judge import`: a file that raters have filled in becomes labels, or is refused with all that is wrong with it. */
import { type Command, Option } from 'commander';
import { count } from '../base/format.ts';
import type { FileFormat } from '../evaluation/dataset-file.ts';
import type { Label } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { knownScorers } from './judge-scorers.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface ImportOptions {
  readonly rater?: string;
  readonly format?: FileFormat;
}

/** Columns that a note names. */
const NAMED = 8;

export function importCommand(world: World): Command {
  return readingCommand('import', {
    summary: 'import labels from a CSV or JSONL file',
    examples: [
      ['judge import labels.csv --rater ada', 'what ada has filled in'],
      ['judge import labels.jsonl', 'each row names its rater'],
    ],
  })
    .argument(
      '<file>',
      'as sluice judge export makes it: pipeline, scorer, version, subject, rater, and a column per field',
    )
    .option('--rater <name>', 'who said it, of rows that name nobody')
    .addOption(new Option('--format <format>', 'default: by the name of the file').choices(['jsonl', 'csv']))
    .action((file: string, options: ImportOptions, command: Command) =>
      runAction(world, command, (session) => importLabels(session, file, options)),
    );
}

interface Imported {
  readonly labels: number;
  readonly added: number;
  readonly changed: number;
  readonly duplicates: number;
  readonly blank: number;
  readonly raters: readonly string[];
  readonly scorers: readonly string[];
  readonly ignored: readonly string[];
  /** Subjects that no evaluation here has met. */
  readonly unmet: number;
}

async function importLabels(session: Session, file: string, { rater, format }: ImportOptions): Promise<ExitCode> {
  const { terminal } = session;
  const [{ readLabels }, { formatOf }] = await Promise.all([
    import('../evaluation/calibration/label-file.ts'),
    import('../evaluation/dataset-file.ts'),
  ]);
  const imported = await withStore(session, async ({ store }): Promise<Imported> => {
    const read = await readLabels(file, format ?? formatOf(file), {
      scorers: await knownScorers(session, store),
      rater,
      now: Date.now(),
    });
    const { labels, ...others } = read;
    const outcome = await store.evaluations.putLabels(labels);
    return {
      ...outcome,
      ...others,
      labels: labels.length,
      raters: distinct(labels, 'rater'),
      scorers: distinct(labels, 'scorer'),
      unmet: await countUnmet(store, labels),
    };
  });
  if (terminal.json) terminal.printJson(imported);
  else showImported(terminal, imported);
  return EXIT.fine;
}

const distinct = (labels: readonly Label[], of: 'rater' | 'scorer'): readonly string[] =>
  [...new Set(labels.map((label) => label[of]))].sort();

async function countUnmet({ evaluations }: Pick<Store, 'evaluations'>, labels: readonly Label[]): Promise<number> {
  let unmet = 0;
  const keyOf = ({ pipeline, scorer, version }: Label): string => JSON.stringify([pipeline, scorer, version]);
  for (const own of Map.groupBy(labels, keyOf).values()) {
    const subjects = [...new Set(own.map(({ subject }) => subject))];
    unmet += subjects.length - (await evaluations.scored(own[0]!, subjects)).length;
  }
  return unmet;
}

function showImported(terminal: Terminal, imported: Imported): void {
  const { labels, added, changed, duplicates, blank, raters, scorers, ignored, unmet } = imported;
  terminal.print(`${count(labels, 'label')} of ${scorers.join(', ')} by ${raters.join(', ')}`);
  terminal.print(`  ${added} new, ${changed} changed, ${labels - added - changed} known already`);
  if (duplicates > 0)
    terminal.print(`  ${count(duplicates, 'row')} more of the same rater and subject: the latest counts`);
  if (blank > 0) terminal.print(`  ${count(blank, 'row')} not filled in yet`);
  if (unmet > 0)
    terminal.print(
      `  ${count(unmet, 'subject')} that the latest evaluations here do not have: nothing is calibrated by them`,
    );
  if (ignored.length > 0) {
    const named = ignored.slice(0, NAMED).join(', ');
    terminal.note(`not read: ${named}${ignored.length > NAMED ? `, and ${ignored.length - NAMED} more` : ''}`);
  }
  for (const scorer of scorers) terminal.note(`what they come to: sluice judge show EVALUATION --scorer ${scorer}`);
}
