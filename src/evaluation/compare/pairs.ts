/**
 * Two sides example by example. Repeats are averaged first, so that the example stays the unit; an example that lacks a
 * side is in no pair, and is counted where missing scores are judged.
 */
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { Column, ScoreMatrix } from './score-matrix.ts';

/** The examples that two evaluations share: same id, same content. */
export interface Pairing {
  readonly baseline: ScoreMatrix;
  readonly side: ScoreMatrix;
  /** Of each shared example its place in the baseline's score matrix, and in the side's. */
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Which are not independent of each other, by number; null where the dataset names no cluster. */
  readonly clusters: readonly number[] | null;
  readonly onlyBaseline: number;
  readonly onlySide: number;
  /** One id, two contents: in no pair. */
  readonly changed: number;
}

export function pairExamples(baseline: ScoreMatrix, side: ScoreMatrix): Pairing {
  const [ours, theirs] = [baseline.facts.examples, side.facts.examples];
  const places = new Map(theirs.map(({ id }, place) => [id, place]));
  const left: number[] = [];
  const right: number[] = [];
  let changed = 0;
  for (const [place, { id, hash }] of ours.entries()) {
    const other = places.get(id);
    if (other === undefined) continue;
    if (theirs[other]!.hash === hash) {
      left.push(place);
      right.push(other);
    } else changed += 1;
  }
  const both = left.length + changed;
  return Object.freeze({
    baseline,
    side,
    left,
    right,
    clusters: clustersOf(left.map((place) => ours[place]!.cluster)),
    onlyBaseline: ours.length - both,
    onlySide: theirs.length - both,
    changed,
  });
}

/** Numbers for names; who names none is a cluster of its own. */
export function clustersOf(names: readonly (string | null)[]): readonly number[] | null {
  if (names.every((name) => name === null)) return null;
  const numbers = new Map<string, number>();
  let next = 0;
  return names.map((name) => {
    const known = name === null ? undefined : numbers.get(name);
    if (known !== undefined) return known;
    if (name !== null) numbers.set(name, next);
    next += 1;
    return next - 1;
  });
}

/** The two columns of a metric; of a win rate the baseline's is null, as it is a half by what a win is. */
export interface PairedColumns {
  readonly metric: MetricSpec;
  readonly left: Column | null;
  readonly right: Column;
}

/** A baseline is as good as itself. */
export const EVEN = 0.5;

export interface PairedValues {
  readonly control: readonly number[];
  readonly treatment: readonly number[];
  readonly cluster: readonly number[] | null;
  /** Examples that lack a side, and have something to score. */
  readonly lacking: number;
}

/**
 * The values of those pairs that are complete.
 *
 * @param among places in the pairing; default all
 */
export function pairedValues(pairing: Pairing, columns: PairedColumns, among?: readonly number[]): PairedValues {
  const { left, right } = columns;
  const control: number[] = [];
  const treatment: number[] = [];
  const cluster: number[] = [];
  const size = among?.length ?? pairing.left.length;
  let lacking = 0;
  for (let index = 0; index < size; index += 1) {
    const pair = among?.[index] ?? index;
    const first = left === null ? EVEN : exampleMean(left, pairing.left[pair]!);
    const second = exampleMean(right, pairing.right[pair]!);
    if (Number.isNaN(first) || Number.isNaN(second)) {
      lacking += isInapplicable(pairing, columns, pair) ? 0 : 1;
      continue;
    }
    control.push(first);
    treatment.push(second);
    if (pairing.clusters !== null) cluster.push(pairing.clusters[pair]!);
  }
  return {
    control,
    treatment,
    cluster: pairing.clusters === null ? null : cluster,
    lacking,
  };
}

/** Whether the metric is not applicable to the example, on either side. This is not a missing value. */
export function isInapplicable(
  { baseline, side, left, right }: Pairing,
  columns: PairedColumns,
  pair: number,
): boolean {
  if (!nothingToScore(side, columns.right, right[pair]!)) return false;
  return columns.left === null || nothingToScore(baseline, columns.left, left[pair]!);
}

/** Whether each repeat of the example lacks its value for that reason. */
export function nothingToScore(matrix: ScoreMatrix, { values, reasons, repeats }: Column, example: number): boolean {
  for (let at = example * repeats; at < (example + 1) * repeats; at += 1)
    if (!Number.isNaN(values[at]) || !matrix.isInapplicable(reasons[at]!)) return false;
  return true;
}

/** The mean of the repeats that there are; NaN where there is none. */
export function exampleMean({ values, repeats }: Column, example: number): number {
  if (repeats === 1) return values[example]!;
  let sum = 0;
  let count = 0;
  for (let at = example * repeats; at < (example + 1) * repeats; at += 1) {
    const value = values[at]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}

/** Differences below this are rounding, relative to the values. */
const ROUNDING = 1e-12;

/** -1, 0 or 1: whether the second is worse, equal or better. */
export function outcomeOf(first: number, second: number, { better }: Pick<MetricSpec, 'better'>): -1 | 0 | 1 {
  const difference = second - first;
  if (Math.abs(difference) <= ROUNDING * Math.max(Math.abs(first), Math.abs(second))) return 0;
  return difference > 0 === (better === 'higher') ? 1 : -1;
}
