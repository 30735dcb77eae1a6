/** Bars on one axis of time: when a line waited and when it worked. */
import { showDuration } from '../../../src/base/format.ts';
import { type Line, toneOf } from './spans.ts';

/** What the axis spans, in milliseconds since 1970. */
export interface Axis {
  readonly from: number;
  readonly to: number;
}

export function axisOf(lines: readonly Line[]): Axis {
  const starts = lines.flatMap(({ startedAt }) => startedAt ?? []);
  const from = lines[0]?.startedAt ?? (starts.length === 0 ? 0 : Math.min(...starts));
  const isOpen = lines.some(({ startedAt, endedAt }) => startedAt !== null && endedAt === null);
  const ends = lines.flatMap(({ endedAt }) => endedAt ?? []);
  const last = ends.length === 0 ? from : Math.max(...ends);
  return { from, to: Math.max(from + 1, last, isOpen && lines[0]?.endedAt === null ? Date.now() : 0) };
}

export function Bar({ line, axis: { from, to } }: { line: Line; axis: Axis }) {
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

export function barWords({ startedAt, queuedMs }: Line, { from }: Axis): string {
  if (startedAt === null) return 'not begun';
  const waited = queuedMs ? `, of which it waited ${showDuration(queuedMs)} for a worker` : '';
  return `from ${showDuration(startedAt - from)}${waited}`;
}
