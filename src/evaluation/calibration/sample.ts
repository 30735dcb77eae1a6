/**
 * Draws the subjects to label: whole examples, at random, from all judged ones. Labels of one side measure the judge;
 * labels of both sides also measure its bias between them, with half as many examples.
 */

import { stringify } from 'csv-stringify/sync';
import type { Example } from '../../model/dataset.ts';
import type { Cell, ResultRow, Score } from '../../model/evaluation-result.ts';
import type { ScorerIdentity } from '../../model/evaluation-spec.ts';
import type { Json } from '../../plan/plan.ts';
import { randomFrom } from '../../stats/random.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { examplesOfPart } from '../compare/load.ts';
import { CALIBRATION_LIMITS } from './agreement.ts';
import { columnOf, type ShownColumn } from './label-file.ts';
import type { Subject } from './labelled.ts';

/** A subject where it was first met, by example, variant and repeat. */
export interface Asked {
  readonly subject: string;
  readonly exampleId: string;
  readonly variant: number;
  readonly repeat: number;
  /** Null: not scored yet. */
  readonly score: Score | null;
}

export interface Population {
  add(row: Pick<ResultRow, 'exampleId' | 'variant' | 'repeat' | 'cells'>): void;
  /** All subjects, each once. */
  readonly subjects: ReadonlyMap<string, Asked>;
}

/** Of one scorer's cells: those that it has scored, and of a human scorer those that wait for people. */
export function createPopulation(scorer: string): Population {
  const subjects = new Map<string, Asked>();
  return Object.freeze({
    subjects,
    add({ exampleId, variant, repeat, cells }) {
      const cell = cells[scorer];
      const subject: Subject = cell === undefined || cell.state === 'failed' ? undefined : cell.subject;
      if (subject === undefined || subjects.has(subject)) return;
      const score = cell?.state === 'done' ? cell.score : null;
      subjects.set(subject, Object.freeze({ subject, exampleId, variant, repeat, score }));
    },
  } satisfies Population);
}

/** Numbers that are passed over: the first ones of small seeds are much like each other. */
const WARM_UP = 100;

/**
 * Subjects of examples that are drawn until there are at least so many, in an order of its own, so that the answers to one
 * question do not stand side by side. The same seed draws the same.
 */
export function drawSample(subjects: Iterable<Asked>, least: number, seed: number): readonly Asked[] {
  const byExample = Map.groupBy(subjects, ({ exampleId }) => exampleId);
  const random = randomFrom(seed);
  for (let passed = 0; passed < WARM_UP; passed += 1) random.bits();
  const examples = shuffle([...byExample.keys()].sort(), random.index);
  const drawn: Asked[] = [];
  for (const example of examples) {
    if (drawn.length >= least) break;
    drawn.push(...byExample.get(example)!);
  }
  return shuffle(drawn, random.index);
}

/** Fisher and Yates. */
function shuffle<Item>(items: readonly Item[], index: (size: number) => number): readonly Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = index(last + 1);
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

export type WithContents = Pick<Store, 'evaluations' | 'datasets'>;

/** Examples read at a time. */
const PAGE = 100;

type OfRow = Pick<Asked, 'exampleId' | 'variant' | 'repeat'>;

export interface Contents {
  /** Undefined where the store has it no more. */
  example(item: Pick<Asked, 'exampleId'>): Example | undefined;
  row(item: OfRow): ResultRow | undefined;
}

/** What there is to read about what people are asked: the examples it is of, and the rows of the evaluation. */
export async function readContents(
  store: WithContents,
  { evaluationId, spec }: Pick<EvaluationRow, 'evaluationId' | 'spec'>,
  items: readonly Pick<Asked, 'exampleId'>[],
): Promise<Contents> {
  const ids = [...new Set(items.map(({ exampleId }) => exampleId))];
  const examples = new Map<string, Example>();
  const [id] = ids;
  if (ids.length === 1)
    for (const example of await store.datasets.examples(spec.dataset.version, { id, limit: 1 }))
      examples.set(example.id, example);
  else {
    const wanted = new Set(ids);
    for await (const example of examplesOfPart(store, spec.dataset))
      if (wanted.has(example.id)) examples.set(example.id, example);
  }
  const rows = new Map<string, ResultRow>();
  for (let from = 0; from < ids.length; from += PAGE)
    for (const row of await store.evaluations.results(evaluationId, ids.slice(from, from + PAGE)))
      rows.set(keyOf(row), row);
  return Object.freeze({
    example: ({ exampleId }) => examples.get(exampleId),
    row: (item) => rows.get(keyOf(item)),
  } satisfies Contents);
}

const keyOf = ({ exampleId, variant, repeat }: OfRow): string => JSON.stringify([exampleId, variant, repeat]);

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

/**
 * A file for raters to fill in. Scorer inputs are not stored, so raters read their sources: the example's input and
 * expected output, and the run's output. A pair has both outputs, half of them in the other order. The variant is
 * hidden, and so is the judge's score unless it is asked for.
 */
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
