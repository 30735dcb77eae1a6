/** `sluice judge`: people's labels beside what scorers say, and which judges may decide. */
import { type Command, Option } from 'commander';
import { count, shortId, showWhole } from '../base/format.ts';
import type { Interval, Rate } from '../evaluation/calibration/agreement.ts';
import type { FieldReport, JudgeReport } from '../evaluation/calibration/judge-report.ts';
import { fieldName } from '../evaluation/calibration/words.ts';
import type { FileFormat } from '../evaluation/dataset-file.ts';
import type { ValueFormat } from '../stats/explained-report.ts';
import { formatValue } from '../stats/format-value.ts';
import type { EvaluationRow, Label } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { exportCommand } from './judge-export.ts';
import { findJudged, findScorer, knownScorers } from './judge-scorers.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, flow, tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

export function judgeCommand(world: World): Command {
  return groupCommand('judge', 'hold scorers against what people say', [
    exportCommand(world),
    importCommand(world),
    showCommand(world),
  ]);
}

/** `sluice judge show`: how far the scorers of an evaluation say what people say, and which of them may decide. */
function showCommand(world: World): Command {
  return readingCommand('show', {
    summary: 'show how far scorers agree with people, and which judges may decide',
    examples: [
      ['judge show before-release', 'its judges, and other scorers that have labels'],
      ['judge show before-release --scorer judged --json', 'one of them, with every number'],
    ],
  })
    .argument('<evaluation>', 'its id, the beginning of it, or the name of its definition')
    .option('--scorer <id>', 'only this one')
    .action((evaluation: string, { scorer }: { readonly scorer?: string }, command: Command) =>
      runAction(world, command, (session) => showJudges(session, evaluation, scorer)),
    );
}

async function showJudges(session: Session, reference: string, scorer: string | undefined): Promise<ExitCode> {
  const { terminal } = session;
  const { evaluation, reports } = await withStore(session, async ({ store }) => {
    const evaluation = await findJudged(store, reference);
    return { evaluation, reports: await reportsOn(store, evaluation, scorer) };
  });
  const { evaluationId } = evaluation;
  if (terminal.json) terminal.printJson({ evaluationId, scorers: reports });
  else if (reports.length === 0) {
    terminal.print(`${evaluationId} has no judge, and nobody has labelled what its scorers score`);
    terminal.note(`label it all the same: sluice judge export ${evaluationId} --scorer ID --out labels.csv`);
  } else
    for (const [place, report] of reports.entries()) {
      if (place > 0) terminal.print();
      showJudge(terminal, report);
    }
  return EXIT.fine;
}

/** Of the one that was asked for; else of judges, of human scorers, and of what has labels. */
async function reportsOn(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  evaluation: EvaluationRow,
  asked: string | undefined,
): Promise<readonly JudgeReport[]> {
  const [{ isJudge }, { loadJudged }, { loadElsewhere, loadRatings }, { reportOnJudge }] = await Promise.all([
    import('../model/evaluation-spec.ts'),
    import('../evaluation/calibration/judge-report.ts'),
    import('../evaluation/calibration/labelled.ts'),
    import('../evaluation/calibration/judge-report.ts'),
  ]);
  const among = asked === undefined ? evaluation.spec.scorers : [findScorer(evaluation, asked)];
  const ratings = await loadRatings(store, { ...evaluation.spec, scorers: among });
  const shown = among.filter(
    (scorer) => asked !== undefined || scorer.kind === 'human' || isJudge(scorer) || ratings.has(scorer.id),
  );
  if (shown.length === 0) return [];
  const { labelled, populations } = await loadJudged(store, evaluation, ratings);
  const reports: JudgeReport[] = [];
  for (const { id: scorer } of shown) {
    const [elsewhere, unattributed] = await Promise.all([
      loadElsewhere(store, labelled, scorer),
      store.evaluations.unattributedLabels(scorer),
    ]);
    reports.push(reportOnJudge({ scorer, labelled, population: populations.get(scorer)!, elsewhere, unattributed }));
  }
  return reports;
}

/** What labels say of a scorer, for a terminal: what it may decide first, then the numbers that this rests on. */
function showJudge(terminal: Terminal, report: JudgeReport): void {
  const { colours, width } = terminal;
  const { scorer, kind, isJudge, model, version, subjects, labels, fields } = report;
  const what =
    kind === 'human' ? 'asked of people' : isJudge ? (model ?? 'a judge') : 'no judge: it needs no labels to decide';
  terminal.print(`${colours.bold(scorer)}: ${what}`);
  const facts = [
    `${showWhole(labels.here)} of ${count(subjects, 'answer')} with labels`,
    ...(labels.elsewhere > 0 ? [`${labels.elsewhere} more in other evaluations`] : []),
    ...(labels.unscored > 0 ? [`${labels.unscored} labelled that this version has not scored`] : []),
    ...(labels.unattributed > 0 ? [`${labels.unattributed} labelled, not attributed`] : []),
    ...(version === null ? ['not begun'] : [`version ${shortId(version)}`]),
  ];
  for (const line of flow(facts, width)) terminal.print(line);
  for (const field of fields) showField(terminal, report, field);
  for (const remedy of new Set(fields.flatMap((field) => field.remedy ?? []))) terminal.note(remedy);
  if (labels.unattributed > 0)
    terminal.note(
      `labels of ${count(labels.unattributed, 'answer')} are not attributed: no evaluation scored them, so they count for no scorer '${scorer}'; to use them, import their file again with pipeline and version`,
    );
  if (labels.here === 0 && !isJudge)
    terminal.note(`label a sample: sluice judge export ${report.evaluationId} --scorer ${scorer} --out labels.csv`);
}

