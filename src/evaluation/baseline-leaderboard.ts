/** A leaderboard with how far each row is from a baseline. */

import { SluiceError } from '../base/errors.ts';
import { shortId } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import type { DatasetPart } from '../model/evaluation-spec.ts';
import { plural } from '../stats/format-value.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { SideRef } from './compare/comparison-report.ts';
import { type Leaderboard, type LeaderboardCell, type LeaderboardRow, leaderboardOf } from './compare/leaderboard.ts';
import { type EvaluationStore, loadScoreMatrices } from './compare/load.ts';

export interface BaselineCell extends LeaderboardCell {
  /** Its mean less the baseline's; null where one of them has no rank. */
  readonly delta: number | null;
}

export interface BaselineRow extends Omit<LeaderboardRow, 'cells'> {
  /** What commands and addresses call it: `eval-tone-0001:loud`. */
  readonly reference: string;
  readonly cells: readonly BaselineCell[];
}

/** What the rows that have a rank in the sorted column are compared on, and how many they are. */
export interface ComparedSet {
  readonly dataset: DatasetPart;
  readonly evaluations: number;
  readonly plans: number;
  /** References of variants whose plan also occurs in another evaluation. */
  readonly repeated: readonly string[];
}

export interface BaselineLeaderboard extends Omit<Leaderboard, 'rows'> {
  readonly rows: readonly BaselineRow[];
  /** The reference of a row; null where there is none. */
  readonly baseline: string | null;
  /** Null without rows. */
  readonly compared: ComparedSet | null;
}

interface BaselineInput {
  readonly repeated: ComparedSet['repeated'];
  /** Of a row: the name of its variant. */
  readonly nameOf: (row: LeaderboardRow) => string;
  /** A reference, or a label; default: the first variant of the first evaluation. */
  readonly baseline?: string;
  /** The newest first: the default baseline is of the first. */
  readonly evaluationIds: readonly string[];
}

/** @throws SluiceError `variant_unknown` */
export function baselineLeaderboard(
  board: Leaderboard,
  { nameOf, baseline, evaluationIds, repeated }: BaselineInput,
): BaselineLeaderboard {
  const rows = board.rows.map((row) => ({ ...row, reference: `${row.evaluationId}:${nameOf(row)}` }));
  const against =
    baseline === undefined
      ? rows.find(({ evaluationId, variant }) => evaluationId === evaluationIds[0] && variant === 0)
      : rowNamed(rows, baseline);
  return withDeltas({ ...board, repeated }, rows, against?.reference ?? null);
}

/** What may be asked of a board that is there already; what it does not have leaves it as it is. */
export interface LeaderboardArrangement {
  /** The name of a column. */
  readonly sortBy?: string | undefined;
  /** The reference of a row. */
  readonly baseline?: string | undefined;
}

/** The same board by another metric, or against another baseline: nothing has to be read again for that. */
export function rearrangeLeaderboard(
  board: BaselineLeaderboard,
  { sortBy, baseline }: LeaderboardArrangement,
): BaselineLeaderboard {
  const place = board.columns.findIndex(({ metric }) => metric === sortBy);
  const rankOf = ({ cells }: BaselineRow): number => cells[place]?.rank ?? Number.MAX_SAFE_INTEGER;
  const rows = place < 0 ? board.rows : board.rows.toSorted((one, other) => rankOf(one) - rankOf(other));
  const against = board.rows.some(({ reference }) => reference === baseline) ? baseline! : board.baseline;
  const { compared, sortedBy } = board;
  return withDeltas(
    { ...board, sortedBy: board.columns[place]?.metric ?? sortedBy, repeated: compared?.repeated ?? [] },
    rows,
    against,
  );
}

/** `Compared on ai-docs@3fa2c1d0 (dev): 500 examples, 2 evaluations, 5 plans.`, and what is left out. */
export function comparedWords({ dataset, evaluations, plans, repeated }: ComparedSet): readonly string[] {
  const { name, version, split, tag, examples } = dataset;
  const part = [split, tag === null ? null : `tag ${tag}`].filter((each) => each !== null).join(', ');
  const counts = [plural(examples, 'example'), plural(evaluations, 'evaluation'), plural(plans, 'plan')];
  return [
    `Compared on ${name}@${shortId(version)}${part === '' ? '' : ` (${part})`}: ${counts.join(', ')}.`,
    ...(repeated.length === 0 ? [] : [`Left out, the plan has a row already: ${repeated.join(', ')}.`]),
  ];
}

