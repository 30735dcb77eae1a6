import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/plan/plan.ts';
import { CLAIM_ABOVE_BYTES, type Payloads, restoreClaims, storeLarge } from '../../src/store/claims.ts';

function memory(): Payloads & { readonly rows: Map<string, string> } {
  const rows = new Map<string, string>();
  return {
    rows,
    put: async (hash, text) => void rows.set(hash, text),
    get: async (hashes) =>
      new Map(hashes.flatMap((hash) => (rows.has(hash) ? [[hash, rows.get(hash)!] as const] : []))),
  };
}
const bytesOf = (value: Json) => Buffer.byteLength(JSON.stringify(value));

describe('the claim check', () => {
  test('leaves small values alone', async () => {
    const payloads = memory();
    const value = { text: 'small', list: [1, 2] };
    expect(await storeLarge(payloads, value, 'it')).toBe(value);
    expect(payloads.rows.size).toBe(0);
  });

  test('stores the largest parts aside, and keeps what conditions read', async () => {
    const payloads = memory();
    const value = {
      passed: true,
      score: 0.5,
      inner: { passages: Array.from({ length: 300 }, () => 'x'.repeat(1_000)), note: 'short' },
    };
    const stored = (await storeLarge(payloads, value, 'it')) as typeof value;
    expect(stored).toMatchObject({
      passed: true,
      score: 0.5,
      inner: { note: 'short', passages: { $claim: expect.any(String), length: 300 } },
    });
    expect(bytesOf(stored as unknown as Json)).toBeLessThan(CLAIM_ABOVE_BYTES);
    expect(await restoreClaims(payloads, stored as unknown as Json)).toEqual(value);
  });

  test('keeps in an outline what a workflow reads inside a claimed list, while that is short', async () => {
    const item = (index: number) => ({ text: 'x'.repeat(1_000), keep: index % 2 === 0, parts: ['a', 'b'] });
    const list = Array.from({ length: 400 }, (_, index) => item(index));
    const stored = (await storeLarge(memory(), { list }, 'it')) as { list: { at: Json } };
    expect(stored.list).toMatchObject({ length: 400, at: { 7: { at: { keep: false, parts: { length: 2 } } } } });
    const flags = Array.from({ length: 60_000 }, () => true);
    const many = (await storeLarge(memory(), { flags }, 'it')) as { flags: object };
    expect(many.flags).toEqual({ $claim: expect.any(String), bytes: bytesOf(flags), length: 60_000 });
  });

  test('gives back a part of what was claimed, by its path', async () => {
    const payloads = memory();
    const list = Array.from({ length: 400 }, (_, index) => ({ text: `${index} ${'x'.repeat(1_000)}` }));
    const stored = (await storeLarge(payloads, { list }, 'it')) as { list: { $claim: string; bytes: number } };
    const part = { ...stored.list, path: [7, 'text'] };
    expect(await restoreClaims(payloads, { input: part })).toEqual({ input: list[7]!.text });
  });

  test('refuses a claim that it did not make', async () => {
    const forged = { answer: [{ $claim: 'a'.repeat(64), bytes: 1 }] };
    await expect(storeLarge(memory(), forged, "the output of 'draft'")).rejects.toMatchObject({ code: 'claim_forged' });
  });

  test('refuses what is too large by name, and a claim whose payload is gone', async () => {
    await expect(
      storeLarge(memory(), { text: 'x'.repeat(1_600_000) }, "the output of 'draft[2]'"),
    ).rejects.toMatchObject({
      code: 'PayloadTooLarge',
      message: expect.stringContaining("'draft[2]'"),
    });
    await expect(restoreClaims(memory(), { text: { $claim: 'abc', bytes: 1 } })).rejects.toMatchObject({
      code: 'payload_missing',
    });
  });

  test('gives back exactly what was stored, whatever it is', async () => {
    const large = fc
      .integer({ min: 1, max: 5 })
      .map((count) => Array.from({ length: count }, () => 'ü'.repeat(60_000)));
    const values = fc.record({ small: fc.jsonValue(), lists: fc.array(large, { minLength: 1, maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(values, async (generated) => {
        const value = JSON.parse(JSON.stringify(generated)) as Json;
        if (bytesOf(value) > 1_500_000 || JSON.stringify(value).includes('$claim')) return;
        const payloads = memory();
        expect(await restoreClaims(payloads, await storeLarge(payloads, value, 'it'))).toEqual(value);
      }),
      { numRuns: 50, seed: 7 },
    );
  });
});
