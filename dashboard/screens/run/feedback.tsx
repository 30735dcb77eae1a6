/** What was said of the answer, by people and by monitors, and a way to say more. */
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { isoUtc, shortJson, shortNumber, showAgo } from '../../../src/base/format.ts';
import { requestPath } from '../../../src/contract/client.ts';
import type { FeedbackRow } from '../../../src/store/feedback.ts';
import { call, errorText } from '../../api.ts';
import { Thumb } from '../../parts/thumb.tsx';
import { refusalOf, type Session } from '../../session.tsx';

interface FeedbackProps {
  readonly runId: string;
  readonly rows: readonly FeedbackRow[];
  readonly session: Session;
  /** Why nothing can be said yet; absent where it can. */
  readonly notYet?: string | undefined;
}

const BY_MONITOR = 'monitor:';

export function Feedback({ runId, rows, session, notYet }: FeedbackProps) {
  const why = refusalOf(session, 'feedback') ?? notYet;
  return (
    <section className="card" aria-labelledby="feedback-title">
      <h2 id="feedback-title">Feedback</h2>
      {rows.length === 0 ? (
        <p className="muted">Nobody has said anything of this answer yet.</p>
      ) : (
        <ul className="said">
          {rows.map((row) => (
            <Said key={row.feedbackId} row={row} />
          ))}
        </ul>
      )}
      {why === undefined ? <Give runId={runId} session={session} /> : <p className="muted">{why}</p>}
    </section>
  );
}

function Said({ row: { thumb, score, note, emoji, fields, by, at, isSimulated } }: { readonly row: FeedbackRow }) {
  const isMonitor = by?.startsWith(BY_MONITOR) ?? false;
  return (
    <li>
      <div>
        {thumb !== null && <Thumb side={thumb === 1 ? 'up' : 'down'} />} {emoji !== null && <span>{emoji}</span>}{' '}
        {score !== null && <strong title={String(score)}>{shortNumber(score)}</strong>}{' '}
        {Object.entries(fields ?? {}).map(([name, value]) => (
          <span key={name} className="badge" title={JSON.stringify(value)}>
            {name}: {shortJson(value)}
          </span>
        ))}{' '}
        {note !== null && <span>{note}</span>}
      </div>
      <div className="muted" title={isoUtc(at)}>
        {isMonitor && <span className="badge">monitor</span>}{' '}
        {isMonitor ? by!.slice(BY_MONITOR.length) : (by ?? 'somebody')}, {showAgo(at)}
        {isSimulated && ', simulated'}
      </div>
    </li>
  );
}

/** Such as every machine can show. */
const EMOJIS = ['★', '♥', '☺', '☹', '⚠'];
const NOTE_LENGTH = 4_000;

interface Draft {
  readonly thumb?: 'up' | 'down' | undefined;
  readonly emoji?: string | undefined;
  readonly score: string;
  readonly note: string;
}

const NOTHING: Draft = { score: '', note: '' };

function Give({ runId, session }: { readonly runId: string; readonly session: Session }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(NOTHING);
  const [message, setMessage] = useState<string>();
  const [isSending, setSending] = useState(false);
  const { thumb, emoji, score, note } = draft;
  const isEmpty = !thumb && !emoji && score === '' && note.trim() === '';
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    try {
      const body = {
        ...(thumb && { thumb }),
        ...(emoji && { emoji }),
        ...(score !== '' && { score: Number(score) }),
        ...(note.trim() !== '' && { note: note.trim() }),
      };
      await call('giveFeedback', { params: { id: runId }, body });
      setDraft(NOTHING);
      setMessage('Kept, with the run.');
      await queries.invalidateQueries({ queryKey: [requestPath('getTrace', { params: { id: runId } })] });
    } catch (error) {
      setMessage(errorText(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <form className="give" aria-label="Say what you think of it" onSubmit={(event) => void send(event)}>
      <div className="bar">
        {(['up', 'down'] as const).map((side) => (
          <Toggle
            key={side}
            sign={<Thumb side={side} />}
            label={`thumb ${side}`}
            isOn={thumb === side}
            onToggle={() => setDraft({ ...draft, thumb: thumb === side ? undefined : side })}
          />
        ))}
        <span className="divider" aria-hidden="true" />
        {EMOJIS.map((each) => (
          <Toggle
            key={each}
            sign={each}
            label={`emoji ${each}`}
            isOn={emoji === each}
            onToggle={() => setDraft({ ...draft, emoji: emoji === each ? undefined : each })}
          />
        ))}
        <label htmlFor="score">Score</label>
        <input
          id="score"
          className="short"
          type="number"
          step="any"
          value={score}
          onChange={(event) => setDraft({ ...draft, score: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor="note">Note</label>
        <textarea
          id="note"
          rows={2}
          maxLength={NOTE_LENGTH}
          value={note}
          onChange={(event) => setDraft({ ...draft, note: event.target.value })}
        />
      </div>
      <div className="bar">
        <button type="submit" className="primary" disabled={isEmpty || isSending}>
          Say it
        </button>
        <span className="muted">as the key {session.name}</span>
        <span role="status">{message}</span>
      </div>
    </form>
  );
}

interface ToggleProps {
  readonly sign: ReactNode;
  readonly label: string;
  readonly isOn: boolean;
  readonly onToggle: () => void;
}

const Toggle = ({ sign, label, isOn, onToggle }: ToggleProps) => (
  <button type="button" className="toggle" aria-label={label} aria-pressed={isOn} onClick={onToggle}>
    {sign}
  </button>
);
