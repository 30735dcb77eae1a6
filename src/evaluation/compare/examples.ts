/** The examples behind a comparison, one side against the baseline: those first that got worse. Made as they are asked for. */
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { SideRef } from './comparison-report.ts';
import { EVEN, exampleMean, type PairedColumns, pairExamples } from './pairs.ts';
import type { Column, ScoreMatrix } from './score-matrix.ts';
import { comparable, type PlacedSide, placeSide } from './sides.ts';

export interface ComparedExample {
  readonly exampleId: string;
  readonly cluster: string | null;
  readonly tags: readonly string[];
  /** By how much it got worse on the metric that they are sorted by; below 0 better; null where a side is missing. */
  readonly regression: number | null;
  /** Of all metrics that can be compared, as the baseline's evaluation declares them. */
  readonly metrics: readonly ExampleMetric[];
}

export interface ExampleMetric {
  readonly metric: string;
  readonly baseline: ExampleValue;
  readonly variant: ExampleValue;
  /** Variant minus baseline in the metric's unit; null where a side is missing. */
  readonly difference: number | null;
}

export interface ExampleValue {
  /** The mean of its repeats that there are; null where there is none. */
  readonly value: number | null;
  /** How many repeats were measured, count as the worst, and are missing. */
  readonly done: number;
  readonly failed: number;
  readonly missing: number;
  /** Why it is missing or the worst, each once. */
  readonly reasons: readonly string[];
}

export interface ExamplesInput {
  readonly matrices: readonly ScoreMatrix[];
  readonly baseline: SideRef;
  readonly side: SideRef;
  /** Sorted by it; default the first primary, else the first metric that can be compared. */
  readonly metric?: string;
}

/**
 * All examples that both evaluations have, by regression; those without one last, by id.
 *
 * @throws SluiceError `variant_unknown`, `evaluation_unknown`
 */
export function* comparedExamples(input: ExamplesInput): Generator<ComparedExample> {
  const [baseline, side] = [placeSide(input.matrices, input.baseline), placeSide(input.matrices, input.side)];
  const pairing = pairExamples(baseline.matrix, side.matrix);
  const compared = comparedColumns(baseline, side);
  const sorted = sortColumns(compared, input.metric);
  const { examples } = baseline.matrix.facts;
  const regressions = pairing.left.map((left, pair) =>
    sorted === undefined ? Number.NaN : regressionOf(sorted, left, pairing.right[pair]!),
  );
  for (const pair of byRegression(regressions, (place) => examples[pairing.left[place]!]!.id)) {
    const [left, right] = [pairing.left[pair]!, pairing.right[pair]!];
    const { id, cluster, tags } = examples[left]!;
    const regression = regressions[pair]!;
    yield Object.freeze({
      exampleId: id,
      cluster,
      tags,
      regression: Number.isNaN(regression) ? null : regression,
      metrics: Object.freeze(compared.map((columns) => exampleMetric(columns, { baseline, side, left, right }))),
    });
  }
}

function comparedColumns(baseline: PlacedSide, side: PlacedSide): readonly PairedColumns[] {
  return baseline.matrix.facts.spec.metrics.flatMap((metric) => {
    const found = comparable(metric, baseline, side);
    return 'why' in found ? [] : [found.columns];
  });
}

function sortColumns(compared: readonly PairedColumns[], name: string | undefined): PairedColumns | undefined {
  if (name !== undefined) return compared.find(({ metric }) => metric.name === name);
  return compared.find(({ metric }) => metric.role === 'primary') ?? compared[0];
}

/** Positive = worse. */
function regressionOf({ metric, left, right }: PairedColumns, first: number, second: number): number {
  const difference = exampleMean(right, second) - (left === null ? EVEN : exampleMean(left, first));
  return turned(difference, metric);
}

const turned = (difference: number, { better }: MetricSpec): number =>
  better === 'higher' ? 0 - difference : difference;

function byRegression(regressions: readonly number[], idOf: (place: number) => string): readonly number[] {
  const ids = regressions.map((_, place) => idOf(place));
  return regressions
    .map((_, place) => place)
    .sort((one, other) => {
      const [first, second] = [regressions[one]!, regressions[other]!];
      const lacking = Number(Number.isNaN(first)) - Number(Number.isNaN(second));
      if (lacking !== 0) return lacking;
      return (Number.isNaN(first) ? 0 : second - first) || (ids[one]! < ids[other]! ? -1 : 1);
    });
}

interface ExamplePlace {
  readonly baseline: PlacedSide;
  readonly side: PlacedSide;
  readonly left: number;
  readonly right: number;
}

function exampleMetric({ metric, left, right }: PairedColumns, place: ExamplePlace): ExampleMetric {
  const baseline = left === null ? EVEN_VALUE : exampleValue(place.baseline.matrix, left, place.left);
  const variant = exampleValue(place.side.matrix, right, place.right);
  const isWhole = baseline.value !== null && variant.value !== null;
  const difference = isWhole ? variant.value - baseline.value : null;
  return Object.freeze({ metric: metric.name, baseline, variant, difference });
}

/** Of a win rate: nothing was measured of the baseline alone. */
const EVEN_VALUE: ExampleValue = Object.freeze({
  value: EVEN,
  done: 0,
  failed: 0,
  missing: 0,
  reasons: Object.freeze([]),
});

function exampleValue(matrix: ScoreMatrix, column: Column, example: number): ExampleValue {
  const counts = { done: 0, failed: 0, missing: 0 };
  const reasons = new Set<string>();
  for (let at = example * column.repeats; at < (example + 1) * column.repeats; at += 1) {
    const reason = column.reasons[at]!;
    const state = reason === 0 ? 'done' : Number.isNaN(column.values[at]) ? 'missing' : 'failed';
    counts[state] += 1;
    if (reason !== 0) reasons.add(matrix.reason(reason));
  }
  const mean = exampleMean(column, example);
  return Object.freeze({ value: Number.isNaN(mean) ? null : mean, ...counts, reasons: Object.freeze([...reasons]) });
}
