/** The trace as a tree beside its time: names by nesting, bars on one axis. Arrows move and open, as in any tree. */
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { DASH, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { type Line, SIGNS, toneOf, toneOfLine } from './spans.ts';
import { useTraceWindow } from './trace-window.ts';
import { moveOf } from './tree-moves.ts';

interface TreeProps {
  /** Those that are seen. */
  readonly lines: readonly Line[];
  readonly closed: ReadonlySet<string>;
  readonly selected: string;
  /** By a key. */
  readonly onSelect: (id: string) => void;
  /** By a click. */
  readonly onPick: (id: string) => void;
  readonly onToggle: (id: string, isOpen: boolean) => void;
}

export function Tree({ lines, closed, selected, onSelect, onPick, onToggle }: TreeProps) {
  const axis = axisOf(lines);
  const isMoved = useRef(false);
  const { box, items, isWindow, show } = useTraceWindow(lines, selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows what is selected by key
  useEffect(() => {
    if (!isMoved.current) return;
    isMoved.current = false;
    show();
    box.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus({ preventScroll: isWindow });
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
  const table = (
    <table
      className="trace"
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows open is a treegrid
      role="treegrid"
      aria-label="Trace of the run"
      aria-rowcount={lines.length + 1}
      onKeyDown={onKeyDown}
    >
      <Heads axis={axis} />
      <tbody>
        {items.map((item) =>
          'gap' in item ? (
            <tr key={`gap ${item.gap}`} className="trace-gap">
              <td colSpan={COLUMNS} style={{ height: item.height }} />
            </tr>
          ) : (
            <TreeLine
              key={lines[item.index]!.id}
              line={lines[item.index]!}
              place={item.index}
              axis={axis}
              isOpen={!closed.has(lines[item.index]!.id)}
              isSelected={lines[item.index]!.id === selected}
              onPick={onPick}
              onToggle={onToggle}
            />
          ),
        )}
      </tbody>
    </table>
  );
  return (
    <div className={isWindow ? 'trace-window' : undefined} ref={box}>
      {table}
    </div>
  );
}

const COLUMNS = 5;

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
            <span key={share}>{share === 0 ? '0' : showDuration(share * (to - from))}</span>
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

interface LineProps extends Pick<TreeProps, 'onPick' | 'onToggle'> {
  readonly line: Line;
  readonly place: number;
  readonly axis: Axis;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
}

function TreeLine({ line, place, axis, isOpen, isSelected, onPick, onToggle }: LineProps) {
  const { id, level, title, detail, outcome, startedAt, endedAt, tokens, costUsd, isAtLeast, hasInside } = line;
  const tone = toneOfLine(line);
  return (
    <tr
      // The heads are the first row.
      aria-rowindex={place + 2}
      aria-level={level}
      aria-expanded={hasInside ? isOpen : undefined}
      aria-selected={isSelected}
      tabIndex={isSelected ? 0 : -1}
      onClick={() => onPick(id)}
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
      <td className="num">{showDuration(startedAt === null || endedAt === null ? null : endedAt - startedAt)}</td>
      <td className="num wide-only">{showWhole(tokens)}</td>
      <td className="num wide-only">{costUsd === null ? DASH : `${isAtLeast ? '≥ ' : ''}${showMoney(costUsd)}`}</td>
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

// Bars on one time axis: waiting and working time of each line.

/** What the axis spans, in milliseconds since 1970. */
interface Axis {
  readonly from: number;
  readonly to: number;
}

function axisOf(lines: readonly Line[]): Axis {
  const starts = lines.flatMap(({ startedAt }) => startedAt ?? []);
  const from = lines[0]?.startedAt ?? (starts.length === 0 ? 0 : Math.min(...starts));
  const isOpen = lines.some(({ startedAt, endedAt }) => startedAt !== null && endedAt === null);
  const ends = lines.flatMap(({ endedAt }) => endedAt ?? []);
  const last = ends.length === 0 ? from : Math.max(...ends);
  return { from, to: Math.max(from + 1, last, isOpen && lines[0]?.endedAt === null ? Date.now() : 0) };
}

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
  const waited = queuedMs ? `, of which it waited ${showDuration(queuedMs)} for a worker` : '';
  return `from ${showDuration(startedAt - from)}${waited}`;
}
