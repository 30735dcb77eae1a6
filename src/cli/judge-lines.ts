/** What labels say of a scorer, for a terminal: what it may decide first, then the numbers that this rests on. */

import { count, shortId, showWhole } from '../base/format.ts';
import type { Interval, Rate } from '../evaluation/calibration/agreement.ts';
import type { FieldReport, JudgeReport } from '../evaluation/calibration/judge-report.ts';
import { fieldName } from '../evaluation/calibration/words.ts';
import type { ValueFormat } from '../stats/explained-report.ts';
import { formatValue } from '../stats/format-value.ts';
import { type Column, tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { flow, wrap } from './text.ts';

export function showJudge(terminal: Terminal, report: JudgeReport): void {
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
