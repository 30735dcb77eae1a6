/** One example, opened: what both sides answered, what they found and did for it, and its values on every metric. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { ReportedRun } from '../../../../evaluation/report/data.ts';
import type { TracedRun } from '../../../../evaluation/report/traces.ts';
import { useApi } from '../../api.ts';
import { exampleCommands } from '../../commands.ts';
import { whole } from '../../format.ts';
import { Copy } from '../../parts/copy.tsx';
import { Loaded } from '../../parts/states.tsx';
import { Answers } from './answers.tsx';
import { ExamplePassages } from './example-passages.tsx';
import { ExampleTrace } from './example-trace.tsx';
import { ExampleValues } from './example-values.tsx';
import { playgroundPath, type Side } from './side-ref.ts';
import type { Looked } from './types.ts';

interface DetailProps extends Looked {
  readonly ids: string;
  readonly compared: readonly Side[];
  /** In the order of the table. */
  readonly shown: readonly number[];
  readonly place: number;
  readonly onStep: (place: number) => void;
  readonly onClose: () => void;
}

export function ExampleDetail({ page, side, ids, compared, shown, place, onStep, onClose }: DetailProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isDiffOnly, setDiffOnly] = useState(false);
  const example = shown[place]!;
  const id = page.ids[example]!;
  useEffect(() => {
    if (!dialog.current!.open) dialog.current!.showModal();
  }, []);
  const of = `ids=${encodeURIComponent(ids)}&example=${encodeURIComponent(id)}`;
  // Those of the example before are no answers to this one.
  const fresh = { placeholderData: undefined as never };
  const outputs = useApi<{ runs: readonly ReportedRun[] }>(`/v1/comparisons/outputs?${of}`, fresh);
  const traces = useApi<{ runs: readonly TracedRun[] }>(`/v1/comparisons/traces?${of}&side=${side}`, fresh);
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
          {whole(place + 1)} of {whole(shown.length)}
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
      <Loaded query={outputs} what="what was answered">
        {({ runs }) => (
          <Repeats runs={runs} side={side} none="Neither side has run on it yet.">
            {(repeat, first, second) => (
              <Answers labels={[labels[0] + repeat, labels[1] + repeat]} first={first} second={second} />
            )}
          </Repeats>
        )}
      </Loaded>
      <ExampleValues page={page} side={side} example={example} isDiffOnly={isDiffOnly} />
      <Loaded query={traces} what="how they came to it">
        {({ runs }) => (
          <Repeats runs={runs} side={side} none="Nothing is known of how they came to it.">
            {(repeat, first, second) => {
              const named = [labels[0] + repeat, labels[1] + repeat] as const;
              return (
                <>
                  <ExamplePassages {...{ labels: named, first, second, isDiffOnly }} />
                  <ExampleTrace {...{ labels: named, first, second, isDiffOnly }} />
                </>
              );
            }}
          </Repeats>
        )}
      </Loaded>
      <footer className="example-foot muted">
        <Link href={playgroundPath(compared[0]!, compared[side]!)}>Ask both in the playground</Link>
        <ul>
          {exampleCommands([compared[0]!.evaluationId, compared[side]!.evaluationId], id).map((line) => (
            <li key={line}>
              <code>{line}</code> <Copy text={() => line} what={`the command ${line}`} />
            </li>
          ))}
        </ul>
      </footer>
    </dialog>
  );
}

interface RepeatsProps<Run> {
  readonly runs: readonly Run[];
  readonly side: number;
  readonly none: string;
  /** `repeat` is what headings end with: nothing where there is one. */
  readonly children: (repeat: string, first: Run | undefined, second: Run | undefined) => ReactNode;
}

function Repeats<Run extends { readonly side: number; readonly repeat: number }>(props: RepeatsProps<Run>) {
  const { runs, side, none, children } = props;
  const own = runs.filter((run) => run.side === 0 || run.side === side);
  const repeats = [...new Set(own.map(({ repeat }) => repeat))].sort((one, other) => one - other);
  if (repeats.length === 0) return <p className="muted">{none}</p>;
  return repeats.map((repeat) => {
    const [first, second] = [0, side].map((of) => own.find((run) => run.side === of && run.repeat === repeat));
    return <div key={repeat}>{children(repeats.length === 1 ? '' : `, repeat ${repeat}`, first, second)}</div>;
  });
}
