/** An interval as a bar: what it lies between before what is in its middle, and what it is held against. */

interface IntervalProps {
  /** What it says, in words. */
  readonly label: string;
  /** Open ends reach to the end of the scale. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly at?: number | null;
  readonly scale: readonly [number, number];
  /** Where the baseline is, drawn first and in grey. */
  readonly base?: number;
  /** Limits that were declared. */
  readonly limits?: readonly number[];
  /** Red is for proven harm. */
  readonly tone?: 'good' | 'harm' | 'open';
}

const WHOLE = 100;

export function Interval({ label, lo, hi, at = null, scale, base, limits = [], tone = 'open' }: IntervalProps) {
  const [from, to] = scale;
  const place = (value: number): number => Math.min(WHOLE, Math.max(0, (WHOLE * (value - from)) / (to - from || 1)));
  const [start, end] = [lo === null ? 0 : place(lo), hi === null ? WHOLE : place(hi)];
  return (
    <div className="interval" role="img" aria-label={label} title={label}>
      <span className="track" />
      {base !== undefined && <span className="base" style={{ left: `${place(base)}%` }} />}
      {(lo !== null || hi !== null) && (
        <span className={`range ${tone}`} style={{ left: `${start}%`, width: `${end - start}%` }} />
      )}
      {limits.map((limit) => (
        <span key={limit} className="limit" style={{ left: `${place(limit)}%` }} />
      ))}
      {at !== null && <span className="point" style={{ left: `${place(at)}%` }} />}
    </div>
  );
}

const ROOM = 0.08;

/** From the least to the most of what is known, with some room. */
export function scaleOf(values: readonly (number | null | undefined)[]): readonly [number, number] {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return [0, 1];
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const room = (most - least || Math.abs(most) || 1) * ROOM;
  return [least - room, most + room];
}
