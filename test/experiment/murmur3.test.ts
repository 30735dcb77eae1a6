import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { murmur3, murmur3After, murmur3Prefix } from '../../src/model/assign.ts';
import { plainMurmur3 } from '../conformance/assign-vectors.ts';
import { PUBLISHED } from './murmur3-published.ts';

/** Any UTF-16, halves of surrogate pairs included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('MurmurHash3 x86 32-bit', () => {
  test.each(PUBLISHED)('of %j with the seed %i, as published', (text, seed, hash) => {
    expect(murmur3(text, seed)).toBe(hash);
  });

  test('of any text is that of its UTF-8 bytes', () => {
    fc.assert(fc.property(anyText, (text) => murmur3(text) === plainMurmur3(bytesOf(text))));
  });

  test('of the first character that is not ASCII, beside those with no bit of their own', () => {
    expect(murmur3('\u0080\0\0\0')).toBe(plainMurmur3(bytesOf('\u0080\0\0\0')));
  });

  test('goes on after a prefix as if it had begun there', () => {
    const whole = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(
        whole,
        anyText,
        (prefix, text) => murmur3After(murmur3Prefix(prefix), text) === murmur3(prefix + text),
      ),
    );
  });

  test('takes half of a surrogate pair for U+FFFD', () => {
    for (const half of ['\ud800', '\udbff', '\udc00', '\udfff']) expect(murmur3(`a${half}b`)).toBe(murmur3('a\ufffdb'));
  });
});
