import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const [FIRST, SECOND] = [keyOf(0xa7), keyOf(0x3c)];
const read = (SLUICE_ENCRYPTION_KEYS: string) => readConfig({ SLUICE_ENCRYPTION_KEYS });

describe('SLUICE_ENCRYPTION_KEYS', () => {
  test('is off unless set', () => {
    expect(readConfig({}).encryption).toBeUndefined();
    expect(read('').encryption).toBeUndefined();
  });

  test('gives keys in their order', () => {
    const { encryption } = read(`2026-q3:${SECOND}, 2026-q2:${FIRST}`);
    expect(encryption?.map(({ id, key }) => [id, key.reveal()])).toEqual([
      ['2026-q3', SECOND],
      ['2026-q2', FIRST],
    ]);
    expect(Object.isFrozen(encryption)).toBe(true);
  });

  test('is hidden wherever a config is shown', () => {
    const config = read(`a:${FIRST}`);
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.encryption)])
      expect(shown).not.toContain(FIRST.slice(0, 12));
  });

  test.each([
    ['a key without an id', FIRST, /key 1 of 1 does not begin with an id/],
    ['an id behind its key', `${FIRST}:a`, /key 1 of 1 does not begin with an id/],
    ['a key without padding as an id', `${FIRST.slice(0, 43)}:${SECOND}`, /does not begin with an id/],
    ['an id without a key', 'a:', /'a', is not base64; make one with: openssl rand -base64 32/],
    ['a key in hexadecimal', `a:${Buffer.alloc(32, 1).toString('hex')}`, /has 48 bytes, 32 are needed; make one/],
    ['a short key', `a:${FIRST},b:${Buffer.alloc(16, 1).toString('base64')}`, /key 2 of 2, 'b', has 16 bytes/],
    ['base64 for addresses', `a:${Buffer.alloc(32, 0xff).toString('base64url')}`, /is not base64/],
    ['an id that stands for two', `a:${FIRST},a:${SECOND}`, /key 2 of 2, 'a', has the id or the bytes of 'a'/],
    ['bytes that have two ids', `a:${FIRST},b:${FIRST}`, /key 2 of 2, 'b', has the id or the bytes of 'a'/],
    ['a list that ends in a comma', `a:${FIRST},`, /key 2 of 2 does not begin/],
    ['too many', Array.from({ length: 21 }, (_, n) => `k${n}:${keyOf(n)}`).join(), /21 keys, 20 are allowed/],
  ])('refuses %s, and shows none of it', (_, value, problem) => {
    const refusal = (() => {
      try {
        return read(value);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(refusal).toMatchObject({ code: 'config_invalid', message: expect.stringMatching(problem) });
    expect(inspect(refusal)).toContain('SLUICE_ENCRYPTION_KEYS');
    for (const key of [FIRST, SECOND]) expect(inspect(refusal, { depth: 9 })).not.toContain(key.slice(0, 12));
  });
});
