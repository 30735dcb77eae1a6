/**
 * How numbers and times are written for people, on screens, in commands and in reports alike. An unknown value is a
 * dash. Values of metrics have a format of their own: `formatValue` of `stats/format-value.ts`.
 */

export const DASH = '–';

type Unknown = null | undefined;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A measured duration in its two largest units, zeros left out: `0.4 ms`, `38 ms`, `1.2 s`, `38 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function showDuration(ms: number | Unknown): string {
  if (ms === null || ms === undefined) return DASH;
  if (ms < 1) return `${Number(ms.toFixed(1))} ms`;
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return inTwo(ms, SECOND_MS, 60, 'min', 's');
  return ms < DAY_MS ? inTwo(ms, MINUTE_MS, 60, 'h', 'min') : inTwo(ms, HOUR_MS, 24, 'd', 'h');
}

function inTwo(ms: number, smallMs: number, ratio: number, large: string, small: string): string {
  const total = Math.round(ms / smallMs);
  const rest = total % ratio;
  return `${Math.floor(total / ratio)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** `just now`, `38 s ago`, `3 min 20 s ago`. */
export function showAgo(at: number): string {
  const seconds = Math.floor((Date.now() - at) / SECOND_MS);
  if (seconds < 1) return 'just now';
  return seconds < 60 ? `${seconds} s ago` : `${showDuration(seconds * SECOND_MS)} ago`;
}

const SPANS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
] as const;

/** A declared duration in the largest unit that it has at least two of, or that it is one of: `24 hours`, `1 day`. */
export function showSpan(ms: number): string {
  if (ms < SECOND_MS) return `${Number(ms.toPrecision(3))} ms`;
  const [name, length] = SPANS.find(([, size]) => ms === size || ms >= 2 * size) ?? SPANS[3];
  const amount = Number((ms / length).toPrecision(3));
  return `${amount} ${name}${amount === 1 ? '' : 's'}`;
}

const CENTS = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const SMALL_COST = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** `$0`, `$0.00123`, `$12.30`, `$1,234.50`. */
export function showMoney(usd: number | Unknown): string {
  return usd === null || usd === undefined ? DASH : `$${(usd < 1 ? SMALL_COST : CENTS).format(usd)}`;
}

/** A share with three significant digits: `20 %`, `33.3 %`. */
export const showPercent = (share: number | Unknown): string =>
  share === null || share === undefined ? DASH : `${Number((100 * share).toPrecision(3))} %`;

/** `2,163`. */
export const showWhole = (value: number | Unknown): string =>
  value === null || value === undefined ? DASH : Math.round(value).toLocaleString('en');

/** `1 page`, `2,163 pages`. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

/** Numbers without a metric's format, with three significant digits below 1,000: `0.667`, `1235`. Whole numbers keep all. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3)));
}

/** JSON on one line, its numbers short; a text by itself has no quotes. */
export function shortJson(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_, each) => (typeof each === 'number' ? Number(shortNumber(each)) : each));
}

/** The beginning of the id of a run, plan, snapshot or version, enough to name it: `run-7d2f0a1b`. */
export const shortId = (id: string): string => id.slice(0, 12);

/**
 * A time as `2026-03-01 13:00:00 CET`: local, with its zone. `isoUtc` is its exact form.
 *
 * @param at milliseconds since the epoch
 */
export function showTime(at: number | Unknown, precision: 'seconds' | 'minutes' = 'seconds'): string {
  if (at === null || at === undefined) return DASH;
  const { day, clock, zone } = timeParts(at, precision);
  return `${day} ${clock} ${zone}`;
}

/** Without the day where that is the day of `now`: `13:00:00 CET`. */
export function showTimeToday(at: number | Unknown, now = Date.now()): string {
  if (at === null || at === undefined) return DASH;
  const { day, clock, zone } = timeParts(at, 'seconds');
  return day === timeParts(now, 'seconds').day ? `${clock} ${zone}` : `${day} ${clock} ${zone}`;
}

/** `2026-03-01T12:00:00.000Z`. */
export const isoUtc = (at: number): string => new Date(at).toISOString();

let timeFormat: Intl.DateTimeFormat | undefined;

function timeParts(at: number, precision: 'seconds' | 'minutes') {
  // Once: making a format takes longer than using it.
  timeFormat ??= new Intl.DateTimeFormat('en-GB', {
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hourCycle: 'h23' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
  });
  const part = Object.fromEntries(timeFormat.formatToParts(at).map(({ type, value }) => [type, value]));
  const clock = `${part.hour}:${part.minute}${precision === 'seconds' ? `:${part.second}` : ''}`;
  return { day: `${part.year}-${part.month}-${part.day}`, clock, zone: part.timeZoneName ?? '' };
}
