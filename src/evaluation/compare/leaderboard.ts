/** Any number of evaluations in one table: a row per side, a column per metric, ranks only among those that are alike. */

import { type DatasetPart, isJudge, type MetricSpec } from '../../model/evaluation-spec.ts';
import type { ValueFormat } from '../../stats/explained-report.ts';
import type { Better } from '../../stats/gate.ts';
import { type RankInterval, rankIntervals } from '../../stats/rank-intervals.ts';
import { type Calibration, COMPARE_LIMITS, type ExplainedMean, type SideRef } from './comparison-report.ts';
import { clustersOf, exampleMean, nothingToScore } from './pairs.ts';
import { type Column, explainedMean, NO_MEAN, type ScoreMatrix } from './score-matrix.ts';
import { definitionDiffers, labelsOf, type PlacedSide, placeSide, scorerChanged, scorerOf } from './sides.ts';

export interface Leaderboard {
  readonly columns: readonly LeaderboardColumn[];
  /** By the column that they are sorted by, the best first; those without a rank in it last. */
  readonly rows: readonly LeaderboardRow[];
  /** The name of a column; null: there is none. */
  readonly sortedBy: string | null;
  /** Of the intervals. */
  readonly alpha: number;
}

export interface LeaderboardColumn {
  readonly metric: string;
  readonly better: Better;
  readonly format: ValueFormat;
  /** Null: the scorer is no judge, or `judges` was not given. */
  readonly judge: Calibration | null;
  /** Whether its scorer asks a model for a verdict, whether or not anybody looked how that holds against people. */
  readonly isJudged: boolean;
}

export interface LeaderboardRow {
  readonly evaluationId: string;
  readonly name: string;
  readonly variant: number;
  readonly label: string;
  readonly planId: string;
  readonly dataset: DatasetPart;
  /** By column, in their order. */
  readonly cells: readonly LeaderboardCell[];
}

export interface LeaderboardCell extends ExplainedMean {
  /** Examples that have a value. */
  readonly n: number;
  /** The share that have one, of the examples that have something to score; null where there are none. */
  readonly coverage: number | null;
  /** From 1, equal means alike; null where it is listed apart. */
  readonly rank: number | null;
  /** Why it has no rank, as a clause. */
  readonly apart: string | null;
  /** The places that paired comparisons with all other ranked sides do not rule out, all of them at once. */
  readonly range: RankInterval | null;
  /** `proven`: better than every other by these comparisons. `tied`: none is proven better. */
  readonly best: 'proven' | 'tied' | null;
}

export interface LeaderboardInput {
  readonly matrices: readonly ScoreMatrix[];
  /** The newest first. The first says what the others have to be like to be ranked with it. */
  readonly sides: readonly SideRef[];
  /** The name of a column; default the first. */
  readonly sortBy?: string;
  readonly judges?: { readonly [metric: string]: Calibration };
}

/**
 * Columns are the metrics of all sides, each as the first that has it declares it. Win rates are none: they are of a
 * variant against a baseline, and not of a variant.
 *
 * @throws SluiceError `variant_unknown`, `evaluation_unknown`
 */
export function leaderboardOf({ matrices, sides, sortBy, judges = {} }: LeaderboardInput): Leaderboard {
  const placed = sides.map((side) => placeSide(matrices, side));
  const alpha = placed[0]?.matrix.facts.spec.alpha ?? DEFAULT_ALPHA;
  const columns = columnsOf(placed);
  const labels = labelsOf(placed);
  const cells = columns.map((column) =>
    withRanges(
      column,
      rank(column, firstRanked(placed.map((side) => cellOf(column, placed, side, alpha)))),
      placed,
      alpha,
    ),
  );
  const rows = placed.map((side, place) =>
    rowOf(
      side,
      labels[place]!,
      cells.map((column) => column[place]!),
    ),
  );
  const sorted = Math.max(
    0,
    columns.findIndex(({ name }) => name === sortBy),
  );
  const rankOf = ({ cells: own }: LeaderboardRow): number => own[sorted]?.rank ?? Number.MAX_SAFE_INTEGER;
  return Object.freeze({
    columns: Object.freeze(
      columns.map((metric) => {
        const { name, better, format } = metric;
        const scorer = scorerOf(metric);
        const isJudged = placed.some(({ matrix }) =>
          matrix.facts.spec.scorers.some((each) => each.id === scorer && isJudge(each)),
        );
        return Object.freeze({ metric: name, better, format, judge: judges[name] ?? null, isJudged });
      }),
    ),
    rows: Object.freeze(rows.toSorted((one, other) => rankOf(one) - rankOf(other))),
    sortedBy: columns[sorted]?.name ?? null,
    alpha,
  });
}

const DEFAULT_ALPHA = 0.05;

function columnsOf(sides: readonly PlacedSide[]): readonly MetricSpec[] {
  const metrics = sides.flatMap(({ matrix }) => matrix.facts.spec.metrics).filter(({ kind }) => kind !== 'win-rate');
  return metrics.filter(({ name }, place) => metrics.findIndex((metric) => metric.name === name) === place);
}

