/** A leaderboard with what its intervals leave open of each place, and how far each is from a baseline. */
import { SluiceError } from '../errors.ts';
import { suggest } from '../nearest.ts';
import type { Leaderboard, LeaderboardCell, LeaderboardColumn, LeaderboardRow } from './compare/leaderboard.ts';

export interface StandingCell extends LeaderboardCell {
  /**
   * The places that are not ruled out: behind all whose interval lies wholly ahead of its own, and before all whose lies
   * wholly behind. Each interval stands alone, so this says less than a comparison of the two. Null without an interval.
   */
  readonly range: { readonly from: number; readonly to: number } | null;
  /** Its mean less the baseline's; null where one of them has no rank. */
  readonly delta: number | null;
}

export interface StandingRow extends Omit<LeaderboardRow, 'cells'> {
  /** What commands and addresses call it: `eval-tone-0001:loud`. */
  readonly reference: string;
  readonly cells: readonly StandingCell[];
}

export interface StandingBoard extends Omit<Leaderboard, 'rows'> {
  readonly rows: readonly StandingRow[];
  /** The reference of a row; null where there is none. */
  readonly baseline: string | null;
}

interface Standing {
  /** Of a row: the name of its variant. */
  readonly nameOf: (row: LeaderboardRow) => string;
  /** A reference, or a label; default: the first variant of the first evaluation. */
  readonly baseline?: string;
  /** The newest first: the default baseline is of the first. */
  readonly evaluationIds: readonly string[];
}

/** @throws SluiceError `variant_unknown` */
export function standingBoard(board: Leaderboard, { nameOf, baseline, evaluationIds }: Standing): StandingBoard {
  const rows = board.rows.map((row) => ({ ...row, reference: `${row.evaluationId}:${nameOf(row)}` }));
  const against =
    baseline === undefined
      ? rows.find(({ evaluationId, variant }) => evaluationId === evaluationIds[0] && variant === 0)
      : rowNamed(rows, baseline);
  return standing(board, rows, against?.reference ?? null);
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
  return standing({ ...board, sortedBy: board.columns[place]?.metric ?? board.sortedBy }, rows, against);
}

type Referred = LeaderboardRow & Pick<StandingRow, 'reference'>;

function standing(board: Omit<Leaderboard, 'rows'>, rows: readonly Referred[], baseline: string | null): StandingBoard {
  const against = rows.find(({ reference }) => reference === baseline);
  const columns = board.columns.map((column, place) =>
    standings(
      column,
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
  });
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

function standings(
  { better }: LeaderboardColumn,
  cells: readonly LeaderboardCell[],
  baseline: LeaderboardCell | undefined,
): readonly StandingCell[] {
  const ranked = cells.filter(({ rank }) => rank !== null);
  const isAhead = (one: LeaderboardCell, other: LeaderboardCell): boolean => {
    if (one.lo === null || one.hi === null || other.lo === null || other.hi === null) return false;
    return better === 'higher' ? one.lo > other.hi : one.hi < other.lo;
  };
  return cells.map((cell) => {
    const { rank, mean, lo } = cell;
    const isPlaced = rank !== null && lo !== null;
    const range = isPlaced && {
      from: 1 + ranked.filter((other) => isAhead(other, cell)).length,
      to: ranked.length - ranked.filter((other) => isAhead(cell, other)).length,
    };
    const from = baseline?.rank === null ? null : (baseline?.mean ?? null);
    return Object.freeze({
      ...cell,
      range: range ? Object.freeze(range) : null,
      delta: rank === null || mean === null || from === null ? null : mean - from,
    });
  });
}