type Referred = LeaderboardRow & Pick<BaselineRow, 'reference'>;

function withDeltas(
  { repeated, ...board }: Omit<Leaderboard, 'rows'> & Pick<ComparedSet, 'repeated'>,
  rows: readonly Referred[],
  baseline: string | null,
): BaselineLeaderboard {
  const against = rows.find(({ reference }) => reference === baseline);
  const columns = board.columns.map((_, place) =>
    standings(
      rows.map(({ cells }) => cells[place]!),
      against?.cells[place],
    ),
  );
  return Object.freeze({
    ...board,
    rows: Object.freeze(
      rows.map((row, at) => Object.freeze({ ...row, cells: Object.freeze(columns.map((column) => column[at]!)) })),
    ),
    baseline,
    compared: comparedSet(board, rows, repeated),
  });
}

/** Rows that have a rank are the first, and all on the same examples. */
function comparedSet(
  { columns, sortedBy }: Omit<Leaderboard, 'rows'>,
  rows: readonly Referred[],
  repeated: ComparedSet['repeated'],
): ComparedSet | null {
  const [first] = rows;
  if (first === undefined) return null;
  const place = columns.findIndex(({ metric }) => metric === sortedBy);
  const ranked = rows.filter(({ cells }) => typeof cells[place]?.rank === 'number');
  const evaluations = new Set(ranked.map(({ evaluationId }) => evaluationId)).size;
  return Object.freeze({ dataset: first.dataset, evaluations, plans: ranked.length, repeated });
}

function rowNamed(rows: readonly Referred[], name: string): Referred {
  const found = rows.find(({ reference }) => reference === name) ?? rows.find(({ label }) => label === name);
  if (found !== undefined) return found;
  throw new SluiceError('variant_unknown', {
    message: `the leaderboard has no variant '${name}'`,
    remedy: suggest(
      name,
      rows.flatMap(({ reference, label }) => [label, reference]),
      'it has no variants at all',
    ),
    data: { name },
  });
}

function standings(cells: readonly LeaderboardCell[], baseline: LeaderboardCell | undefined): readonly BaselineCell[] {
  return cells.map((cell) => {
    const { rank, mean } = cell;
    const from = baseline?.rank === null ? null : (baseline?.mean ?? null);
    return Object.freeze({
      ...cell,
      delta: rank === null || mean === null || from === null ? null : mean - from,
    });
  });
}

/** The leaderboard of the evaluations on the largest comparable set, and of which datasets there could be one. */
export interface LeaderboardQuery {
  readonly dataset?: string | undefined;
  /** `all`: those that ran on all of it; default: whichever. */
  readonly split?: string | undefined;
  /** The name of a metric, or its beginning; default: the first of the newest. */
  readonly sortBy?: string | undefined;
  /** A variant as rows are called or referred to; default: the first of the newest evaluation. */
  readonly baseline?: string | undefined;
  /** How many of the newest evaluations, from 1. */
  readonly limit: number;
}

export interface EvaluatedDataset {
  readonly name: string;
  /** How many evaluations there are, by part of it, the most first. */
  readonly splits: readonly { readonly split: string; readonly evaluations: number }[];
  readonly evaluations: number;
}

/** How many of the newest evaluations are looked through. */
const LOOKED_THROUGH = 200;
const ENDED: ReadonlySet<EvaluationRow['state']> = new Set(['completed', 'partial']);

const partOf = ({ spec }: EvaluationRow): string => spec.dataset.split ?? 'all';

/** Those of which a leaderboard can be made, newest first: they have ended, and compare something. */
export async function rankedEvaluations(
  { evaluations }: Pick<EvaluationStore, 'evaluations'>,
  name?: string,
): Promise<readonly EvaluationRow[]> {
  const rows = await evaluations.list({ ...(name !== undefined && { name }), limit: LOOKED_THROUGH });
  return rows.filter((row) => ENDED.has(row.state) && row.spec.mode === 'compare');
}

/** Of these evaluations, the one that most are on first. */
export function evaluatedDatasets(rows: readonly EvaluationRow[]): readonly EvaluatedDataset[] {
  const byName = Map.groupBy(rows, ({ spec }) => spec.dataset.name);
  return [...byName]
    .map(([name, of]) => {
      const parts = [...Map.groupBy(of, partOf)].map(([split, each]) => ({ split, evaluations: each.length }));
      return { name, evaluations: of.length, splits: parts.toSorted(byCount) };
    })
    .toSorted(byCount);
}

