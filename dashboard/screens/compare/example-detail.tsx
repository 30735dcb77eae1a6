/** One example, opened: what both sides answered, its values on every metric, and how both sides came to it. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import type { ReportedRun } from '../../../src/evaluation/report/data.ts';
import { Answers as AnswerPair } from './answers.tsx';
import type { ComparisonHost } from './comparison.tsx';
import type { Looked } from './example-pairs.ts';
import { ExampleValues } from './example-values.tsx';

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
