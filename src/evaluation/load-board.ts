/** The leaderboard of the evaluations on the largest comparable set, and of which datasets there could be one. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { SideRef } from './compare/input.ts';
import { type Leaderboard, leaderboardOf } from './compare/leaderboard.ts';
import { type EvaluationStore, loadSheets } from './compare/load.ts';
import { restanding, type StandingBoard, standingBoard } from './standing-board.ts';

export interface BoardAsked {
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
export async function loadBoard(
  store: EvaluationStore,
  rows: readonly EvaluationRow[],
  { dataset, split, sortBy, baseline, limit }: BoardAsked,
): Promise<StandingBoard> {
  const meant = comparableFirst(
    rows
      .filter((row) => dataset === undefined || row.spec.dataset.name === dataset)
      .filter((row) => split === undefined || partOf(row) === split),
  ).slice(0, limit);
  const evaluationIds = meant.map(({ evaluationId }) => evaluationId);
  const sheets = await loadSheets(store, evaluationIds);
  const sides = onePerPlan(meant);
  const board = leaderboardOf({ sheets, sides });
  const standing = standingBoard(board, {
    evaluationIds,
    repeated: repeatedIn(meant, sides),
    ...(baseline !== undefined && meant.length > 0 && { baseline }),
    nameOf: ({ evaluationId, variant }) =>
      meant.find((row) => row.evaluationId === evaluationId)!.spec.variants[variant]!.name,
  });
  // The means and intervals of all rows are the same in whatever order.
  return sortBy === undefined ? standing : restanding(standing, { sortBy: metricNamed(board, sortBy) });
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

/** References of variants whose plan another evaluation has a row of. */
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
