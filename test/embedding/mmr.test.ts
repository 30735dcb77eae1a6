import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diversify } from '../../src/retrieval/embedder.ts';

const at = (degrees: number) => {
  const angle = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
};
/** Candidates by their angle; the query is at 0. */
const candidates = (...angles: readonly number[]) =>
  angles.map((angle) => ({ angle, score: Math.cos((angle * Math.PI) / 180), vector: at(angle) }));
const taken = (list: readonly { readonly angle: number }[]) => list.map(({ angle }) => angle);

test('takes the most marginal relevance each time: a case done by hand', () => {
  // After 10°: 12° is worth .5 × .978 − .5 × .999 = −.011, −40° .5 × .766 − .5 × .643 = .062; then 12° still beats 80°.
  expect(taken(diversify(candidates(10, 12, -40, 80), 3, 0.5))).toEqual([10, -40, 12]);
  expect(taken(diversify(candidates(10, 12, -40, 80), 3, 1))).toEqual([10, 12, -40]);
});

test('equal candidates keep their order, and none is taken twice', () => {
  expect(diversify(candidates(0, 0, 0), 2, 0.5)).toHaveLength(2);
  expect(diversify([], 3, 0.5)).toEqual([]);
  expect(taken(diversify(candidates(5, 6), 9, 0.5))).toEqual([5, 6]);
});

test('is the definition, written out: for any candidates and lambda', () => {
  const angle = fc.integer({ min: -90, max: 90 });
  fc.assert(
    fc.property(
      fc.uniqueArray(angle, { maxLength: 9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (angles, lambda) => {
        const all = candidates(...angles);
        const chosen: typeof all = [];
        const cosine = (one: number, other: number) => Math.cos(((one - other) * Math.PI) / 180);
        for (const next of diversify(all, 5, lambda)) {
          const worth = (each: (typeof all)[0]) =>
            lambda * each.score - (1 - lambda) * Math.max(...chosen.map((other) => cosine(each.angle, other.angle)));
          const worthOf = (each: (typeof all)[0]) => (chosen.length === 0 ? lambda * each.score : worth(each));
          const rest = all.filter((each) => !chosen.includes(each));
          expect(worthOf(next)).toBeGreaterThanOrEqual(Math.max(...rest.map(worthOf)) - 1e-6);
          chosen.push(next);
        }
        expect(chosen).toHaveLength(Math.min(5, all.length));
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
