/** The columns of a leaderboard: a place, the metric that it is by, and the other metrics beside. */
import { Link } from 'wouter';
import { DASH, showPercent } from '../../../src/base/format.ts';
import type { BaselineCell, BaselineLeaderboard, BaselineRow } from '../../../src/evaluation/baseline-leaderboard.ts';
import type { LeaderboardColumn } from '../../../src/evaluation/compare/leaderboard.ts';
import { showDifference, showMean } from '../../../src/evaluation/report/values.ts';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import type { Column } from '../../parts/rows.tsx';

export function choiceColumn(
  chosen: readonly string[],
  onChoose: (references: readonly string[]) => void,
): Column<BaselineRow> {
  return {
    id: 'choice',
    heading: <span className="visually-hidden">To compare</span>,
    cell: ({ reference, label }) => (
      <input
        type="checkbox"
        aria-label={`Compare ${label}`}
        checked={chosen.includes(reference)}
        onClick={(event) => event.stopPropagation()}
        onChange={({ target }) =>
          onChoose(target.checked ? [...chosen, reference] : chosen.filter((each) => each !== reference))
        }
      />
    ),
  };
}

/** The metric that is ranked by comes first, as in the terminal. */
export function columnsOf(
  board: BaselineLeaderboard,
  onRank: (metric: string) => void,
): readonly Column<BaselineRow>[] {
  const { columns, sortedBy } = board;
  const places = columns.map((_, place) => place);
  const first = Math.max(
    0,
    columns.findIndex(({ metric }) => metric === sortedBy),
  );
  return [
    { id: 'rank', heading: 'Place', cell: ({ cells }) => rankText(cells[first]), isNumber: true },
    { id: 'variant', heading: 'Variant', cell: (row) => <Variant row={row} /> },
    ...(columns.length === 0 ? [] : rankedBy(board, first, onRank)),
    ...places.filter((place) => place !== first).map((place) => metricColumn(columns[place]!, place, onRank)),
    { id: 'on', heading: 'Version of the data', cell: ({ dataset }) => <code>{dataset.version.slice(0, SHORT)}</code> },
  ];
}

/** Its name, and the evaluation that it was in. */
const Variant = ({ row: { reference, evaluationId } }: { readonly row: BaselineRow }) => (
  <span className="leaderboard-variant">
    <strong>{reference.slice(evaluationId.length + 1)}</strong>
    <Link href={`/evaluations/${evaluationId}`} onClick={(event) => event.stopPropagation()}>
      {evaluationId}
    </Link>
  </span>
);

const SHORT = 8;

function rankedBy(
  { rows, columns, baseline }: BaselineLeaderboard,
  place: number,
  onRank: (metric: string) => void,
): readonly Column<BaselineRow>[] {
  const column = columns[place]!;
  const scale = scaleOf(rows.flatMap(({ cells }) => [cells[place]!.lo, cells[place]!.mean, cells[place]!.hi]));
  const base = rows.find(({ reference }) => reference === baseline)?.cells[place]?.mean ?? undefined;
  const bar = ({ cells, label }: BaselineRow) => {
    const cell = cells[place]!;
    if (cell.mean === null) return DASH;
    return (
      <Interval
        label={`${label}: ${showMean(cell, column.format)}`}
        lo={cell.lo}
        hi={cell.hi}
        at={cell.mean}
        scale={scale}
        {...(base !== undefined && { base })}
      />
    );
  };
  return [
    { ...metricColumn(column, place, onRank, false), sort: column.better === 'higher' ? 'descending' : 'ascending' },
    { id: 'bar', heading: <span className="visually-hidden">Its interval</span>, cell: bar },
    {
      id: 'delta',
      heading: 'From the baseline',
      cell: ({ cells, reference }) =>
        reference === baseline ? 'baseline' : showDifference(cells[place]!.delta, column.format),
      isNumber: true,
    },
  ];
}

function metricColumn(
  column: LeaderboardColumn,
  place: number,
  onRank: (metric: string) => void,
  hasRank = true,
): Column<BaselineRow> {
  const { metric, better, isJudged, judge } = column;
  const isUnheld = isJudged && judge === null;
  return {
    id: `metric ${metric}`,
    heading: (
      <button
        type="button"
        className="heading"
        title={`Rank by ${metric}: ${better} is better${isUnheld ? `; ${UNHELD}` : ''}`}
        onClick={() => onRank(metric)}
      >
        {metric} <span aria-hidden="true">{better === 'higher' ? '↑' : '↓'}</span>
        <span className="visually-hidden">, {better} is better</span>
        {isUnheld && <span className="muted"> {UNHELD}</span>}
      </button>
    ),
    cell: ({ cells }) => <Value cell={cells[place]!} column={column} hasRank={hasRank} />,
    isNumber: true,
  };
}

const UNHELD = 'by a judge, not held against people here';

interface ValueProps {
  readonly cell: BaselineCell;
  readonly column: LeaderboardColumn;
  readonly hasRank: boolean;
}

/** A dash where nothing was scored; how much was, where it is not all. */
function Value({ cell, column: { format }, hasRank }: ValueProps) {
  const { mean, coverage, rank, apart } = cell;
  const isPartly = coverage !== null && coverage < 1;
  return (
    <span title={apart ?? undefined}>
      {mean === null ? DASH : showMean(cell, format)}
      {isPartly && <span className="muted"> {showPercent(Math.floor(100 * coverage) / 100)} scored</span>}
      {hasRank && rank !== null && <span className="muted"> #{rank}</span>}
    </span>
  );
}

/** `1`, or with the places that are left open `1 (1–3)`. */
function rankText(cell: BaselineCell | undefined): string {
  if (cell === undefined || cell.rank === null) return DASH;
  const { rank, range, best } = cell;
  const place = range === null || range.from === range.to ? String(rank) : `${rank} (${range.from}–${range.to})`;
  return best === null ? place : `${place} ${best === 'proven' ? 'proven best' : 'tied for best'}`;
}
