import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashJson, planId, shortId } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import { changed, docsBot } from './example.ts';

describe('canonical JSON', () => {
  it('is the form that RFC 8785 gives in its example (3.2.2 and 3.2.3)', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000f\u000aA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800'])('refuses %o', (value) => {
    expect(() => canonicalJson({ value })).toThrow(expect.objectContaining({ code: 'json_not_canonical' }));
  });

  it('refuses nothing at all', () => {
    expect(() => canonicalJson(undefined as unknown as Json)).toThrow('undefined has no JSON form');
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hashJson(reversed(value as Json))).toBe(hashJson(value as Json));
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('the id of a plan', () => {
  it('is the SHA-256 of that (of {} here, as sha256sum prints it)', () => {
    expect(hashJson({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  it('is equal for equal plans, and another when anything changes', () => {
    expect(planId(structuredClone(docsBot))).toBe(planId(docsBot));
    expect(planId(changed('nodes.4.call.config.topN', 9))).not.toBe(planId(docsBot));
    expect(planId(changed('nodes.4.policy.attempts', 4))).not.toBe(planId(docsBot));
  });

  it('is shown by its first 12 digits', () => {
    expect(planId(docsBot)).toMatch(/^[0-9a-f]{64}$/);
    expect(shortId(planId(docsBot))).toBe(planId(docsBot).slice(0, 12));
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return (value as Json[]).map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner as Json)]),
  );
}
