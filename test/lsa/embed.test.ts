import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bag, termsOf } from '../../src/lsa/corpus.ts';
import { embed } from '../../src/lsa/model.ts';
import { bag, bags, fitHere, PETS } from './corpora.ts';
import { denseRows, denseVectors, dot } from './reference.ts';

describe('a passage of the fit', () => {
  test.each([1, 3, 9, 128])(
    'folds in as its own row of the dense decomposition, to 1e-6 (%i dimensions)',
    async (dimensions) => {
      const fit = await fitHere(PETS, dimensions);
      const own = denseVectors(PETS, dimensions);
      expect(fit.rank).toBe(own[0]!.length);
      const folded = PETS.map(({ terms }) => embed(fit, terms)!);
      for (let place = 0; place < fit.rank; place++) {
        // A singular vector is one up to its sign.
        const sign = Math.sign(folded.reduce((sum, vector, row) => sum + vector[place]! * own[row]![place]!, 0));
        for (const [row, vector] of folded.entries())
          expect(Math.abs(vector[place]! - sign * own[row]![place]!)).toBeLessThan(1e-6);
      }
    },
  );

  test('keeps the angles between passages where nothing is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(bags(12), async (given) => {
        const fit = await fitHere(given);
        const vectors = given.map(({ terms }) => embed(fit, terms));
        const rows = denseRows(given).to2DArray();
        const order = given.map(({ id }) => id).toSorted();
        const rowOf = (each: Bag) => rows[order.indexOf(each.id)]!;
        for (const [one, vector] of vectors.entries()) {
          expect(vector === undefined).toBe(given[one]!.terms.size === 0);
          for (const [other, another] of vectors.entries())
            if (vector && another)
              expect(dot(vector, another)).toBeCloseTo(dot(rowOf(given[one]!), rowOf(given[other]!)), 5);
        }
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

describe('any bag', () => {
  test('has a vector of length 1 and of the full number of dimensions, or none', async () => {
    const fit = await fitHere(PETS, 4);
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom(...fit.terms.keys(), 'unknown'), fc.double({ min: 1, max: 1e9, noNaN: true })),
        ),
        (entries) => {
          const terms = new Map(entries);
          const vector = embed(fit, terms);
          if ([...terms.keys()].every((term) => term === 'unknown')) expect(vector).toBeUndefined();
          if (!vector) return;
          expect(vector).toHaveLength(4);
          expect(dot(vector, vector)).toBeCloseTo(1, 5);
        },
      ),
      { seed: 6 },
    );
  });

  test('has the same vector to the last bit in whatever order its terms come', async () => {
    const fit = await fitHere(PETS, 4);
    const { terms } = PETS[0]!;
    expect(embed(fit, new Map([...terms].toReversed()))).toEqual(embed(fit, terms));
  });

  test('terms that the fit does not know change nothing', async () => {
    const fit = await fitHere(PETS);
    expect(embed(fit, termsOf('warm quokka sofas'))).toEqual(embed(fit, termsOf('warm sofas')));
  });

  test('is refused where a count is no count, even of an unknown term', async () => {
    const fit = await fitHere(PETS);
    const refused = expect.objectContaining({ code: 'lsa_count_invalid' });
    expect(() => embed(fit, new Map([['sofa', Number.NaN]]))).toThrow(refused);
    expect(() => embed(fit, new Map([['quokka', 0]]))).toThrow(refused);
  });
});

test('words that never meet, but keep the same company, are near: what the model is for', async () => {
  const fit = await fitHere(PETS, 2);
  const cosine = (one: string, other: string) => dot(embed(fit, termsOf(one))!, embed(fit, termsOf(other))!);
  expect(cosine('cats', 'felines')).toBeGreaterThan(0.9);
  expect(cosine('cats', 'bonds')).toBeLessThan(0.3);
});

describe('the smallest corpora', () => {
  test('no passage, or passages without terms: a fit that knows nothing', async () => {
    for (const given of [[], [bag('a', {})], [bag('a', {}), bag('b', {})]]) {
      const fit = await fitHere(given);
      expect(fit).toMatchObject({ rank: 0, passages: given.length, dimensions: 128 });
      expect(embed(fit, termsOf('anything'))).toBeUndefined();
      expect(embed(fit, new Map())).toBeUndefined();
    }
  });

  test('one passage: it is like itself', async () => {
    const fit = await fitHere([bag('a', { tool: 2, agent: 1 })]);
    expect(fit.rank).toBe(1);
    const vector = embed(
      fit,
      new Map([
        ['tool', 2],
        ['agent', 1],
      ]),
    )!;
    expect(Array.from(vector)).toEqual([1, ...new Array(127).fill(0)]);
  });

  test('equal passages: one dimension, equal vectors', async () => {
    const given = ['a', 'b', 'c', 'd'].map((id) => bag(id, { tool: 2, agent: 1, chat: 1 }));
    const fit = await fitHere(given);
    expect(fit.rank).toBe(1);
    expect(embed(fit, given[0]!.terms)![0]).toBeCloseTo(1, 6);
  });

  test('what lies outside the fitted space has no vector', async () => {
    // 'rare' and the rest share no passage, and one dimension is the rest's.
    const given = [...['a', 'b', 'c'].map((id) => bag(id, { tool: 1, agent: 1 })), bag('d', { rare: 1 })];
    const fit = await fitHere(given, 1);
    expect(fit.terms.has('rare')).toBe(true);
    expect(embed(fit, new Map([['rare', 1]]))).toBeUndefined();
  });
});