function showField(terminal: Terminal, { isJudge }: JudgeReport, report: FieldReport): void {
  const { colours, width, room } = terminal;
  const { calibration, agreement, variants, slices, raters } = report;
  const verdict = calibration.state === 'calibrated' ? colours.green('may gate') : colours.yellow('may not gate');
  terminal.print();
  terminal.print(`  ${colours.bold(fieldName(report))}${isJudge ? `: ${verdict}` : ''}`);
  for (const sentence of report.sentences) for (const line of wrap(sentence, width, '  ')) terminal.print(line);
  const tables = [
    ...(agreement === null ? [] : [tableOf(report)]),
    numbersOf(report),
    ...(variants.length > 1 ? [variantTable(report, room)] : []),
    ...(slices.length > 0 ? [['by tag, exploratory:', ...sliceTable(report, room)]] : []),
  ];
  if (agreement === null && raters.raters.length === 0) return;
  for (const lines of tables) {
    terminal.print();
    for (const line of lines) terminal.print(`  ${line}`.trimEnd());
  }
}

/** Scores by labels. */
function tableOf({ table, isBinary, agreement }: FieldReport): string[] {
  const { tp, fn, tn, fp } = agreement!.counts;
  if (isBinary || table === null) {
    const above = isBinary ? '' : ` (above ${formatValue(agreement!.cut, 'number')})`;
    return tableLines(
      [
        { says: `says yes${above}`, yes: tp, no: fp },
        { says: 'says no', yes: fn, no: tn },
      ],
      [
        { heading: '', cell: ({ says }) => says },
        { heading: 'people yes', cell: ({ yes }) => yes, align: 'right' },
        { heading: 'people no', cell: ({ no }) => no, align: 'right' },
      ],
    );
  }
  const labels = [...new Set(table.map(({ label }) => label))].sort((one, other) => one - other);
  const scores = [...new Set(table.map(({ judge }) => judge))].sort((one, other) => one - other);
  const columns = labels.map((label): Column<number> => {
    const cell = (score: number) => table.find((each) => each.judge === score && each.label === label)?.n ?? 0;
    return { heading: `people ${formatValue(label, 'number')}`, cell, align: 'right' };
  });
  return tableLines(scores, [{ heading: '', cell: (score) => `says ${formatValue(score, 'number')}` }, ...columns]);
}

interface Line {
  readonly what: string;
  readonly value: string;
}

function numbersOf({ agreement, kappa, raters, format, isBinary }: FieldReport): string[] {
  const cut = isBinary || agreement === null ? '' : `, above ${formatValue(agreement.cut, 'number')}`;
  const held: Line[] =
    agreement === null
      ? []
      : [
          { what: `yes where people say yes${cut}`, value: showRate(agreement.sensitivity) },
          { what: `no where people say no${cut}`, value: showRate(agreement.specificity) },
          { what: 'kappa', value: showInterval(kappa, 'number') },
          { what: 'scores more than people by', value: showInterval(agreement.excess, format) },
        ];
  const among =
    raters.shared === 0
      ? 'nothing that two have labelled'
      : `alpha ${formatValue(raters.alpha, 'number')}, ${count(raters.shared, 'answer')} labelled by two or more`;
  const people = { what: `people (${raters.raters.join(', ')})`, value: among };
  return tableLines<Line>(
    [...held, people],
    [
      { heading: '', cell: ({ what }) => what },
      { heading: '', cell: ({ value }) => value },
    ],
  ).slice(1);
}

function variantTable({ variants, format }: FieldReport, room: number): string[] {
  return tableLines(
    variants,
    [
      { heading: 'variant', cell: ({ name }) => name },
      { heading: 'labels', cell: ({ agreement }) => agreement.n, align: 'right' },
      { heading: 'yes where yes', cell: ({ agreement }) => showRate(agreement.sensitivity) },
      { heading: 'no where no', cell: ({ agreement }) => showRate(agreement.specificity) },
      { heading: 'more than people', cell: ({ agreement }) => showInterval(agreement.excess, format) },
      {
        heading: 'clusters on both',
        cell: ({ variant, clusters }) => (variant === 0 ? null : clusters),
        align: 'right',
      },
    ],
    room,
  );
}

function sliceTable({ slices }: FieldReport, room: number): string[] {
  return tableLines(
    slices,
    [
      { heading: 'tag', cell: ({ tag }) => tag },
      { heading: 'labels', cell: ({ n }) => n, align: 'right' },
      { heading: 'says the same', cell: ({ same }) => showRate(same) },
      { heading: 'yes where yes', cell: ({ sensitivity }) => showRate(sensitivity) },
      { heading: 'no where no', cell: ({ specificity }) => showRate(specificity) },
    ],
    room,
  );
}

const showRate = ({ of, ...rate }: Rate): string => (of === 0 ? '–' : `${showInterval(rate, 'share')} of ${of}`);

function showInterval({ value, lo, hi }: Interval, format: ValueFormat): string {
  if (value === null) return '–';
  const show = (bound: number): string => formatValue(bound, format);
  return lo === null || hi === null ? show(value) : `${show(value)} (${show(lo)} to ${show(hi)})`;
}

interface ImportOptions {
  readonly rater?: string;
  readonly format?: FileFormat;
}

/** Columns that a note names. */
const NAMED = 8;

/** `sluice judge import`: a file that raters have filled in becomes labels, or is refused with all that is wrong with it. */
function importCommand(world: World): Command {
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
