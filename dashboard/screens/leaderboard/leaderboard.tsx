/** Leaderboard: the variants of the newest evaluations on a dataset, ranked by a metric, each with its interval. */
import { useCallback, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { comparedWords, rearrangeLeaderboard } from '../../../src/evaluation/baseline-leaderboard.ts';
import { query, useApi } from '../../api.ts';
import { leaderboardCommand } from '../../commands.ts';
import { Page } from '../../parts/page.tsx';
import { Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { type Answer, ASKED, type Asked, Choices } from './choices.tsx';
import { choiceColumn, columnsOf } from './columns.tsx';
import './leaderboard.css';

const STALE_MS = 60_000;
/** As many as a comparison takes. */
const MOST_SIDES = 12;

export default function LeaderboardScreen() {
  const [parameters, setParameters] = useSearchParams();
  const asked = Object.fromEntries(ASKED.map((name) => [name, parameters.get(name) ?? undefined]));
  const { dataset, split, metric, baseline } = asked;
  const board = useApi<Answer>(`/v1/leaderboards${query({ dataset, split })}`, {
    retry: false,
    // Whole evaluations are read for it; by another metric it is ranked here.
    staleTime: STALE_MS,
    refetchOnWindowFocus: false,
    select: useCallback(
      (answer: Answer) => ({ ...answer, board: rearrangeLeaderboard(answer.board, { sortBy: metric, baseline }) }),
      [metric, baseline],
    ),
  });
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
