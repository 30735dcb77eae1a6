/**
 * The words of refused definitions that several files share, so that one mistake reads the same wherever it is made.
 */

import ms from 'ms';
import { DefinitionError } from '../base/errors.ts';
import { showSpan } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import type { Json } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';

/** Refuses a definition: `message` says what is wrong and where, `remedy` what to write instead. */
export function refuse(
  code: string,
  message: string,
  remedy: string,
  data: { readonly [key: string]: Json } = {},
): never {
  throw new DefinitionError(code, { message, remedy, data });
}

/** Refuses what is no object of named values. */
export function checkObject(given: unknown, at: string): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    refuse('not_an_object', `${at} is ${show(given)}`, 'write an object: { key: value }');
}

/** Refuses a key that is none of `known`: a misspelt option would otherwise be dropped in silence. */
export function checkKeys(given: unknown, known: readonly string[], at: string): asserts given is object {
  checkObject(given, at);
  for (const key of Object.keys(given))
    if (!known.includes(key)) refuse('key_unknown', `${at} has no '${key}'`, suggest(key, known, 'remove it'), { key });
}

/** Refuses a number that is no whole number from `least` to `most`. */
export function checkCount(value: unknown, least: number, most: number, at: string): asserts value is number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  refuse('limit_exceeded', `${at} is ${show(value)}`, `give a whole number from ${least} to ${most}`, { least, most });
}

/** Refuses an error level that is none. */
export function checkAlpha(alpha: unknown, at: string): asserts alpha is number {
  if (!(typeof alpha === 'number' && alpha > 0 && alpha <= 0.5))
    refuse('alpha_invalid', `${at} is ${show(alpha)}`, 'give a number above 0 and at most 0.5; usual is 0.05');
}

/** Refuses a name that is empty, too long, or holds anything but letters, digits, '-' and '_'. */
export function checkName(name: unknown, at: string): asserts name is string {
  if (typeof name !== 'string' || !/^[A-Za-z0-9_-]+$/.test(name) || name === '__proto__')
    refuse('name_invalid', `${at} ${show(name)} may hold only letters, digits, '-' and '_'`, 'choose another name');
  if (name.length > LIMITS.idLength)
    refuse(
      'limit_exceeded',
      `${at} '${name.slice(0, 20)}...' is ${name.length} characters long`,
      `use at most ${LIMITS.idLength}`,
      {
        most: LIMITS.idLength,
      },
    );
}

/** A value as a message shows it: never longer than a phrase. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`;
  if (value === null || ['number', 'boolean', 'undefined', 'bigint', 'symbol'].includes(typeof value))
    return String(value);
  if (typeof value === 'function') return 'a function';
  return Array.isArray(value) ? 'a list' : 'an object';
}

/**
 * Durations as people write them: a number, a space, a unit. The unit is part of the text because a bare number hides
 * it; the plan holds milliseconds.
 */
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
