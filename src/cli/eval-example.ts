/** One example on the terminal: what was asked, what each variant gave, then scores, what scorers say, and calls. */

import { questionOf, remarkText } from '../evaluation/report/outputs.ts';
import type { TracedRun } from '../evaluation/report/traces.ts';
import { showValue } from '../evaluation/report/values.ts';
import type { Example, JsonObject } from '../model/dataset.ts';
import type { Cell, ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import type { Json } from '../plan/plan.ts';
import type { ShownExample } from './eval-show.ts';
import { callTable, passageLines } from './eval-trace.ts';
import { answerLines } from './show-run.ts';
import { beside } from './side-by-side.ts';
import { type Column, tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { showCost, showDuration, wrap } from './text.ts';

/** Passages, and relevant ids, that are listed. */
const LISTED = 10;

interface ExampleView {
  /** What the runs did; default: it is not told. */
  readonly traces?: readonly TracedRun[];
  /** Whether the passages are told that each call found. */
  readonly passages?: boolean;
}

export function showExample(
  terminal: Terminal,
  { evaluation, example, rows }: ShownExample,
  { traces, passages = false }: ExampleView = {},
): void {
  const { spec, evaluationId } = evaluation;
  const { colours, width } = terminal;
  terminal.print(`${example.id}  in ${evaluationId}`);
  for (const line of wrap(`? ${questionOf(example.input)}`, width, '')) terminal.print(colours.bold(line));
  for (const line of expectedLines(example)) for (const part of wrap(line, width)) terminal.print(part);
  terminal.print();
  if (rows.length === 0) {
    terminal.print('nothing was run of it yet');
    return;
  }
  const nameOf = namer(spec);
  const blocks = rows.map((row) => ({ heading: nameOf(row), lines: outcomeLines(row, example) }));
  for (const line of beside(blocks, Number.isFinite(terminal.room) ? terminal.room : width)) terminal.print(line);
  terminal.print();
  for (const line of scoreTable(spec, rows, nameOf, terminal.room)) terminal.print(line);
  for (const line of remarkLines(rows, nameOf)) for (const part of wrap(line, width)) terminal.print(part);
  terminal.print();
  if (traces === undefined) return;
  const named = traces.map((run) => ({ run, name: nameOf({ variant: run.side, repeat: run.repeat }) }));
  for (const line of callTable(named, terminal.room)) terminal.print(line);
  if (passages) for (const line of passageLines(named, terminal.room)) terminal.print(line);
}

type NameOf = (row: Pick<ResultRow, 'variant' | 'repeat'>) => string;

const namer =
  ({ variants, repeats, mode }: EvaluationSpec): NameOf =>
  ({ variant, repeat }) =>
    [
      mode === 'aa' && variant > 0 ? `${variants[0]!.name} again` : variants[variant]!.name,
      ...(repeats > 1 ? [`repeat ${repeat}`] : []),
    ].join(', ');

function expectedLines({ expected, relevant }: Example): readonly string[] {
  const ids = Object.entries(relevant ?? {}).sort(([, one], [, other]) => other - one);
  const more = ids.length - LISTED;
  const listed = ids.slice(0, LISTED).map(([id, grade]) => `${id} (${grade})`);
  return [
    ...(expected === undefined
      ? []
      : [`expected: ${textIn(expected, ['answer', 'text']) ?? JSON.stringify(expected)}`]),
    ...(ids.length === 0 ? [] : [`relevant: ${listed.join(', ')}${more > 0 ? `, and ${more} more` : ''}`]),
  ];
}

const textIn = (object: JsonObject, fields: readonly string[]): string | undefined =>
  fields.map((field) => object[field]).find((value): value is string => typeof value === 'string');

/** What a run gave, or why it gave nothing. */
function outcomeLines({ outcome, error, output }: ResultRow, example: Example): readonly string[] {
  const failure = error === null ? [] : [`${outcome} at ${error.node}: ${error.code}`, ...error.message.split('\n')];
  if (output === null) return failure.length > 0 ? failure : [`${outcome}: no output`];
  const passages = passagesIn(output);
  if (passages === undefined)
    return [...failure, ...answerLines(output, Number.POSITIVE_INFINITY).map((line) => line.trim())];
  const more = passages.length - LISTED;
  const listed = passages.slice(0, LISTED).map((id, place) => `${place + 1}. ${id}${gradeMark(id, example)}`);
  return [...failure, ...(listed.length === 0 ? ['no passages'] : listed), ...(more > 0 ? [`… ${more} more`] : [])];
}

/** The ids of an output that is passages, and no text. */
function passagesIn(output: Json): readonly string[] | undefined {
  const { passages, text } = (output ?? {}) as { readonly passages?: Json; readonly text?: Json };
  if (!Array.isArray(passages) || typeof text === 'string') return undefined;
  const ids = (passages as readonly { readonly id?: Json }[]).map((passage) => passage?.id);
  return ids.every((id) => typeof id === 'string') ? ids : undefined;
}

/** ` ✔3` of what is graded 3: by passage, or by the document it is from. */
function gradeMark(id: string, { relevant = {} }: Example): string {
  const grade = relevant[id] ?? relevant[id.replace(/#\d+$/, '')] ?? 0;
  return grade > 0 ? ` ✔${grade}` : '';
}

interface ScoreRow {
  readonly name: string;
  readonly shownOf: (row: ResultRow) => string | null;
}

/** A line per score and fact of the run, a column per variant. */
function scoreTable(spec: EvaluationSpec, rows: readonly ResultRow[], nameOf: NameOf, room: number): string[] {
  const scores = spec.scorers.flatMap(({ id, fields }) =>
    Object.entries(fields).map(([field, { format }]): ScoreRow => {
      return { name: `${id}.${field}`, shownOf: ({ cells }) => scoreIn(cells[id], field, format) };
    }),
  );
  const facts: readonly ScoreRow[] = [
    { name: 'latency', shownOf: ({ run }) => (run.latencyMs === null ? null : showDuration(run.latencyMs)) },
    { name: 'cost', shownOf: ({ run }) => (run.costUsd === null ? null : showCost(run.costUsd)) },
  ];
  const columns: readonly Column<ScoreRow>[] = [
    { heading: 'score', cell: ({ name }) => name },
    ...rows.map((row): Column<ScoreRow> => {
      return { heading: nameOf(row), cell: ({ shownOf }) => shownOf(row), align: 'right', isFlexible: true };
    }),
  ];
  return tableLines([...scores, ...facts], columns, room);
}

function scoreIn(cell: Cell | undefined, field: string, format: 'number' | 'share' | 'ms' | 'usd'): string | null {
  if (cell?.state === 'failed') return 'worst';
  const value = cell?.state === 'done' ? cell.score[field] : undefined;
  return value === undefined ? null : showValue(value, format);
}

/** What scorers say besides scores, and why there is none; what all variants have alike is said once. */
function remarkLines(rows: readonly ResultRow[], nameOf: NameOf): readonly string[] {
  const remarks = rows.flatMap((row) =>
    Object.entries(row.cells).flatMap(([scorer, cell]) => {
      const text = remarkOf(cell);
      return text === '' ? [] : [{ name: nameOf(row), text: `${scorer}: ${text}` }];
    }),
  );
  return [...Map.groupBy(remarks, ({ text }) => text)].map(([text, alike]) =>
    alike.length === rows.length && rows.length > 1 ? text : `${alike.map(({ name }) => name).join(', ')} · ${text}`,
  );
}

function remarkOf(cell: Cell): string {
  switch (cell.state) {
    case 'failed':
      return `counts as the worst: ${cell.reason}`;
    case 'missing':
      return `no score: ${cell.reason}`;
    case 'done':
      return cell.detail === undefined ? '' : remarkText(cell.detail as JsonObject).replace(/\s*\n\s*/g, ' · ');
  }
}