function cellOf(metric: MetricSpec, sides: readonly PlacedSide[], side: PlacedSide, alpha: number): LeaderboardCell {
  const { matrix, variant } = side;
  const column = matrix.column(variant, metric.name);
  if (column === undefined) return cell(NO_MEAN, 0, null, 'it does not have this metric');
  const { values, cluster, applicable } = valuesOf(column, matrix);
  const isRate = (metric.kind === 'rate' || metric.kind === 'share') && column.repeats === 1;
  const mean = explainedMean(values, { alpha, isRate, cluster });
  const coverage = applicable === 0 ? null : values.length / applicable;
  return cell(mean, values.length, coverage, apartFrom(metric, sides, side));
}

const cell = (mean: ExplainedMean, n: number, coverage: number | null, apart: string | null): LeaderboardCell =>
  Object.freeze({
    ...mean,
    n,
    coverage,
    rank: null,
    range: null,
    best: null,
    apart: apart ?? (mean.mean === null ? 'nothing was scored' : null),
  });

function valuesOf(column: Column, matrix: ScoreMatrix) {
  const { facts } = matrix;
  const clusters = clustersOf(facts.examples.map(({ cluster }) => cluster));
  const means = facts.examples.map((_, example) => exampleMean(column, example));
  const isThere = (place: number): boolean => !Number.isNaN(means[place]);
  return {
    applicable: means.filter((_, place) => isThere(place) || !nothingToScore(matrix, column, place)).length,
    values: means.filter((_, place) => isThere(place)),
    cluster: clusters === null ? null : clusters.filter((_, place) => isThere(place)),
  };
}

/** Why a side is not ranked with the first that has the metric; null where it is. */
function apartFrom(metric: MetricSpec, sides: readonly PlacedSide[], { matrix }: PlacedSide): string | null {
  const first = sides.find((side) => side.matrix.column(side.variant, metric.name) !== undefined)!.matrix;
  if (first === matrix) return null;
  const [ours, theirs] = [first.facts.spec.dataset, matrix.facts.spec.dataset];
  if (ours.version !== theirs.version) return 'another version of the dataset';
  if (ours.split !== theirs.split || ours.tag !== theirs.tag || ours.examples !== theirs.examples) {
    return 'other examples of the dataset';
  }
  const own = matrix.facts.spec.metrics.find(({ name }) => name === metric.name)!;
  const differs = definitionDiffers(metric, own);
  if (differs !== null) return `another ${differs} of the metric`;
  const scorer = scorerOf(metric);
  return scorer !== null && scorerChanged(scorer, first, matrix) ? 'another version of the scorer' : null;
}

/** All ranked sides are compared in pairs, so only the first `rankedSides` are ranked; the others are listed apart. */
function firstRanked(cells: readonly LeaderboardCell[]): readonly LeaderboardCell[] {
  const limit = COMPARE_LIMITS.rankedSides;
  let count = 0;
  return cells.map((own) => {
    if (own.apart !== null) return own;
    count += 1;
    return count <= limit ? own : Object.freeze({ ...own, apart: `only the newest ${limit} variants are ranked` });
  });
}

function rank({ better }: MetricSpec, cells: readonly LeaderboardCell[]): readonly LeaderboardCell[] {
  const isBefore = (one: number, other: number): boolean => (better === 'higher' ? one > other : one < other);
  const ranked = cells.flatMap(({ mean, apart }) => (apart === null && mean !== null ? [mean] : []));
  return cells.map((own) => {
    if (own.apart !== null || own.mean === null) return own;
    const better = ranked.filter((mean) => isBefore(mean, own.mean!)).length;
    return Object.freeze({ ...own, rank: better + 1 });
  });
}

/** Ranked sides have the same examples in the same order: `apartFrom` sees to it. */
function withRanges(
  { name, better }: MetricSpec,
  cells: readonly LeaderboardCell[],
  sides: readonly PlacedSide[],
  alpha: number,
): readonly LeaderboardCell[] {
  const places = cells.flatMap((cell, place) => (cell.rank === null ? [] : [place]));
  if (places.length === 0) return cells;
  const { examples } = sides[places[0]!]!.matrix.facts;
  const scores = places.map((place) => {
    const { matrix, variant } = sides[place]!;
    const column = matrix.column(variant, name)!;
    return Float64Array.from(examples, (_, example) => exampleMean(column, example));
  });
  const ranges = rankIntervals(scores, clustersOf(examples.map(({ cluster }) => cluster)), { better, alpha });
  const byPlace = new Map(places.map((place, index) => [place, ranges[index]!]));
  return cells.map((cell, place) => {
    const range = byPlace.get(place);
    if (range === undefined) return cell;
    const best = range.from > 1 || places.length < 2 ? null : range.to === 1 ? 'proven' : 'tied';
    return Object.freeze({ ...cell, range, best });
  });
}

function rowOf(
  { matrix, evaluationId, variant }: PlacedSide,
  label: string,
  cells: readonly LeaderboardCell[],
): LeaderboardRow {
  const { name, spec } = matrix.facts;
  return Object.freeze({
    evaluationId,
    name,
    variant,
    label,
    planId: spec.variants[variant]!.planId,
    dataset: spec.dataset,
    cells: Object.freeze(cells),
  });
}
