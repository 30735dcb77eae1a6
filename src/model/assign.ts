/**
 * Who gets which arm: a pure law of the unit's id, so that every process finds the same without asking
 * anyone. One hash says whether a unit is in the experiment's share, another which arm it gets; a
 * share may therefore grow, and no unit changes its arm. Both are compared as integers with bounds that are rounded
 * once, so that nothing depends on how a machine rounds.
 */

import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import { murmur3After, murmur3Prefix } from './murmur3.ts';

/** How hashes become arms: recorded with each experiment, and raised by any change to what is written here. */
export const ASSIGN_VERSION = 1;
/** Hashes are integers in [0, BUCKETS). */
export const BUCKETS = 2 ** 32;
/** A longer id is no id. */
const MAX_UNIT_BYTES = 1_000;
/** How far the weights may sum away from 1: thirds written as decimals do. */
export const WEIGHT_SLACK = 1e-9;

/** A part of the hash space, [from, to), as shares of 1. */
type Range = readonly [from: number, to: number];

export interface Assignable {
  /** What is hashed with the unit for the share: `layer.<layer>` in a layer, else the experiment's id. */
  readonly shareSalt: string;
  /** The experiment's part of the hash space; in a layer the parts of its experiments are disjoint. */
  readonly range: Range;
  /** What is hashed with the unit for the arm: the experiment's id. */
  readonly armSalt: string;
  /** The baseline first; the weights sum to 1. An arm of weight 0 gets nobody. */
  readonly arms: readonly { readonly name: string; readonly weight: number }[];
}

export interface Assigned {
  readonly arm: string;
  /** Of this arm, given that the unit is in the share. */
  readonly probability: number;
}

/** The integers that hashes are compared with. */
export interface AssignBounds {
  readonly shareFrom: number;
  readonly shareTo: number;
  /** Per arm, where it ends; it begins where the arm before it ends. The last is BUCKETS. */
  readonly armBounds: readonly number[];
}

/**
 * The unit's arm, or null outside the share. The unit is taken as it is: see `checkUnit`.
 *
 * @throws SluiceError `assign_invalid` for a range or weights that are none.
 */
export function assign(experiment: Assignable, unit: string): Assigned | null {
  return compileAssignable(experiment)(unit);
}

/** `assign` for many units of one experiment: what does not depend on the unit is worked out once. */
export function compileAssignable(experiment: Assignable): (unit: string) => Assigned | null {
  const { shareFrom, shareTo, armBounds } = sqlBounds(experiment);
  const share = sharePrefix(experiment.shareSalt);
  const arm = murmur3Prefix(`${experiment.armSalt}.arm:`);
  const outcomes = experiment.arms.map(({ name, weight }) => Object.freeze({ arm: name, probability: weight }));
  return (unit) => {
    const place = murmur3After(share, unit);
    if (place < shareFrom || place >= shareTo) return null;
    const hash = murmur3After(arm, unit);
    let index = 0;
    while (hash >= armBounds[index]!) index += 1;
    return outcomes[index]!;
  };
}

/**
 * Whether the unit is in a part of the salt's hash space: hold-outs, ramps of rollouts, sampling. With an experiment's
 * `shareSalt` and `range` it says who is in its share, so whatever should not depend on that needs a salt of its own.
 *
 * @throws SluiceError `assign_invalid` for a range that is none.
 */
export function isIn(salt: string, unit: string, range: Range): boolean {
  const [from, to] = rangeBounds(salt, range);
  const place = murmur3After(sharePrefix(salt), unit);
  return place >= from && place < to;
}

/**
 * The bounds of an experiment, as integers.
 *
 * @throws SluiceError `assign_invalid` for a range or weights that are none.
 */
export function sqlBounds({ armSalt, range, arms }: Assignable): AssignBounds {
  const [shareFrom, shareTo] = rangeBounds(armSalt, range);
  const weights = arms.map(({ weight }) => weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!weights.every((weight) => weight >= 0) || !(Math.abs(total - 1) <= WEIGHT_SLACK))
    throw invalid(
      `the weights of '${armSalt}' are ${weights.join(', ') || 'none'}, and sum to ${total}`,
      'give each arm a weight of 0 or more, so that they sum to 1',
    );
  // Not only the last arm ends at BUCKETS: an arm of weight 0 after it would get what rounding leaves.
  const lastServed = weights.findLastIndex((weight) => weight > 0);
  let sum = 0;
  const armBounds = weights.map((weight, index) => {
    sum += weight;
    return index >= lastServed ? BUCKETS : Math.min(BUCKETS, Math.round(sum * BUCKETS));
  });
  return Object.freeze({ shareFrom, shareTo, armBounds: Object.freeze(armBounds) });
}

const sharePrefix = (salt: string) => murmur3Prefix(`${salt}.share:`);

function rangeBounds(of: string, [from, to]: Range): Range {
  if (from >= 0 && from <= to && to <= 1) return [Math.round(from * BUCKETS), Math.round(to * BUCKETS)];
  throw invalid(
    `the range of '${of}' is [${from}, ${to})`,
    'give where it begins and ends, from 0 to 1: [0, 0.2] is a fifth of all units',
  );
}

const invalid = (message: string, remedy: string): SluiceError =>
  new SluiceError('assign_invalid', { message: `units cannot be assigned: ${message}`, remedy });

/**
 * A unit's id, unchanged, if it can be hashed and stored. Ids are compared by their bytes: neither case nor
 * Unicode forms are folded.
 *
 * @throws SluiceError `unit_invalid` for what is no text, is empty, has more than 1,000 bytes, or cannot be stored.
 */
export function checkUnit(unit: unknown): string {
  if (typeof unit !== 'string')
    throw unitInvalid(`it is ${unit === null ? 'null' : `of type ${typeof unit}`}, not text`);
  if (unit === '') throw unitInvalid('it is empty');
  if (unit.includes('\0')) throw unitInvalid('it holds a NUL character, which PostgreSQL cannot store');
  if (!unit.isWellFormed()) throw unitInvalid('it holds half of a surrogate pair, which UTF-8 does not have');
  // No text has fewer bytes than characters: a very long one is not gone through.
  if (unit.length > MAX_UNIT_BYTES || utf8Length(unit) > MAX_UNIT_BYTES)
    throw unitInvalid(`it has more than ${showWhole(MAX_UNIT_BYTES)} bytes`);
  return unit;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

const unitInvalid = (why: string): SluiceError =>
  new SluiceError('unit_invalid', {
    message: `the unit cannot be assigned to an arm: ${why}`,
    remedy: `give the id of the user (or whoever should always get the same arm) as text of 1 to ${showWhole(MAX_UNIT_BYTES)} UTF-8 bytes; a longer one, or one that is not text, as its hash`,
  });
