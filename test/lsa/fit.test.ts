import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleIds } from '../../src/lsa/corpus.ts';
import { type FitProgress, fitLsa } from '../../src/lsa/fit.ts';
import { encodeFit } from '../../src/lsa/model.ts';
import { bag, bags, fitHere, PETS } from './corpora.ts';

/** So many passages of seeded words, one of ten words in each from a small vocabulary of its own. */
const many = (count: number) =>
  Array.from({ length: count }, (_, place) => {
    const words = Array.from(
      { length: 10 },
      (_, word) => `w${(place * (word + 3) * 7919) % (word === 0 ? 4_001 : 97)}`,
    );
    return bag(`p${place}`, Object.fromEntries(words.map((word) => [word, 1 + (place % 3)])));
  });

test('the thread gives what the same code gives here', async () => {
  expect(encodeFit(await fitLsa(PETS))).toEqual(encodeFit(await fitHere(PETS)));
});

test('the same passages in any order give the same fit, to the last byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      bags(12).chain((given) => fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))),
      async ([given, shuffled]) => {
        expect(encodeFit(await fitHere(shuffled, 3))).toEqual(encodeFit(await fitHere(given, 3)));
      },
    ),
    { numRuns: 60, seed: 9 },
  );
});

test('a fit on a sample is the fit on the passages that sampleIds names', async () => {
  const all = many(300);
  const sample = new Set(
    sampleIds(
      all.map(({ id }) => id),
      100,
    ),
  );
  const sampled = await fitLsa(all, { samplePassages: 100 });
  expect(sampled.passages).toBe(100);
  expect(sampled.id).toBe((await fitLsa(all.filter(({ id }) => sample.has(id)))).id);
});

test('the seed is part of a fit where directions are left out', async () => {
  const ids = await Promise.all([1, 2].map(async (seed) => (await fitLsa(many(300), { dimensions: 8, seed })).id));
  expect(ids[0]).not.toBe(ids[1]);
});

test('progress: passages as they are read, then steps, told while the thread works', async () => {
  const told: FitProgress[] = [];
  await fitLsa(many(600), { onProgress: (progress) => told.push(progress) });
  expect(told.slice(0, 3)).toEqual([256, 512, 600].map((passages) => ({ phase: 'read', passages })));
  const steps = told.slice(3);
  expect(steps.length).toBeGreaterThan(0);
  expect(steps).toEqual(steps.map((_, place) => ({ phase: 'fit', done: place + 1, total: 7 })));
});

describe('an abort', () => {
  test('before the start reads nothing', async () => {
    let read = 0;
    function* reading() {
      for (const each of PETS) {
        read++;
        yield each;
      }
    }
    const signal = AbortSignal.abort(new Error('not now'));
    await expect(fitLsa(reading(), { signal })).rejects.toThrow('not now');
    expect(read).toBe(0);
  });

  test('ends the thread in the middle of its work', async () => {
    const stop = new AbortController();
    const told: FitProgress[] = [];
    const onProgress = (progress: FitProgress) => {
      told.push(progress);
      if (progress.phase === 'fit') stop.abort(new Error('the worker shuts down'));
    };
    await expect(fitLsa(many(3_000), { signal: stop.signal, onProgress })).rejects.toThrow('the worker shuts down');
    expect(told.filter(({ phase }) => phase === 'fit')).toEqual([{ phase: 'fit', done: 1, total: 7 }]);
  });
});

test.each([
  ['dimensions', 0],
  ['dimensions', 1_001],
  ['dimensions', 1.5],
  ['samplePassages', Number.NaN],
  ['samplePassages', 100_001],
])('%s of %d is refused', async (name, value) => {
  await expect(fitLsa(PETS, { [name]: value })).rejects.toMatchObject({
    code: 'lsa_option_invalid',
    message: `a fit of local/lsa was asked for with ${name} ${value}`,
  });
});
