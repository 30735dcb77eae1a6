/** One example, opened: its values on every metric, and what both sides answered, with the words that differ marked. */
import { type KeyboardEvent, useEffect, useMemo, useRef } from 'react';
import type { ReportedRun } from '../../../../evaluation/report/data.ts';
import { pairsOf } from '../../../../evaluation/report/page/examples/pairs.ts';
import { outcomeWord, reasonWords } from '../../../../evaluation/report/page/examples/state-words.ts';
import { type Piece, wordDiff } from '../../../../evaluation/report/page/examples/word-diff.ts';
import { showDifference, showValue } from '../../../../evaluation/report/values.ts';
import { useApi } from '../../api.ts';
import { whole } from '../../format.ts';
import { Loaded } from '../../parts/states.tsx';
import type { Looked } from './types.ts';

interface DetailProps extends Looked {
  readonly ids: string;
  /** In the order of the table. */
  readonly shown: readonly number[];
  readonly place: number;
  readonly onStep: (place: number) => void;
  readonly onClose: () => void;
}

export function ExampleDetail({ page, side, ids, shown, place, onStep, onClose }: DetailProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const example = shown[place]!;
  const id = page.ids[example]!;
  useEffect(() => {
    if (!dialog.current!.open) dialog.current!.showModal();
  }, []);
  const query = useApi<{ runs: readonly ReportedRun[] }>(
    `/v1/comparisons/outputs?ids=${encodeURIComponent(ids)}&example=${encodeURIComponent(id)}`,
    { placeholderData: undefined as never },
  );
  const isFirst = place === 0;
  const isLast = place === shown.length - 1;
  const onKey = ({ key }: KeyboardEvent) => {
    if (key === 'ArrowLeft' && !isFirst) onStep(place - 1);
    if (key === 'ArrowRight' && !isLast) onStep(place + 1);
  };
  const tags = page.tagsOf[example]!.map((tag) => page.tags[tag]);
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
        <button type="button" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </div>
      <h2 id="example-title">{page.questions[example] || id}</h2>
      <p className="muted">{[id, ...tags].join(' · ')}</p>
      <Loaded query={query} what="what was answered">
        {({ runs }) => <Answers sides={page.sides} side={side} runs={runs} />}
      </Loaded>
      <Values page={page} side={side} example={example} />
    </dialog>
  );
}

function Values({ page, side, example }: Pick<Looked, 'page' | 'side'> & { readonly example: number }) {
  const rows = useMemo(
    () => page.metrics.map((metric, place) => ({ metric, place, pairs: pairsOf(page, place, side) })),
    [page, side],
  );
  return (
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
          {rows.map(({ metric: { name, format }, place, pairs: { first, second, difference, outcome } }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">{showValue(first[example]!, format)}</td>
              <td className="num">{showValue(second[example]!, format)}</td>
              <td className="num">{showDifference(difference[example]!, format)}</td>
              <td className="wrap">
                {[outcomeWord(outcome[example]!), reasonWords(page, place, side, example)].filter(Boolean).join(' · ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface AnswersProps {
  readonly sides: readonly string[];
  readonly side: number;
  readonly runs: readonly ReportedRun[];
}

function Answers({ sides, side, runs }: AnswersProps) {
  const of = (which: number) => runs.filter((run) => run.side === which);
  const repeats = [...new Set([...of(0), ...of(side)].map(({ repeat }) => repeat))].sort((one, other) => one - other);
  if (repeats.length === 0) return <p className="muted">Neither side has run on it yet.</p>;
  return repeats.map((repeat) => {
    const [first, second] = [of(0), of(side)].map((own) => own.find((run) => run.repeat === repeat));
    const pieces = wordDiff(first?.output ?? '', second?.output ?? '');
    const heading = repeats.length === 1 ? '' : `, repeat ${repeat}`;
    return (
      <div key={repeat} className="grid sides">
        <Answer heading={`${sides[0]}${heading}`} run={first} pieces={pieces.first} mark="del" />
        <Answer heading={`${sides[side]}${heading}`} run={second} pieces={pieces.second} mark="ins" />
      </div>
    );
  });
}

interface AnswerProps {
  readonly heading: string;
  readonly run: ReportedRun | undefined;
  readonly pieces: readonly Piece[];
  readonly mark: 'del' | 'ins';
}

function Answer({ heading, run, pieces, mark: Mark }: AnswerProps) {
  return (
    <section className="card">
      <h3>
        {heading} <span className="muted">{run?.outcome ?? 'no run'}</span>
      </h3>
      {run?.error != null && <p className="harm">{run.error}</p>}
      {run === undefined || run.output === '' ? (
        <p className="muted">No output.</p>
      ) : (
        <p className="said-words">
          {pieces.map(({ text, isOwn }, place) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other names
            isOwn && text.trim() !== '' ? <Mark key={place}>{text}</Mark> : <span key={place}>{text}</span>,
          )}
        </p>
      )}
      {run?.remarks.map(({ scorer, text }) => (
        <p key={scorer} className="muted">
          <strong>{scorer}:</strong> {text}
        </p>
      ))}
    </section>
  );
}
