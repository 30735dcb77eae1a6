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
