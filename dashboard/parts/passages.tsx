/** Passages as a list: their places, scores and texts, and which of them the answer cites. */
import { useState } from 'react';
import { DASH } from '../../src/base/format.ts';
import type { Passage, PassageList } from '../../src/plan/passage-lists.ts';

export { citedIn, passageLists } from '../../src/plan/passage-lists.ts';

/** Places that are shown before more are asked for; what is cited is always shown. */
const FIRST = 8;
const DECIMALS = 4;

interface PassagesProps {
  readonly list: PassageList;
  /** Null: it is not known what is cited. */
  readonly cited: ReadonlyMap<string, string> | null;
  /** Whose they are, where lists of several stand beside each other. */
  readonly of?: string;
}

export function Passages({ list: { field, passages }, cited, of }: PassagesProps) {
  const [isWhole, setWhole] = useState(false);
  const most = Math.max(0, ...passages.map(({ score }) => score ?? 0));
  const count = cited === null ? null : passages.filter(({ id }) => cited.has(id)).length;
  const shown = passages
    .map((passage, place) => ({ passage, place }))
    .filter(({ passage, place }) => isWhole || place < FIRST || cited?.has(passage.id));
  return (
    <section className="passages" aria-label={`Passages${of === undefined ? '' : ` of ${of}`}: ${field}`}>
      <h3>
        {field}{' '}
        <span className="muted">
          {passages.length} passages{count === null ? '' : `, ${count} cited`}
        </span>
      </h3>
      <ol>
        {shown.map(({ passage, place }) => (
          <PassageItem
            key={`${place} ${passage.id}`}
            passage={passage}
            place={place + 1}
            share={most > 0 && passage.score !== null ? Math.max(0, passage.score / most) : null}
            citation={cited?.get(passage.id)}
          />
        ))}
      </ol>
      {shown.length < passages.length && (
        <button type="button" className="link" onClick={() => setWhole(true)}>
          {passages.length - shown.length} more
        </button>
      )}
    </section>
  );
}

interface ItemProps {
  readonly passage: Passage;
  readonly place: number;
  /** Of the best score of the list. */
  readonly share: number | null;
  readonly citation: string | undefined;
}

function PassageItem({ passage: { id, score, text, title, url, heading }, place, share, citation }: ItemProps) {
  const [isOpen, setOpen] = useState(false);
  const trail = heading.filter((part) => part !== title).join(' › ');
  return (
    <li className={citation === undefined ? undefined : 'cited'}>
      <div className="passage-head">
        <span className="num muted">{place}</span>
        <button type="button" className="json-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {title ?? id}
          {trail !== '' && <span className="muted"> › {trail}</span>}
        </button>
        {citation !== undefined && <span className="badge accent">cited {citation}</span>}
        <span className="num" title="Scores compare passages of one list only">
          {score === null ? DASH : score.toFixed(DECIMALS)}
        </span>
      </div>
      {share !== null && (
        <div className="passage-bar" aria-hidden="true">
          <span style={{ width: `${(100 * share).toFixed(1)}%` }} />
        </div>
      )}
      {isOpen && (
        <div className="passage-text">
          <p>{text}</p>
          <p className="muted">
            <code>{id}</code>{' '}
            {url !== null && (
              <a href={url} target="_blank" rel="noreferrer">
                {url}
              </a>
            )}
          </p>
        </div>
      )}
    </li>
  );
}