type Counted = { readonly evaluations: number };
const byCount = (one: Counted, other: Counted): number => other.evaluations - one.evaluations;

/** @throws SluiceError `metric_unknown`, `metric_ambiguous`, `variant_unknown`, `evaluation_unknown` */
export async function loadLeaderboard(
  store: EvaluationStore,
  rows: readonly EvaluationRow[],
  { dataset, split, sortBy, baseline, limit }: LeaderboardQuery,
): Promise<BaselineLeaderboard> {
  const meant = comparableFirst(
    rows
      .filter((row) => dataset === undefined || row.spec.dataset.name === dataset)
      .filter((row) => split === undefined || partOf(row) === split),
  ).slice(0, limit);
  const evaluationIds = meant.map(({ evaluationId }) => evaluationId);
  const matrices = await loadScoreMatrices(store, evaluationIds);
  const sides = onePerPlan(meant);
  const board = leaderboardOf({ matrices, sides });
  const ranked = baselineLeaderboard(board, {
    evaluationIds,
    repeated: repeatedIn(meant, sides),
    ...(baseline !== undefined && meant.length > 0 && { baseline }),
    nameOf: ({ evaluationId, variant }) =>
      meant.find((row) => row.evaluationId === evaluationId)!.spec.variants[variant]!.name,
  });
  // The order changes no mean and no interval.
  return sortBy === undefined ? ranked : rearrangeLeaderboard(ranked, { sortBy: metricNamed(board, sortBy) });
}

/**
 * The evaluations on the largest set of examples on which two plans or more were evaluated, then the others; the newest
 * first of each. The first decides what a leaderboard ranks.
 */
export function comparableFirst(rows: readonly EvaluationRow[]): readonly EvaluationRow[] {
  const sets = [...Map.groupBy(rows, comparableKey).values()];
  const plansOf = (set: readonly EvaluationRow[]): number =>
    new Set(set.flatMap(({ spec }) => spec.variants.map(({ planId }) => planId))).size;
  const examplesOf = (set: readonly EvaluationRow[]): number => set[0]!.spec.dataset.examples;
  const [largest] = sets.toSorted(
    (one, other) =>
      Number(plansOf(other) > 1) - Number(plansOf(one) > 1) ||
      examplesOf(other) - examplesOf(one) ||
      plansOf(other) - plansOf(one),
  );
  return largest === undefined ? [] : [...largest, ...rows.filter((row) => !largest.includes(row))];
}

/** References of variants whose plan also occurs in another evaluation. */
const repeatedIn = (rows: readonly EvaluationRow[], sides: readonly SideRef[]): readonly string[] =>
  rows.flatMap(({ evaluationId, spec }) =>
    spec.variants.flatMap(({ name }, variant) =>
      sides.some((side) => side.evaluationId === evaluationId && side.variant === variant)
        ? []
        : [`${evaluationId}:${name}`],
    ),
  );

const comparableKey = ({ spec, pins }: EvaluationRow): string => JSON.stringify([spec.dataset, pins?.scorerVersions]);

/** A plan over the same snapshots is one row: of the first evaluation that has it. */
export function onePerPlan(rows: readonly EvaluationRow[]): readonly SideRef[] {
  const seen = new Set<string>();
  return rows.flatMap(({ evaluationId, spec, pins }) =>
    spec.variants.flatMap(({ planId }, variant) => {
      const key = JSON.stringify([planId, pins?.snapshots]);
      if (seen.has(key)) return [];
      seen.add(key);
      return [{ evaluationId, variant }];
    }),
  );
}

function metricNamed({ columns }: Leaderboard, name: string): string {
  const names = columns.map(({ metric }) => metric);
  if (names.includes(name) || names.length === 0) return name;
  const begun = names.filter((metric) => metric.startsWith(name));
  if (begun.length === 1) return begun[0]!;
  if (begun.length > 1)
    throw new SluiceError('metric_ambiguous', {
      message: `${begun.length} metric names begin with '${name}'`,
      remedy: `give more of it: ${begun.slice(0, 5).join(', ')}`,
      data: { name, candidates: begun },
    });
  throw new SluiceError('metric_unknown', {
    message: `there is no metric '${name}'`,
    remedy: suggest(name, names, 'no evaluation has ended yet'),
    data: { name, known: names },
  });
}
