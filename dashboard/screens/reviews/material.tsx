/** What is to be judged: the question, what is expected, and the answer, or two that have no names. */
import { useId } from 'react';
import type { ReviewItem, ShownAnswer } from '../../../src/model/review-queue.ts';
import type { Json } from '../../../src/plan/plan.ts';
import { JsonView } from '../../parts/json.tsx';
import { citedIn, Passages, passageLists } from '../../parts/passages.tsx';
import { Prose } from '../../parts/prose.tsx';
import { Hotkey } from './hotkey.tsx';
import { type Citation, citationsOf, readable } from './readable.ts';

type Shown = Pick<ReviewItem, 'input' | 'expected' | 'answers'>;

const TITLES: { readonly [T in ShownAnswer['title']]: string } = {
  answer: 'Answer',
  first: 'First',
  second: 'Second',
};

interface MaterialProps {
  readonly item: Shown;
  /** Whether what is expected is open; who opens it. */
  readonly isExpectedOpen: boolean;
  readonly onExpected: (isOpen: boolean) => void;
  /** Shown at what opens it. */
  readonly expectedKey?: string;
}

export function Material({ item, isExpectedOpen, onExpected, expectedKey }: MaterialProps) {
  const { input, expected, answers } = item;
  return (
    <div className="material">
      <Asked input={input} />
      {expected === null ? (
        <p className="muted">No answer was expected: there is none to compare with.</p>
      ) : (
        <details
          className="card expected"
          open={isExpectedOpen}
          onToggle={(event) => onExpected(event.currentTarget.open)}
        >
          <summary>
            <h3>Expected answer</h3>
            {expectedKey !== undefined && <Hotkey name={expectedKey} />}
          </summary>
          <Expected value={expected} />
        </details>
      )}
      <div className={answers.length > 1 ? 'answers two' : 'answers'}>
        {answers.map((answer) => (
          <Answer key={answer.title} answer={answer} />
        ))}
      </div>
    </div>
  );
}

function Asked({ input }: { readonly input: Json }) {
  const { text, rest } = readable(input);
  return (
    <section className="card" aria-labelledby="asked-title">
      <h3 id="asked-title">Question</h3>
      {text === null ? <JsonView value={input} label="what was asked" /> : <p className="asked-text">{text}</p>}
      {text !== null && <Rest value={rest} title="What else was given" />}
    </section>
  );
}

function Expected({ value }: { readonly value: Json }) {
  const { text, rest } = readable(value);
  if (text === null) return <JsonView value={value} label="what is expected" />;
  return (
    <>
      <Prose text={text} />
      <Rest value={rest} title="What else is expected" />
    </>
  );
}

const Rest = ({ value, title }: { readonly value: Json; readonly title: string }) =>
  value === null ? null : (
    <details className="whole">
      <summary>{title}</summary>
      <JsonView value={value} label={title.toLowerCase()} />
    </details>
  );

function Answer({ answer: { title, output } }: { readonly answer: ShownAnswer }) {
  const id = useId();
  const { text, rest } = readable(output);
  const citations = citationsOf(output);
  const lists = passageLists(output);
  const name = TITLES[title];
  return (
    <section className="card answer" aria-labelledby={id}>
      <h3 id={id}>{name}</h3>
      {text === null ? <JsonView value={output} label={`the ${title}`} /> : <Prose text={text} />}
      {citations !== null && <Cites citations={citations} of={name} />}
      {lists.map((list) => (
        <Passages key={list.field} list={list} cited={citedIn(output)} of={name} />
      ))}
      {text !== null && rest !== null && (
        <details className="whole">
          <summary>
            All of it <span className="visually-hidden">, of {name}</span>
          </summary>
          <JsonView value={output} label={`all of ${name.toLowerCase()}`} />
        </details>
      )}
    </section>
  );
}

function Cites({ citations, of }: { readonly citations: readonly Citation[]; readonly of: string }) {
  if (citations.length === 0) return <p className="muted">It cites nothing.</p>;
  return (
    <ul className="cites" aria-label={`What ${of} cites`}>
      {citations.map(({ n, title, trail, url }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one passage may be cited twice
        <li key={place}>
          {n !== null && <span className="prose-citation">[{n}]</span>}{' '}
          {url === null ? (
            title
          ) : (
            <a href={url} target="_blank" rel="noreferrer">
              {title}
            </a>
          )}
          {trail !== '' && <span className="muted"> › {trail}</span>}
        </li>
      ))}
    </ul>
  );
}
