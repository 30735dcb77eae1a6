/** JSON to look through: what is nested opens and closes, what is long is cut until it is asked for, and all of it can be copied. */
import { useState } from 'react';
import { showWhole } from '../../src/base/format.ts';
import type { Json } from '../../src/plan/plan.ts';
import { Copy } from './copy.tsx';

/** Entries of one list or object that are shown at once. */
const MOST_SHOWN = 100;
const LONG_TEXT = 600;
/** What has no more entries opens by itself, near the top. */
const FEW = 12;
const OPEN_LEVELS = 2;

interface JsonProps {
  readonly value: Json;
  /** What it is, in words, for its copy button and for those who do not see it. */
  readonly label: string;
  /** How many levels are open at first. */
  readonly open?: number;
}

export function JsonView({ value, label, open = OPEN_LEVELS }: JsonProps) {
  return (
    <div className="json">
      <div className="json-tools">
        <Copy text={() => JSON.stringify(value, null, 2)} what={label} />
      </div>
      <Value value={value} levels={open} />
    </div>
  );
}

function Value({ value, levels, name }: { value: Json; levels: number; name?: string }) {
  if (typeof value === 'object' && value !== null) return <Nested value={value} levels={levels} name={name} />;
  return (
    <div className="json-leaf">
      <Name name={name} />
      <Leaf value={value} />
    </div>
  );
}

const Name = ({ name }: { name: string | undefined }) =>
  name === undefined ? null : <span className="json-name">{name}: </span>;

interface NestedProps {
  readonly value: readonly Json[] | { readonly [key: string]: Json };
  readonly levels: number;
  readonly name: string | undefined;
}

function Nested({ value, levels, name }: NestedProps) {
  const isList = Array.isArray(value);
  const entries = Object.entries(value as { readonly [key: string]: Json });
  const [isOpen, setOpen] = useState(levels > 0 && (entries.length <= FEW || levels > 1));
  const [shown, setShown] = useState(MOST_SHOWN);
  const size = isList ? `[${showWhole(entries.length)}]` : `{${showWhole(entries.length)}}`;
  if (entries.length === 0)
    return (
      <div className="json-leaf">
        <Name name={name} />
        <span className="muted">{isList ? '[ ]' : '{ }'}</span>
      </div>
    );
  return (
    <div>
      <button type="button" className="json-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {name ?? (isList ? 'list' : 'object')}{' '}
        <span className="muted">{size}</span>
        {!isOpen && <span className="muted json-glance"> {glance(entries)}</span>}
      </button>
      {isOpen && (
        <div className="json-inside">
          {entries.slice(0, shown).map(([key, inner]) => (
            <Value key={key} name={key} value={inner} levels={levels - 1} />
          ))}
          {entries.length > shown && (
            <button type="button" className="link" onClick={() => setShown(shown + MOST_SHOWN)}>
              {showWhole(entries.length - shown)} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

const GLANCE = 60;

/** The first plain values, so that lists of like things can be told apart while they are closed. */
function glance(entries: readonly (readonly [string, Json])[]): string {
  const plain = entries.flatMap(([, value]) => (typeof value === 'object' ? [] : [String(value)]));
  const text = plain.join(' · ');
  return text.length > GLANCE ? `${text.slice(0, GLANCE)}…` : text;
}

function Leaf({ value }: { readonly value: null | boolean | number | string }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== 'string') return <span className="json-number">{String(value)}</span>;
  const isCut = !isWhole && value.length > LONG_TEXT;
  return (
    <span className="json-text">
      {isCut ? value.slice(0, LONG_TEXT) : value || '""'}
      {isCut && (
        <>
          …{' '}
          <button type="button" className="link" onClick={() => setWhole(true)}>
            {showWhole(value.length - LONG_TEXT)} more characters
          </button>
        </>
      )}
    </span>
  );
}
