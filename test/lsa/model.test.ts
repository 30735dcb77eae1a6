import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeFit, embed, encodeFit, type LsaFit } from '../../src/lsa/model.ts';
import { bag, bags, fitHere, PETS } from './corpora.ts';

let fit: LsaFit;
let bytes: Uint8Array;
beforeAll(async () => {
  fit = await fitHere(PETS, 4);
  bytes = encodeFit(fit);
});

test('the id names the model and is made of the content', async () => {
  expect(fit.id).toMatch(/^local\/lsa:[0-9a-f]{16}$/);
  expect((await fitHere(PETS, 4)).id).toBe(fit.id);
  expect((await fitHere(PETS.toReversed(), 4)).id).toBe(fit.id);
  expect((await fitHere(PETS, 3)).id).not.toBe(fit.id);
  expect((await fitHere(PETS.slice(1), 4)).id).not.toBe(fit.id);
});

describe('bytes', () => {
  test('hold the whole fit', async () => {
    await fc.assert(
      fc.asyncProperty(bags(8), async (given) => {
        const made = await fitHere(given, 5);
        expect(decodeFit(encodeFit(made))).toEqual(made);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test('hold terms of any characters', async () => {
    const made = await fitHere([bag('a', { 'line\nbreak': 1, '\0': 2, '\ud800': 1, '\udc00': 3, '': 1, '"': 1 })]);
    expect(decodeFit(encodeFit(made))).toEqual(made);
  });

  test('are read from anywhere in a larger buffer', () => {
    const larger = Buffer.concat([Buffer.from('x'), bytes]);
    expect(decodeFit(larger.subarray(1))).toEqual(fit);
  });

  test('are those of the floats, and little more', () => {
    const floats = 4 * (fit.idf.length + fit.projection.length);
    const letters = [...fit.terms.keys()].join('').length;
    expect(bytes.length).toBeLessThan(floats + letters + 3 * fit.terms.size + 100);
  });

  test('that were decoded embed as the fit does', () => {
    for (const { terms } of PETS) expect(embed(decodeFit(bytes), terms)).toEqual(embed(fit, terms));
  });
});

describe('damage', () => {
  const refusal = (broken: Uint8Array) => {
    try {
      decodeFit(broken);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'none';
  };

  test('of any one byte is found', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const broken = bytes.slice();
        broken[place]! ^= change;
        // Bytes 4 to 7 are the format: one unknown is not damage.
        expect(refusal(broken)).toBe(place >= 4 && place < 8 ? 'lsa_fit_format' : 'lsa_fit_damaged');
      }),
      { numRuns: 500, seed: 8 },
    );
  });

  test('by cutting or adding is found', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(refusal(bytes.slice(0, length))).toBe('lsa_fit_damaged');
    expect(refusal(Buffer.concat([bytes, Buffer.from(' ')]))).toBe('lsa_fit_damaged');
  });

  test('is said with its reason, and what to do', () => {
    const broken = bytes.slice();
    broken[bytes.length - 1]! ^= 1;
    expect(() => decodeFit(broken)).toThrow('the stored fit of local/lsa is damaged: its checksum does not fit');
    expect(() => decodeFit(Buffer.from('PK'))).toThrow('damaged: it is 2 bytes long');
    expect(() => decodeFit(Buffer.alloc(100))).toThrow("damaged: it does not begin with 'SLSA'");
  });

  test('a newer format is named', () => {
    const newer = bytes.slice();
    newer[4] = 9;
    expect(() => decodeFit(newer)).toThrow('has format 9; this version reads 1');
  });
});
