/** What both sides answered, with the words that differ marked. */

import { diffBySide, type SidePiece } from '../../../src/base/word-diff.ts';
import type { ReportedRun } from '../../../src/evaluation/report/data.ts';

interface AnswersProps {
  readonly labels: readonly [first: string, second: string];
  readonly first: ReportedRun | undefined;
  readonly second: ReportedRun | undefined;
}

export function Answers({ labels, first, second }: AnswersProps) {
  const pieces = diffBySide(first?.output ?? '', second?.output ?? '');
  return (
    <div className="grid sides">
      <Answer heading={labels[0]} run={first} pieces={pieces.first} mark="del" />
      <Answer heading={labels[1]} run={second} pieces={pieces.second} mark="ins" />
    </div>
  );
}

interface AnswerProps {
  readonly heading: string;
  readonly run: ReportedRun | undefined;
  readonly pieces: readonly SidePiece[];
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
