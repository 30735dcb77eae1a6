/** Numbers as people read them, each with its unit; what is not known is a dash. */
import { localTime, localTimeToday } from '../src/base/local-time.ts';

export const DASH = '–';

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return DASH;
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < 3_600_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (ms < 86_400_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${(ms / 86_400_000).toFixed(1)} d`;
}

export function money(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return DASH;
  if (usd === 0) return '$0';
  return `$${usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(usd < 1 ? 3 : 2)}`;
}

export const whole = (value: number | null | undefined): string =>
  value === null || value === undefined ? DASH : Math.round(value).toLocaleString('en');

export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined ? DASH : `${(100 * share).toFixed(digits)} %`;

/** Local, with its zone; without the day where it is today. */
export const time = (at: number | null | undefined): string =>
  at === null || at === undefined ? DASH : localTimeToday(at, Date.now());

/** With its day, whatever day it is: for what is printed. */
export const dayAndTime = (at: number): string => localTime(at, 'minutes');

export function ago(at: number): string {
  const seconds = Math.floor((Date.now() - at) / 1_000);
  if (seconds < 1) return 'just now';
  return seconds < 60 ? `${seconds} s ago` : `${duration(seconds * 1_000)} ago`;
}

/** Enough of an id to tell it apart. */
export const shortRun = (runId: string): string => runId.slice(0, 12);
export const shortPlan = (planId: string): string => planId.slice(0, 12);
