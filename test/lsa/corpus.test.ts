import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectCorpus, sampleIds } from '../../src/lsa/corpus.ts';
import { bag, bags } from './corpora.ts';

const many = (count: number) => Array.from({ length: count }, (_, place) => bag(`p${place}`, { [`t${place}`]: 1 }));

test('passages stand in the order of their ids, and terms of a passage in theirs', async () => {
  const given = [bag('b', { tool: 2, agent: 1 }), bag('a', { tool: 1 }), bag('c', {})];
  const { terms, starts, termNumbers, logFrequencies } = await collectCorpus(given, { samplePassages: 9 });
  expect(Array.from(starts)).toEqual([0, 1, 3, 3]);
  expect(Array.from(termNumbers, (number) => terms[number])).toEqual(['tool', 'agent', 'tool']);
  expect(Array.from(logFrequencies)).toEqual([1, 1, Math.fround(1 + Math.log(2))]);
});

test('bags may come one at a time', async () => {
  async function* arriving() {
    for (const each of many(3)) {
      await setImmediate();
      yield each;
    }
  }
  expect(await collectCorpus(arriving(), { samplePassages: 9 })).toEqual(
    await collectCorpus(many(3), { samplePassages: 9 }),
  );
});

test('of too many passages those are kept that sampleIds names, in whatever order they come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(many(60), { minLength: 60 }),
      fc.integer({ min: 1, max: 70 }),
      async (given, samplePassages) => {
        const { terms, starts, termNumbers } = await collectCorpus(given, { samplePassages });
        const kept = Array.from(termNumbers, (number) => terms[number]!.replace('t', 'p'));
        expect(starts.length - 1).toBe(Math.min(samplePassages, 60));
        expect(kept).toEqual(
          sampleIds(
            many(60).map(({ id }) => id),
            samplePassages,
          ).toSorted(),
        );
      },
    ),
    { numRuns: 50, seed: 2 },
  );
});

test('a sample is spread over the passages', () => {
  const ids = Array.from({ length: 10_000 }, (_, place) => `docs/page-${place}#0`);
  const sample = new Set(sampleIds(ids, 1_000));
  const perThousand = Array.from(
    { length: 10 },
    (_, block) => ids.slice(block * 1_000, (block + 1) * 1_000).filter((id) => sample.has(id)).length,
  );
  // 100 each, with a standard deviation of 9.
  expect(Math.min(...perThousand)).toBeGreaterThan(60);
  expect(Math.max(...perThousand)).toBeLessThan(140);
});

test('reading takes turns with other work', async () => {
  let turns = 0;
  let reading = true;
  const other = (async () => {
    for (; reading; turns++) await setImmediate();
  })();
  await collectCorpus(many(2_560), { samplePassages: 9_999 });
  reading = false;
  await other;
  expect(turns).toBeGreaterThanOrEqual(10);
});

test('progress is the number of passages read, those left out of the sample too', async () => {
  const read: number[] = [];
  await collectCorpus(many(600), { samplePassages: 5, onRead: (passages) => read.push(passages) });
  expect(read).toEqual([256, 512, 600]);
});

test('an abort ends the reading', async () => {
  const stop = new AbortController();
  let given = 0;
  function* endless() {
    for (; ; given++) yield bag(`${given}`, { tool: 1 });
  }
  const onRead = () => stop.abort(new Error('enough'));
  await expect(collectCorpus(endless(), { samplePassages: 5, signal: stop.signal, onRead })).rejects.toThrow('enough');
  expect(given).toBeLessThanOrEqual(512);
});

test('an id given twice is named', async () => {
  const given = [...many(3), bag('p1', { tool: 1 })];
  await expect(collectCorpus(given, { samplePassages: 9 })).rejects.toMatchObject({
    code: 'lsa_passage_duplicate',
    message: "the passage id 'p1' was given twice to one fit",
  });
});

test.each([0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY])(
  'a count of %d is refused by the name of its term',
  async (count) => {
    await expect(collectCorpus([bag('p', { tool: count })], { samplePassages: 9 })).rejects.toMatchObject({
      code: 'lsa_count_invalid',
      message: `the term 'tool' is counted ${count} times`,
    });
  },
);

test('any passages in any order make the same rows', async () => {
  const rowsOf = async (given: Parameters<typeof collectCorpus>[0]) => {
    const { terms, starts, termNumbers, logFrequencies } = await collectCorpus(given, { samplePassages: 9 });
    return { starts, named: Array.from(termNumbers, (number) => terms[number]), logFrequencies };
  };
  await fc.assert(
    fc.asyncProperty(bags(8), async (given) => {
      expect(await rowsOf(given.toReversed())).toEqual(await rowsOf(given));
    }),
    { seed: 3 },
  );
});
