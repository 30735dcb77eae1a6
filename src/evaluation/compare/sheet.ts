/**
 * An evaluation's results as columns of numbers: by variant and metric a value or a reason per example and repeat. Rows
 * are taken one at a time, so that ten thousand outputs need not be held at once; what has no row is missing.
 */

import type { ResultRow } from '../../model/evaluation-result.ts';
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import { metricValue } from '../metric-value.ts';
import type { EvaluationFacts } from './input.ts';
import { COMPARE_LIMITS } from './limits.ts';

/** Values of one metric and variant. The place of an example's repeat is `example * repeats + repeat - 1`. */
export interface Column {
  readonly metric: MetricSpec;
  readonly repeats: number;
  /** NaN where it is missing. */
  readonly values: Float64Array;
  /** 0 where the value was measured; else the place of the reason: of a value it is why it is the worst. */
  readonly reasons: Uint16Array;
  /** Of a win rate: 1 where the judge changed its mind with the order, 0 where not, -1 where it was not asked. */
  readonly flips: Int8Array | null;
}

export interface Sheet {
  readonly facts: EvaluationFacts;
  /** Rows of examples, variants or repeats that the evaluation does not have are left out; the last of a place stands. */
  add(row: ResultRow): void;
  /** Undefined: the evaluation has no such metric. */
  column(variant: number, metric: string): Column | undefined;
  /** Why, by place. */
  reason(place: number): string;
  /** By place: whether the reason is that the example has nothing to score. */
  isInapplicable(place: number): boolean;
  runs(variant: number): { readonly [outcome in RunOutcome | 'missing']: number };
  /** All of it as data, which another thread can be given; what is added later is not in a copy. */
  data(): SheetData;
}

export interface SheetData {
  readonly facts: EvaluationFacts;
  /** By variant. */
  readonly columns: readonly (readonly Column[])[];
  readonly outcomes: readonly Uint8Array[];
  /** Reasons that were met, and places of those that say that nothing is to be scored. */
  readonly reasons: readonly string[];
  readonly inapplicable: readonly number[];
}

const NO_ROW = 'not evaluated yet';
const OTHERS = 'other reasons';
const OUTCOMES = ['missing', 'completed', 'degraded', 'failed', 'cancelled'] as const;

export const createSheet = (facts: EvaluationFacts): Sheet => openSheet(facts);

/** The sheet that gave this. */
export const sheetFrom = (data: SheetData): Sheet => openSheet(data.facts, data);

function openSheet(facts: EvaluationFacts, known?: SheetData): Sheet {
  const { spec, examples } = facts;
  const { repeats } = spec;
  const size = examples.length * repeats;
  const places = new Map(examples.map(({ id }, place) => [id, place]));
  const columns = spec.variants.map((_, variant) => {
    const own = known?.columns[variant] ?? spec.metrics.map(columnOf);
    return new Map(own.map((column) => [column.metric.name, column]));
  });
  const outcomes = known?.outcomes ?? spec.variants.map(() => new Uint8Array(size));
  const reasons = createReasons(known);

  function columnOf(metric: MetricSpec): Column {
    const flips = metric.kind === 'win-rate' ? new Int8Array(size).fill(-1) : null;
    const noRows = new Uint16Array(size).fill(1);
    return Object.freeze({ metric, repeats, values: new Float64Array(size).fill(Number.NaN), reasons: noRows, flips });
  }
  function put({ metric, values, reasons: why, flips }: Column, at: number, row: ResultRow): void {
    const told = metricValue(metric, spec, row);
    const isValue = 'value' in told && Number.isFinite(told.value);
    values[at] = isValue ? told.value : Number.NaN;
    if (!isValue)
      why[at] = 'missing' in told ? reasons.place(told.missing, told.isInapplicable) : reasons.place('not a number');
    else why[at] = told.isWorst ? reasons.place(failureOf(metric, row)) : 0;
    if (flips !== null) flips[at] = flipOf(metric, row);
  }

  return Object.freeze({
    facts,
    add(row) {
      const example = places.get(row.exampleId);
      const own = columns[row.variant];
      if (example === undefined || own === undefined || !(row.repeat >= 1 && row.repeat <= repeats)) return;
      const at = example * repeats + row.repeat - 1;
      outcomes[row.variant]![at] = OUTCOMES.indexOf(row.outcome);
      for (const column of own.values()) put(column, at, row);
    },
    column: (variant, metric) => columns[variant]?.get(metric),
    reason: reasons.at,
    isInapplicable: reasons.isInapplicable,
    runs(variant) {
      const counts = { missing: 0, completed: 0, degraded: 0, failed: 0, cancelled: 0 };
      for (const outcome of outcomes[variant] ?? []) counts[OUTCOMES[outcome]!] += 1;
      return Object.freeze(counts);
    },
    data: () => ({ facts, columns: columns.map((own) => [...own.values()]), outcomes, ...reasons.data() }),
  } satisfies Sheet);
}

/** All rows at once. */
export function sheetOf(facts: EvaluationFacts, rows: Iterable<ResultRow>): Sheet {
  const sheet = createSheet(facts);
  for (const row of rows) sheet.add(row);
  return sheet;
}

function failureOf({ source }: MetricSpec, row: ResultRow): string {
  const cell = source.from === 'score' ? row.cells[source.scorer] : undefined;
  return cell?.state === 'failed' ? cell.reason : 'failed';
}

function flipOf({ source }: MetricSpec, row: ResultRow): number {
  const cell = source.from === 'score' ? row.cells[source.scorer] : undefined;
  return cell?.state === 'done' ? (cell.score.flipped ?? -1) : -1;
}

/** Reasons by place: 0 is none, 1 that there is no row, and the last what is beyond the limit. */
function createReasons(known?: Pick<SheetData, 'reasons' | 'inapplicable'>) {
  const words = [...(known?.reasons ?? ['', NO_ROW])];
  const inapplicable = new Set(known?.inapplicable);
  const places = new Map(words.map((word, place) => [`${inapplicable.has(place)} ${word}`, place]));
  const last = COMPARE_LIMITS.reasonsKept;
  return {
    place(reason: string, isInapplicable = false): number {
      const key = `${isInapplicable} ${reason}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      if (words.length >= last) return last;
      const place = words.push(reason) - 1;
      places.set(key, place);
      if (isInapplicable) inapplicable.add(place);
      return place;
    },
    at: (place: number): string => words[place] ?? OTHERS,
    isInapplicable: (place: number): boolean => inapplicable.has(place),
    data: () => ({ reasons: [...words], inapplicable: [...inapplicable] }),
  };
}
