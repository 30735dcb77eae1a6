/**
 * The examples of a report, from the score matrices that were compared: values as columns, and of the examples that differ most
 * what was answered. Outputs are read for those alone.
 */
import type { ResultRow } from '../../model/evaluation-result.ts';
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { ComparisonReport } from '../compare/comparison-report.ts';
import { scaleOf } from '../compare/missing.ts';
import { EVEN, exampleMean, nothingToScore } from '../compare/pairs.ts';
import type { Column, ScoreMatrix } from '../compare/score-matrix.ts';
import { comparable, type PlacedSide, placeSides } from '../compare/sides.ts';
import {
  chooseExamples,
  REPORT_LIMITS,
  type ReportedColumn,
  type ReportedExamples,
  type ReportedScale,
  wantOutputs,
} from './data.ts';
import { readOutputs } from './outputs.ts';

export interface CollectInput {
  readonly report: ComparisonReport;
  /** Those that were compared. */
  readonly matrices: readonly ScoreMatrix[];
  /** By example id, as `questionOf` writes it. */
  readonly questions: ReadonlyMap<string, string>;
  /** Of these examples the rows that are there: `store.evaluations.results`. */
  readonly rowsOf: (evaluationId: string, exampleIds: readonly string[]) => Promise<readonly ResultRow[]>;
}

/** @throws SluiceError `evaluation_unknown`: the matrix of a side was not given */
export async function collectExamples(input: CollectInput): Promise<ReportedExamples> {
  const { report, questions } = input;
  const sides = placeSides(input.matrices, report.sides);
  const { examples } = sides[0]!.matrix.facts;
  const reasons = createReasons();
  const whole = report.metrics.map((metric) => sides.map((side) => columnOf(metric, sides[0]!, side, reasons)));
  const wanted = wantOutputs(report, whole);
  const kept = chooseExamples(report, examples.length, wanted);
  const places = new Map(kept.map((example, place) => [example, place]));
  const ids = kept.map((example) => examples[example]!.id);
  const outputs = await readOutputs(
    input,
    wanted.map((example) => ({ example: places.get(example)!, id: examples[example]!.id })),
  );
  return Object.freeze({
    total: examples.length,
    ids,
    questions: ids.map((id) => questions.get(id) ?? ''),
    tags: kept.map((example) => examples[example]!.tags),
    columns: kept.length === examples.length ? whole : whole.map((sides) => sides.map((column) => pick(column, kept))),
    scales: report.metrics.map((metric, place) => scaleFor(metric, sides[0]!.matrix, whole[place]!)),
    reasons: reasons.words,
    inapplicable: reasons.inapplicable,
    outputs,
    outputsWanted: wanted.length,
  });
}

type Reasons = ReturnType<typeof createReasons>;

/** By the baseline's examples. Null where the side has no such metric, or another under its name. */
function columnOf(metric: MetricSpec, baseline: PlacedSide, side: PlacedSide, reasons: Reasons): ReportedColumn | null {
  if (side === baseline) {
    // The baseline ties with itself, whatever a judge would choose.
    if (metric.kind === 'win-rate') return evenColumn(baseline.matrix.facts.examples.length);
    const column = baseline.matrix.column(baseline.variant, metric.name);
    return column === undefined ? null : valuesOf(baseline.matrix, column, null, reasons);
  }
  const found = comparable(metric, baseline, side);
  if ('why' in found) return null;
  const along = side.matrix === baseline.matrix ? null : baseline.matrix;
  return valuesOf(side.matrix, found.columns.right, along, reasons);
}

const evenColumn = (size: number): ReportedColumn => ({
  values: new Float64Array(size).fill(EVEN),
  reasons: new Uint16Array(size),
});

/** Of another evaluation than the baseline's, by the examples of that. */
function valuesOf(matrix: ScoreMatrix, column: Column, along: ScoreMatrix | null, reasons: Reasons): ReportedColumn {
  const { examples } = (along ?? matrix).facts;
  const own = along === null ? null : new Map(matrix.facts.examples.map(({ id }, place) => [id, place]));
  const values = new Float64Array(examples.length).fill(Number.NaN);
  const whys = new Uint16Array(examples.length);
  for (const [place, { id, hash }] of examples.entries()) {
    const at = own === null ? place : own.get(id);
    if (at === undefined) whys[place] = reasons.place('not among its examples');
    else if (matrix.facts.examples[at]!.hash !== hash) whys[place] = reasons.place('its content differs');
    else {
      values[place] = exampleMean(column, at);
      if (hasReason(column, at))
        whys[place] = reasons.place(reasonOf(matrix, column, at), nothingToScore(matrix, column, at));
    }
  }
  return Object.freeze({ values, reasons: whys });
}

function hasReason({ reasons, repeats }: Column, example: number): boolean {
  for (let at = example * repeats; at < (example + 1) * repeats; at += 1) if (reasons[at] !== 0) return true;
  return false;
}

/** The reason of the first repeat that has one; missing values come before not applicable ones. */
function reasonOf(matrix: ScoreMatrix, { reasons, repeats }: Column, example: number): string {
  const own = [...reasons.subarray(example * repeats, (example + 1) * repeats)].filter((reason) => reason !== 0);
  const chosen = own.find((reason) => !matrix.isInapplicable(reason)) ?? own[0];
  return chosen === undefined ? '' : matrix.reason(chosen);
}

function pick(column: ReportedColumn | null, kept: readonly number[]): ReportedColumn | null {
  if (column === null) return null;
  return Object.freeze({
    values: Float64Array.from(kept, (example) => column.values[example]!),
    reasons: Uint16Array.from(kept, (example) => column.reasons[example]!),
  });
}

const OTHERS = 'other reasons';

function createReasons() {
  const words = ['', OTHERS];
  const inapplicable: number[] = [];
  const places = new Map(words.map((word, place) => [`false ${word}`, place]));
  return {
    words,
    inapplicable,
    place(reason: string, isInapplicable = false): number {
      const key = `${isInapplicable} ${reason}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      if (words.length > REPORT_LIMITS.reasons) return 1;
      const place = words.push(reason) - 1;
      places.set(key, place);
      if (isInapplicable) inapplicable.push(place);
      return place;
    },
  };
}

/** Of values without a declared scale: what lies beyond is drawn at the end. */
const SEEN = { from: 0.05, to: 0.95 };

/**
 * The declared ends, where there are any: two scores that hardly differ then look so. Without them what 9 of 10 values of
 * all sides lie between, of examples and not of means, for the same reason.
 */
function scaleFor(
  metric: MetricSpec,
  { facts }: ScoreMatrix,
  sides: readonly (ReportedColumn | null)[],
): ReportedScale | null {
  const declared = scaleOf(metric, facts.spec);
  if (declared !== null) return Object.freeze({ ...declared, from: 'declared' });
  const values = Float64Array.from(sides.flatMap((side) => (side === null ? [] : [...side.values])))
    .filter((value) => !Number.isNaN(value))
    .sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))]!;
  if (values.length === 0 || at(SEEN.from) === at(SEEN.to)) return null;
  const [low, high] = [at(SEEN.from), at(SEEN.to)];
  const [worst, best] = metric.better === 'higher' ? [low, high] : [high, low];
  return Object.freeze({ worst, best, from: 'seen' });
}
