/**
 * Assignment is deterministic: a pure function of the unit's id, so every process finds the same arm without asking
 * anyone. One hash says whether a unit is in the experiment's share, another which arm it gets; a
 * share may therefore grow, and no unit changes its arm. Both are compared as integers with bounds that are rounded
 * once, so that nothing depends on how a machine rounds.
 */

import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';

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
 * `shareSalt` and `range` it determines who is in its share, so independent draws need a salt of their own.
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
    remedy: `give the id of the user (or of another unit that always gets the same arm) as text of 1 to ${showWhole(MAX_UNIT_BYTES)} UTF-8 bytes; a longer one, or one that is not text, as its hash`,
  });

/**
 * MurmurHash3 x86 32-bit (Austin Appleby, public domain) of a text's UTF-8 bytes, read off the text without making them.
 * Integers only, and nothing imported: a workflow, a worker and a browser all get the same. Half of a
 * surrogate pair counts as U+FFFD, as TextEncoder has it.
 */
const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
/** U+FFFD. */
const REPLACEMENT = 0xbdbfef;
/** Blocks of ASCII are not negative. */
const NO_BLOCK = -1;

/** How far a hash has come: a prefix that many texts share is hashed once. */
export interface Murmur3State {
  readonly hash: number;
  /** Up to three bytes that do not fill a block yet, the first lowest. */
  readonly rest: number;
  /** Bytes hashed so far, the rest among them. */
  readonly bytes: number;
}

const beginning = (seed: number): Murmur3State => ({ hash: seed | 0, rest: 0, bytes: 0 });

/** The hash as an integer in [0, 2^32). */
export function murmur3(text: string, seed = 0): number {
  return murmur3After(beginning(seed), text);
}

/** The state after a prefix; what follows is hashed with `murmur3After`. The cut must not be inside a surrogate pair. */
export function murmur3Prefix(prefix: string): Murmur3State {
  return Object.freeze(advance(beginning(0), prefix));
}

/** `murmur3(prefix + text)`, given the state after the prefix. */
export function murmur3After(prefix: Murmur3State, text: string): number {
  const { hash, rest, bytes } = advance(prefix, text);
  const last = hash ^ scrambled(rest) ^ bytes;
  const once = Math.imul(last ^ (last >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

function advance(from: Murmur3State, text: string): Murmur3State {
  let { hash, rest, bytes } = from;
  let at = 0;
  while (at < text.length) {
    // Some bytes as a number, the first lowest: of four characters where those are ASCII, or of one.
    let word = at + 4 <= text.length ? asciiBlock(text, at) : NO_BLOCK;
    let size = 4;
    if (word !== NO_BLOCK) at += 4;
    else {
      const point = text.codePointAt(at)!;
      size = sizeOf(point);
      word = encoded(point, size);
      at += size === 4 ? 2 : 1;
    }
    const filled = (bytes & 3) << 3;
    bytes += size;
    rest |= word << filled;
    if (filled + (size << 3) < 32) continue;
    hash = mixed(hash, rest);
    // A shift by 32 is none in JavaScript; with nothing filled before, nothing is left.
    rest = filled === 0 ? 0 : word >>> (32 - filled);
  }
  return { hash, rest, bytes };
}

/** Four ASCII characters as one block, or NO_BLOCK where one of them is none. */
function asciiBlock(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1);
  const third = text.charCodeAt(at + 2);
  const fourth = text.charCodeAt(at + 3);
  if ((first | second | third | fourth) >= 0x80) return NO_BLOCK;
  return first | (second << 8) | (third << 16) | (fourth << 24);
}

function mixed(hash: number, block: number): number {
  const next = hash ^ scrambled(block);
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

function scrambled(block: number): number {
  const once = Math.imul(block, C1);
  return Math.imul((once << 15) | (once >>> 17), C2);
}

const sizeOf = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);

/** The UTF-8 bytes of a code point. */
function encoded(point: number, size: number): number {
  if (size === 1) return point;
  const last = 0x80 | (point & 63);
  if (size === 2) return 0xc0 | (point >> 6) | (last << 8);
  if (point >= 0xd800 && point < 0xe000) return REPLACEMENT;
  const third = 0x80 | ((point >> 6) & 63);
  if (size === 3) return 0xe0 | (point >> 12) | (third << 8) | (last << 16);
  return 0xf0 | (point >> 18) | ((0x80 | ((point >> 12) & 63)) << 8) | (third << 16) | (last << 24);
}

/** What a run was given by the experiments on its pipeline: decided once, before it starts, and kept with it. */
export interface RunAssignment {
  readonly experiment: string;
  /** The arm's name, and its index in the spec. */
  readonly arm: string;
  readonly armIndex: number;
  readonly stage: number;
  readonly unit: string;
  /** Of this arm, for a unit in the share. */
  readonly probability: number;
  /** Its arm was set by name: served, and not analysed. */
  readonly isOverride: boolean;
}

/** The same as the workflow carries it: with the nodes at which the unit meets its arm. */
export interface CarriedAssignment extends RunAssignment {
  /** Ids of nodes that any arm edits, with those inside edited containers. */
  readonly nodes: readonly string[];
}
