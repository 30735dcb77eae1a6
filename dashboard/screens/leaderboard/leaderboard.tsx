/** Leaderboard: the variants of the newest evaluations on a dataset, ranked by a metric, each with its interval. */
import type { ApiAnswer } from '../../../src/contract/api.ts';
import '../../style/compare.css';
import { useCallback, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { DASH, showPercent } from '../../../src/base/format.ts';
import {
  type BaselineCell,
  type BaselineLeaderboard,
  type BaselineRow,
  comparedWords,
  rearrangeLeaderboard,
} from '../../../src/evaluation/baseline-leaderboard.ts';
import type { LeaderboardColumn } from '../../../src/evaluation/compare/leaderboard.ts';
import { showDifference, showMean } from '../../../src/evaluation/report/values.ts';
import { useApi } from '../../api.ts';
import { leaderboardCommand } from '../../commands.ts';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';

const STALE_MS = 60_000;
/** As many as a comparison takes. */
const MOST_SIDES = 12;

export default function LeaderboardScreen() {
  const [parameters, setParameters] = useSearchParams();
  const asked = Object.fromEntries(ASKED.map((name) => [name, parameters.get(name) ?? undefined]));
  const { dataset, split, metric, baseline } = asked;
  const board = useApi(
    'getLeaderboard',
    { query: { dataset, split: SPLITS.find((each) => each === split) } },
    {
      retry: false,
      // Whole evaluations are read for it; by another metric it is ranked here.
      staleTime: STALE_MS,
      refetchOnWindowFocus: false,
      select: useCallback(
        (answer: Answer) => ({ ...answer, board: rearrangeLeaderboard(answer.board, { sortBy: metric, baseline }) }),
        [metric, baseline],
      ),
    },
  );
  /** References, in the order in which they were chosen. */
  const [chosen, setChosen] = useState<readonly string[]>([]);
  /** What depends on what has changed is chosen anew. */
  const change = (name: Asked, value: string) => {
    if (name === 'dataset' || name === 'split') setChosen([]);
    setParameters((now) => {
      const next = new URLSearchParams(now);
      for (const other of ASKED.slice(ASKED.indexOf(name))) if (name !== 'metric' || other === name) next.delete(other);
      next.set(name, value);
      return next;
    });
  };
  return (
    <Page
      title="Leaderboard"
      about="One row per plan, ranked on the largest set of examples with the same metric and scorer"
      command={leaderboardCommand(board.data)}
      actions={<CompareChosen chosen={chosen} baseline={board.data?.board.baseline ?? null} />}
    >
      <Loaded query={board} what="the leaderboard">
        {(answer) =>
          answer.datasets.length === 0 ? (
            <Empty title="No evaluation has ended yet" command="sluice eval run before-release">
              Variants are ranked by evaluations that have ended; see <Link href="/evaluations">those under way</Link>,
              or run one:
            </Empty>
          ) : (
            <>
              <Choices answer={answer} onChange={change} />
              <Board
                answer={answer}
                chosen={chosen}
                onChoose={setChosen}
                onRank={(metric) => change('metric', metric)}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function CompareChosen({ chosen, baseline }: { readonly chosen: readonly string[]; readonly baseline: string | null }) {
  const [, go] = useLocation();
  const isFirst = (reference: string) => reference === baseline;
  // The baseline first, where it is one of them.
  const sides = [...chosen.filter(isFirst), ...chosen.filter((each) => !isFirst(each))];
  const why =
    chosen.length < 2
      ? 'Choose two or more in the table'
      : chosen.length > MOST_SIDES
        ? `At most ${MOST_SIDES} can be compared`
        : undefined;
  return (
    <button
      type="button"
      className="primary"
      disabled={why !== undefined}
      title={why}
      onClick={() => go(`/compare?ids=${encodeURIComponent(sides.join(','))}`)}
    >
      {chosen.length > 1 ? `Compare ${chosen.length}` : 'Compare'}
    </button>
  );
}

interface BoardProps {
  readonly answer: Answer;
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
  readonly onRank: (metric: string) => void;
}

function Board({ answer: { dataset, split, board }, chosen, onChoose, onRank }: BoardProps) {
  const { rows, columns, sortedBy, alpha, compared } = board;
  if (rows.length === 0)
    return (
      <Empty
        title={`No evaluation has ended on ${split === null || split === 'all' ? 'all' : `the ${split} part`} of ${dataset}`}
      >
        Choose another dataset or part above.
      </Empty>
    );
  const first = Math.max(
    0,
    columns.findIndex(({ metric }) => metric === sortedBy),
  );
  const apart = Map.groupBy(
    rows.filter(({ cells }) => cells[first]?.apart != null),
    ({ cells }) => cells[first]!.apart!,
  );
  return (
    <>
      {compared !== null && <p className="muted">{comparedWords(compared).join(' ')}</p>}
      {[...apart].map(([why, of]) => (
        <p key={why} className="notice">
          Not ranked, {why}: {of.map(({ label }) => label).join(', ')}.
        </p>
      ))}
      <Rows
        rows={rows}
        columns={[choiceColumn(chosen, onChoose), ...columnsOf(board, onRank)]}
        keyOf={({ reference }) => reference}
        to={({ evaluationId }) => `/evaluations/${evaluationId}`}
        caption={`Variants by ${sortedBy ?? 'their first metric'}, the best first`}
      />
      <p className="muted">
        Brackets are intervals of {Math.round(100 * (1 - alpha))} %; grey is{' '}
        {rows.find(({ reference }) => reference === board.baseline)?.label ?? 'no baseline'}. Places are compared in
        pairs, example by example, all at once (Holm's method): a range holds the places that are left open. Intervals
        of means that overlap say nothing about such pairs.
      </p>
    </>
  );
}

// The choice of dataset, split, metric and baseline.

/** As the API gives it. */
type Answer = ApiAnswer<'getLeaderboard'>;

/** What is asked for, as the address has it. */
const SPLITS = ['all', 'dev', 'final'] as const;
const ASKED = ['dataset', 'split', 'metric', 'baseline'] as const;
type Asked = (typeof ASKED)[number];

interface ChoicesProps {
  readonly answer: Answer;
  readonly onChange: (name: Asked, value: string) => void;
}

function Choices({ answer: { datasets, dataset, split, board }, onChange }: ChoicesProps) {
  const splits = datasets.find(({ name }) => name === dataset)?.splits ?? [];
  const options: readonly (readonly [Asked, string, string | null, readonly (readonly [string, string])[]])[] = [
    [
      'dataset',
      'Dataset',
      dataset,
      withCurrent(
        datasets.map(({ name, evaluations }) => [name, `${name} (${evaluations})`]),
        dataset,
      ),
    ],
    [
      'split',
      'Part',
      split,
      withCurrent(
        splits.map(({ split: part, evaluations }) => [part, `${part} (${evaluations})`]),
        split,
      ),
    ],
    ['metric', 'Ranked by', board.sortedBy, board.columns.map(({ metric }) => [metric, metric])],
    ['baseline', 'Against', board.baseline, board.rows.map(({ reference, label }) => [reference, label])],
  ];
  return (
    <form className="bar leaderboard-choices" aria-label="What is ranked" onSubmit={(event) => event.preventDefault()}>
      {options
        .filter(([, , , choices]) => choices.length > 0)
        .map(([name, word, value, choices]) => (
          <label key={name}>
            {word}{' '}
            <select value={value ?? ''} onChange={({ target }) => onChange(name, target.value)}>
              {choices.map(([each, shown]) => (
                <option key={each} value={each}>
                  {shown}
                </option>
              ))}
            </select>
          </label>
        ))}
    </form>
  );
}

/** What an address names stays named, also where there is nothing of it. */
const withCurrent = (
  choices: readonly (readonly [string, string])[],
  current: string | null,
): readonly (readonly [string, string])[] =>
  current === null || choices.some(([value]) => value === current)
    ? choices
    : [[current, `${current} (0)`], ...choices];

// The columns of a leaderboard: rank, ranking metric, other metrics.

function choiceColumn(
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
function columnsOf(board: BaselineLeaderboard, onRank: (metric: string) => void): readonly Column<BaselineRow>[] {
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
