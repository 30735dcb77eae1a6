/** The trace as a tree beside its time: names by nesting, bars on one axis. Arrows move and open, as in any tree. */
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { DASH, duration, money, whole } from '../../format.ts';
import { type Line, SIGNS, toneOf } from './spans.ts';

interface TreeProps {
  /** Those that are seen. */
  readonly lines: readonly Line[];
  readonly closed: ReadonlySet<string>;
  readonly selected: string;
  readonly onSelect: (id: string) => void;
  readonly onToggle: (id: string, isOpen: boolean) => void;
}

/** What the axis spans, in milliseconds since 1970. */
export interface Axis {
  readonly from: number;
  readonly to: number;
}

export function Tree({ lines, closed, selected, onSelect, onToggle }: TreeProps) {
  const axis = axisOf(lines);
  const box = useRef<HTMLTableElement>(null);
  const isMoved = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows what is selected by key
  useEffect(() => {
    if (!isMoved.current) return;
    isMoved.current = false;
    box.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = moveOf(event.key, { lines, closed, selected });
    if (move === undefined) return;
    event.preventDefault();
    if ('open' in move) onToggle(selected, move.open);
    else {
      isMoved.current = move.to !== selected;
      onSelect(move.to);
    }
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows open is a treegrid
    <table className="trace" role="treegrid" aria-label="Trace of the run" ref={box} onKeyDown={onKeyDown}>
      <Heads axis={axis} />
      <tbody>
        {lines.map((line) => (
          <TreeLine
            key={line.id}
            line={line}
            axis={axis}
            isOpen={!closed.has(line.id)}
            isSelected={line.id === selected}
            onSelect={onSelect}
            onToggle={onToggle}
          />
        ))}
      </tbody>
    </table>
  );
}

type Move = { readonly to: string } | { readonly open: boolean };

/** What a key does: the arrows and ends of trees, and Enter to open and close. */
function moveOf(key: string, { lines, closed, selected }: Pick<TreeProps, 'lines' | 'closed' | 'selected'>) {
  const place = lines.findIndex(({ id }) => id === selected);
  const here = lines[place];
  const to = (line: Line | undefined): Move | undefined => line && { to: line.id };
  if (here === undefined) return to(lines[0]);
  const isOpen = here.hasInside && !closed.has(here.id);
  switch (key) {
    case 'ArrowDown':
      return to(lines[place + 1]);
    case 'ArrowUp':
      return to(lines[place - 1]);
    case 'Home':
      return to(lines[0]);
    case 'End':
      return to(lines.at(-1));
    case 'ArrowRight':
      return here.hasInside && !isOpen ? { open: true } : isOpen ? to(lines[place + 1]) : undefined;
    case 'ArrowLeft':
      return isOpen ? { open: false } : to(lines.find(({ id }) => id === here.parent));
    case 'Enter':
    case ' ':
      return here.hasInside ? { open: !isOpen } : undefined;
    default:
      return undefined;
  }
}

function axisOf(lines: readonly Line[]): Axis {
  const starts = lines.flatMap(({ startedAt }) => startedAt ?? []);
  const from = lines[0]?.startedAt ?? (starts.length === 0 ? 0 : Math.min(...starts));
  const isOpen = lines.some(({ startedAt, endedAt }) => startedAt !== null && endedAt === null);
  const ends = lines.flatMap(({ endedAt }) => endedAt ?? []);
  const last = ends.length === 0 ? from : Math.max(...ends);
  return { from, to: Math.max(from + 1, last, isOpen && lines[0]?.endedAt === null ? Date.now() : 0) };
}

const MARKS = [0, 0.5, 1];

const Heads = ({ axis: { from, to } }: { axis: Axis }) => (
  <thead>
    <tr>
      <th scope="col" className="trace-spans">
        Span
      </th>
      <th scope="col">
        <span className="visually-hidden">Time since the start of the run: </span>
        <span className="trace-axis">
          {MARKS.map((share) => (
            <span key={share}>{share === 0 ? '0' : duration(share * (to - from))}</span>
          ))}
        </span>
      </th>
      <th scope="col" className="num trace-took">
        Took
      </th>
      <th scope="col" className="num wide-only trace-tokens">
        Tokens
      </th>
      <th scope="col" className="num wide-only trace-cost">
        Cost
      </th>
    </tr>
  </thead>
);

interface LineProps extends Pick<TreeProps, 'onSelect' | 'onToggle'> {
  readonly line: Line;
  readonly axis: Axis;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
}

function TreeLine({ line, axis, isOpen, isSelected, onSelect, onToggle }: LineProps) {
  const { id, level, title, detail, outcome, startedAt, endedAt, tokens, costUsd, isAtLeast, hasInside } = line;
  const tone = toneOf(outcome);
  return (
    <tr
      aria-level={level}
      aria-expanded={hasInside ? isOpen : undefined}
      aria-selected={isSelected}
      tabIndex={isSelected ? 0 : -1}
      onClick={() => onSelect(id)}
    >
      <td>
        <span className="trace-name" style={{ paddingLeft: `${(level - 1) * 0.85}rem` }}>
          <Twist isOpen={hasInside ? isOpen : null} onToggle={(isNow) => onToggle(id, isNow)} />
          <span className={`sign ${tone}`} title={outcome ?? undefined}>
            <span aria-hidden="true">{SIGNS[tone]}</span>
            <span className="visually-hidden">{outcome ?? ''}</span>
          </span>
          <span className="trace-title" title={detail === null ? title : `${title} · ${detail}`}>
            {title} {detail !== null && <span className="muted">{detail}</span>}
          </span>
        </span>
      </td>
      <td>
        <span className="visually-hidden">{barWords(line, axis)}</span>
        <span className="trace-bars">
          <Bar line={line} axis={axis} />
        </span>
      </td>
      <td className="num">{duration(startedAt === null || endedAt === null ? null : endedAt - startedAt)}</td>
      <td className="num wide-only">{whole(tokens)}</td>
      <td className="num wide-only">{costUsd === null ? DASH : `${isAtLeast ? '≥ ' : ''}${money(costUsd)}`}</td>
    </tr>
  );
}

interface TwistProps {
  /** Null: there is nothing inside. */
  readonly isOpen: boolean | null;
  readonly onToggle: (isOpen: boolean) => void;
}

/** For the mouse: the keyboard has its arrows, and readers what is said of the row. */
const Twist = ({ isOpen, onToggle }: TwistProps) => (
  <span
    className="trace-twist"
    aria-hidden="true"
    onClick={(event) => {
      event.stopPropagation();
      if (isOpen !== null) onToggle(!isOpen);
    }}
  >
    {isOpen === null ? '' : isOpen ? '▾' : '▸'}
  </span>
);

function Bar({ line, axis: { from, to } }: { line: Line; axis: Axis }) {
  const { worksFrom, endedAt, queuedMs, outcome } = line;
  if (worksFrom === null) return null;
  const share = (time: number) => (100 * Math.min(1, Math.max(0, (time - from) / (to - from)))).toFixed(3);
  const between = (begin: number, end: number) => ({
    left: `${share(begin)}%`,
    width: `${Math.max(0, Number(share(end)) - Number(share(begin))).toFixed(3)}%`,
  });
  const waited = queuedMs ?? 0;
  return (
    <>
      {waited > 0 && <span className="trace-wait" style={between(worksFrom - waited, worksFrom)} />}
      <span className={`trace-bar ${toneOf(outcome)}`} style={between(worksFrom, endedAt ?? to)} />
    </>
  );
}

function barWords({ startedAt, queuedMs }: Line, { from }: Axis): string {
  if (startedAt === null) return 'not begun';
  const waited = queuedMs ? `, of which it waited ${duration(queuedMs)} for a worker` : '';
  return `from ${duration(startedAt - from)}${waited}`;
}
