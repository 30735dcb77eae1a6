/** The one way to write a moment for people: the local time with its zone. `isoUtc` is its exact form. */

export type Precision = 'seconds' | 'minutes';

const PARTS = {
  ...{ year: 'numeric', month: '2-digit', day: '2-digit', hourCycle: 'h23' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
} as const satisfies Intl.DateTimeFormatOptions;

/**
 * `2026-03-01 13:00:00 CET`.
 *
 * @param at milliseconds since the epoch
 */
export function localTime(at: number, precision: Precision = 'seconds'): string {
  const { day, clock, zone } = partsOf(at, precision);
  return `${day} ${clock} ${zone}`;
}

/** Without the day where that is the day of `now`: `13:00:00 CET`. */
export function localTimeToday(at: number, now: number): string {
  const { day, clock, zone } = partsOf(at, 'seconds');
  return day === partsOf(now, 'seconds').day ? `${clock} ${zone}` : `${day} ${clock} ${zone}`;
}

/** `2026-03-01T12:00:00.000Z`. */
export const isoUtc = (at: number): string => new Date(at).toISOString();

let format: Intl.DateTimeFormat | undefined;

function partsOf(at: number, precision: Precision) {
  // Once: making a format takes longer than using it.
  format ??= new Intl.DateTimeFormat('en-GB', PARTS);
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const clock = `${part.hour}:${part.minute}${precision === 'seconds' ? `:${part.second}` : ''}`;
  return { day: `${part.year}-${part.month}-${part.day}`, clock, zone: part.timeZoneName ?? '' };
}
