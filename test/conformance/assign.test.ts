/** The vectors that any implementation of the assignment is checked by; the database's are in the store's suite. */
import { describe, expect, test } from 'vitest';
import { assign, isIn, murmur3 } from '../../src/model/assign.ts';
import recorded from './assign.json' with { type: 'json' };
import { type AssignVectors, makeVectors } from './assign-vectors.ts';

const { version, vectors } = recorded as unknown as AssignVectors;

describe('the vectors of the assignment', () => {
  test('are those that their script makes', () => {
    expect({ version, vectors }).toEqual(makeVectors());
  });

  test('are many, and see every arm that gets somebody', () => {
    expect(vectors.length).toBeGreaterThan(200);
    expect(vectors.filter(({ unit }) => /[^\0-\x7f]/.test(unit)).length).toBeGreaterThan(100);
    expect(vectors.filter(({ arm }) => arm !== null).length).toBeGreaterThan(150);
    expect(vectors.filter(({ arm }) => arm === null).length).toBeGreaterThan(30);
    const arms = new Set(vectors.map(({ armSalt, arm }) => `${armSalt} ${arm}`));
    for (const closed of [0, 1, 2, 3, 4])
      expect(arms.has(`closed arm-${closed}`), `closed arm-${closed}`).toBe(closed % 2 === 1);
  });

  test('know which side of a bound is in', () => {
    const edges = vectors.filter(({ armSalt }) => armSalt === 'edge').map(({ arm }) => arm);
    expect(edges.length).toBe(20);
    for (let first = 0; first < edges.length; first += 5)
      expect(edges.slice(first, first + 5)).toEqual([expect.any(String), null, null, 'arm-1', 'arm-0']);
  });

  test('are what TypeScript finds', () => {
    const found = vectors.map((vector) => {
      const { unit, shareSalt, armSalt } = vector;
      const shareHash = murmur3(`${shareSalt}.share:${unit}`);
      const armHash = murmur3(`${armSalt}.arm:${unit}`);
      return { ...vector, shareHash, armHash, arm: assign(vector, unit)?.arm ?? null };
    });
    expect(found).toEqual(vectors);
    const inShare = vectors.map(({ shareSalt, unit, range }) => isIn(shareSalt, unit, range));
    expect(inShare).toEqual(vectors.map(({ arm }) => arm !== null));
  });
});
