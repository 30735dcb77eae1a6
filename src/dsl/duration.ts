/**
 * Durations as people write them: a number, a space, a unit. The unit is part of the text because a bare number hides
 * it; the plan holds milliseconds.
 */
import ms from 'ms';
import { showSpan } from '../base/format.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { refuse, show } from './refuse.ts';

type Unit = 'ms' | 'second' | 'seconds' | 'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days';

/** For example `'30 seconds'`, `'1.5 hours'` or `'250 ms'`. */
export type Duration = `${number} ${Unit}`;

const WRITTEN = /^\d+(\.\d+)? (ms|seconds?|minutes?|hours?|days?)$/;

/** How long it may be. */
interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

/**
 * The duration in whole milliseconds. `at` names where it is written, for the message.
 *
 * @throws DefinitionError `duration_invalid` when it is no duration; `limit_exceeded` outside the bounds, which are 1 ms
 *   and one day where nothing else is said.
 */
export function durationMs(written: unknown, at: string, { least = 1, most = LIMITS.durationMs }: Bounds = {}): number {
  if (typeof written !== 'string' || !WRITTEN.test(written))
    refuse(
      'duration_invalid',
      `${at} is ${show(written)}, which is no duration`,
      "write a number, a space and a unit, for example '30 seconds'",
    );
  const length = Math.round(ms(written as ms.StringValue));
  if (length < least || length > most)
    refuse('limit_exceeded', `${at} is '${written}'`, `use from '${showSpan(least)}' to '${showSpan(most)}'`, {
      most,
    });
  return length;
}
