/** A leaderboard with how far each row is from a baseline. */

import { SluiceError } from '../base/errors.ts';
import { shortId } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import type { DatasetPart } from '../model/evaluation-spec.ts';
import { plural } from '../stats/format-value.ts';
import type { Leaderboard, LeaderboardCell, LeaderboardRow } from './compare/leaderboard.ts';

export interface StandingCell extends LeaderboardCell {
  /** Its mean less the baseline's; null where one of them has no rank. */
  readonly delta: number | null;
}

export interface StandingRow extends Omit<LeaderboardRow, 'cells'> {
  /** What commands and addresses call it: `eval-tone-0001:loud`. */
  readonly reference: string;
  readonly cells: readonly StandingCell[];
}

/** What the rows that have a rank in the sorted column are compared on, and how many they are. */
export interface ComparedSet {
  readonly dataset: DatasetPart;
  readonly evaluations: number;
  readonly plans: number;
  /** References of variants whose plan another evaluation has a row of. */
  readonly repeated: readonly string[];
}

export interface StandingBoard extends Omit<Leaderboard, 'rows'> {
  readonly rows: readonly StandingRow[];
  /** The reference of a row; null where there is none. */
  readonly baseline: string | null;
  /** Null without rows. */
  readonly compared: ComparedSet | null;
}

interface Standing {
  readonly repeated: ComparedSet['repeated'];
  /** Of a row: the name of its variant. */
  readonly nameOf: (row: LeaderboardRow) => string;
  /** A reference, or a label; default: the first variant of the first evaluation. */
  readonly baseline?: string;
  /** The newest first: the default baseline is of the first. */
  readonly evaluationIds: readonly string[];
}

/** @throws SluiceError `variant_unknown` */
export function standingBoard(
  board: Leaderboard,
  { nameOf, baseline, evaluationIds, repeated }: Standing,
): StandingBoard {
  const rows = board.rows.map((row) => ({ ...row, reference: `${row.evaluationId}:${nameOf(row)}` }));
  const against =
    baseline === undefined
      ? rows.find(({ evaluationId, variant }) => evaluationId === evaluationIds[0] && variant === 0)
      : rowNamed(rows, baseline);
  return standing({ ...board, repeated }, rows, against?.reference ?? null);
}

/** What may be asked of a board that is there already; what it does not have leaves it as it is. */
export interface Restanding {
  /** The name of a column. */
  readonly sortBy?: string | undefined;
  /** The reference of a row. */
  readonly baseline?: string | undefined;
}

/** The same board by another metric, or against another baseline: nothing has to be read again for that. */
export function restanding(board: StandingBoard, { sortBy, baseline }: Restanding): StandingBoard {
  const place = board.columns.findIndex(({ metric }) => metric === sortBy);
  const rankOf = ({ cells }: StandingRow): number => cells[place]?.rank ?? Number.MAX_SAFE_INTEGER;
  const rows = place < 0 ? board.rows : board.rows.toSorted((one, other) => rankOf(one) - rankOf(other));
  const against = board.rows.some(({ reference }) => reference === baseline) ? baseline! : board.baseline;
  const { compared, sortedBy } = board;
  return standing(
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

type Referred = LeaderboardRow & Pick<StandingRow, 'reference'>;

function standing(
  { repeated, ...board }: Omit<Leaderboard, 'rows'> & Pick<ComparedSet, 'repeated'>,
  rows: readonly Referred[],
  baseline: string | null,
): StandingBoard {
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

function standings(cells: readonly LeaderboardCell[], baseline: LeaderboardCell | undefined): readonly StandingCell[] {
  return cells.map((cell) => {
    const { rank, mean } = cell;
    const from = baseline?.rank === null ? null : (baseline?.mean ?? null);
    return Object.freeze({
      ...cell,
      delta: rank === null || mean === null || from === null ? null : mean - from,
    });
  });
}
