/** One example, opened: what both sides answered, its values on every metric, and how both sides came to it. */
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import type { ReportedRun } from '../../../src/evaluation/report/data.ts';
import { showDifference, showValue } from '../../../src/evaluation/report/values.ts';
import { Answers as AnswerPair } from './answers.tsx';
import type { ComparisonHost } from './comparison.tsx';
import { EQUAL, type Looked, outcomeWord, pairsOf, reasonWords } from './example-pairs.ts';

type Labels = readonly [first: string, second: string];

export interface ExampleProps extends Pick<Looked, 'page' | 'side'> {
  readonly example: number;
  /** Of both sides. */
  readonly labels: Labels;
  readonly isDiffOnly: boolean;
}

interface DetailProps extends Looked {
  readonly host: ComparisonHost;
  /** In the order of the table. */
  readonly shown: readonly number[];
  readonly place: number;
  readonly onStep: (place: number) => void;
  readonly onClose: () => void;
}

export function ExampleDetail({ page, side, host, shown, place, onStep, onClose }: DetailProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isDiffOnly, setDiffOnly] = useState(false);
  const example = shown[place]!;
  const id = page.ids[example]!;
  useEffect(() => {
    if (!dialog.current!.open) dialog.current!.showModal();
  }, []);
  const isFirst = place === 0;
  const isLast = place === shown.length - 1;
  const onKey = ({ key, target }: KeyboardEvent) => {
    // A table that scrolls has its own use for these keys.
    if (target instanceof Element && target.closest('.table-wrap') !== null) return;
    if (key === 'ArrowLeft' && !isFirst) onStep(place - 1);
    if (key === 'ArrowRight' && !isLast) onStep(place + 1);
  };
  const tags = page.tagsOf[example]!.map((tag) => page.tags[tag]);
  const labels = [page.sides[0]!, page.sides[side]!] as const;
  const props: ExampleProps = { page, side, example, labels, isDiffOnly };
  const { Answers, Trace, Foot } = host;
  return (
    <dialog ref={dialog} className="example-detail" aria-labelledby="example-title" onClose={onClose} onKeyDown={onKey}>
      <div className="bar">
        <button type="button" disabled={isFirst} onClick={() => onStep(place - 1)}>
          ← Previous
        </button>
        <button type="button" disabled={isLast} onClick={() => onStep(place + 1)}>
          Next →
        </button>
        <span className="muted">
          {showWhole(place + 1)} of {showWhole(shown.length)}
        </span>
        <label>
          <input type="checkbox" checked={isDiffOnly} onChange={({ target }) => setDiffOnly(target.checked)} /> Only
          what differs
        </label>
        <button type="button" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </div>
      <h2 id="example-title">{page.questions[example] || id}</h2>
      <p className="muted">{[id, ...tags].join(' · ')}</p>
      <Answers {...props} />
      <ExampleValues page={page} side={side} example={example} isDiffOnly={isDiffOnly} />
      {Trace !== null && <Trace {...props} />}
      <Foot {...props} />
    </dialog>
  );
}

/** What both sides answered, by repeat. */
export function Answers({ runs, side, labels }: ExampleProps & { readonly runs: readonly ReportedRun[] }) {
  return (
    <Repeats runs={runs} side={side} labels={labels} none="Neither side has run on it yet.">
      {(named, first, second) => <AnswerPair labels={named} first={first} second={second} />}
    </Repeats>
  );
}

interface RepeatsProps<Run> {
  readonly runs: readonly Run[];
  readonly side: number;
  readonly labels: Labels;
  readonly none: string;
  /** Labels have the repeat behind them, where there are several. */
  readonly children: (labels: Labels, first: Run | undefined, second: Run | undefined) => ReactNode;
}

export function Repeats<Run extends { readonly side: number; readonly repeat: number }>(props: RepeatsProps<Run>) {
  const { runs, side, labels, none, children } = props;
  const own = runs.filter((run) => run.side === 0 || run.side === side);
  const repeats = [...new Set(own.map(({ repeat }) => repeat))].sort((one, other) => one - other);
  if (repeats.length === 0) return <p className="muted">{none}</p>;
  return repeats.map((repeat) => {
    const [first, second] = [0, side].map((of) => own.find((run) => run.side === of && run.repeat === repeat));
    const suffix = repeats.length === 1 ? '' : `, repeat ${repeat}`;
    return <div key={repeat}>{children([labels[0] + suffix, labels[1] + suffix], first, second)}</div>;
  });
}

// The values of one example on every metric, baseline and variant side by side.

interface ValuesProps extends Pick<Looked, 'page' | 'side'> {
  readonly example: number;
  readonly isDiffOnly: boolean;
}

function ExampleValues({ page, side, example, isDiffOnly }: ValuesProps) {
  const rows = useMemo(
    () => page.metrics.map((metric, place) => ({ metric, place, pairs: pairsOf(page, place, side) })),
    [page, side],
  );
  const shown = rows.filter(({ pairs }) => !isDiffOnly || pairs.outcome[example] !== EQUAL);
  return (
    <>
      <h3>Values</h3>
      {shown.length === 0 ? (
        <p className="muted">No value differs.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="table-wrap" tabIndex={0} aria-label="Its values">
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">metric</th>
                <th scope="col" className="num">
                  {page.sides[0]}
                </th>
                <th scope="col" className="num">
                  {page.sides[side]}
                </th>
                <th scope="col" className="num">
                  difference
                </th>
                <th scope="col">outcome</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ metric: { name, format }, place, pairs: { first, second, difference, outcome } }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="num">{showValue(first[example]!, format)}</td>
                  <td className="num">{showValue(second[example]!, format)}</td>
                  <td className="num">{showDifference(difference[example]!, format)}</td>
                  <td className="wrap">
                    {[outcomeWord(outcome[example]!), reasonWords(page, place, side, example)]
                      .filter(Boolean)
                      .join(' · ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
