/**
 * A file for raters to fill in. What a scorer was given is not kept, so they read what it was made of: the example's input
 * and what is expected of it, and the run's output; of a pair both outputs, half of them in the other order. Neither the
 * variant nor, unless asked for, what the judge said is shown.
 */
import { stringify } from 'csv-stringify/sync';
import type { Example } from '../../model/dataset.ts';
import type { Cell, ResultRow } from '../../model/evaluation-result.ts';
import type { ScorerIdentity } from '../../model/evaluation-spec.ts';
import type { Json } from '../../plan/plan.ts';
import { columnOf, type ShownColumn } from './label-row.ts';
import { CALIBRATION_LIMITS } from './limits.ts';

export interface ShownSubject {
  readonly subject: string;
  readonly example: Example;
  readonly row: ResultRow;
  /** Of a pair: the baseline's row, and whether it is shown second. */
  readonly pair: { readonly baseline: ResultRow; readonly isSwapped: boolean } | null;
}

export interface ExportSettings extends ScorerIdentity {
  /** To fill in; of a pair `winner` takes their place. */
  readonly fields: readonly string[];
  readonly showsVerdicts: boolean;
}

/** What is asked for, before it is lines of JSON or of CSV. */
interface LabelRow {
  readonly own: { readonly [column: string]: Json };
  readonly fields: readonly string[];
  readonly shown: readonly (readonly [name: ShownColumn, part: Json | undefined])[];
}

export function toLabelLines(subjects: readonly ShownSubject[], settings: ExportSettings): string {
  return subjects
    .map((subject) => rowOf(subject, settings))
    .map(({ own, fields, shown }) => {
      const value = fields.length > 0 && { value: Object.fromEntries(fields.map((field) => [field, null])) };
      return JSON.stringify({ ...own, rater: null, ...value, note: null, ...Object.fromEntries(shown) });
    })
    .map((line) => `${line}\n`)
    .join('');
}

export function toLabelCsv(subjects: readonly ShownSubject[], settings: ExportSettings): string {
  const rows = subjects.map((subject) => {
    const { own, fields, shown } = rowOf(subject, settings);
    const blanks = Object.fromEntries(['rater', ...fields.map(columnOf), 'note'].map((column) => [column, '']));
    const known = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, cellOf(value)]));
    return { ...known, ...blanks, ...Object.fromEntries(shown.flatMap(([name, part]) => flatten(name, part))) };
  });
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // What a model wrote may begin with '=': in a spreadsheet it is text all the same.
  return stringify(rows, { header: true, columns, escape_formulas: true });
}

function rowOf({ subject, example, row, pair }: ShownSubject, settings: ExportSettings): LabelRow {
  const { pipeline, scorer, version, fields, showsVerdicts } = settings;
  const outputs =
    pair === null
      ? [['output', row.output] as const]
      : (pair.isSwapped ? [row, pair.baseline] : [pair.baseline, row]).map(
          ({ output }, place) => [place === 0 ? 'first' : 'second', output] as const,
        );
  return {
    own: { pipeline, scorer, version, subject, ...(pair !== null && { winner: null, swapped: pair.isSwapped }) },
    fields: pair === null ? fields : [],
    shown: [
      ['example', example.id],
      ['input', example.input],
      ...outputs,
      ['expected', example.expected],
      ...(showsVerdicts ? [['verdict', verdictOf(row.cells[scorer])] as const] : []),
    ],
  };
}

function verdictOf(cell: Cell | undefined): Json | undefined {
  return cell?.state === 'done' ? { ...cell.score, ...cell.detail } : undefined;
}

/** `input.question`: the fields of an object are columns of their own. */
function flatten(name: string, part: Json | undefined): readonly (readonly [string, string])[] {
  if (part === undefined || part === null) return [];
  if (typeof part !== 'object' || Array.isArray(part)) return [[name, cellOf(part)]];
  return Object.entries(part).map(([field, value]) => [`${name}.${field}`, cellOf(value)]);
}

function cellOf(value: Json): string {
  const text = typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
  const most = CALIBRATION_LIMITS.shownCharacters;
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}
