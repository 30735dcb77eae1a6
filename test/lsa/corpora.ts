/** Small corpora for tests. */
import fc from 'fast-check';
import { type Bag, bagOf, collectCorpus } from '../../src/lsa/corpus.ts';
import { decompose } from '../../src/lsa/decompose.ts';
import { createFit, LSA_SETTINGS, type LsaFit, numbered } from '../../src/lsa/model.ts';

/** Two subjects. 'Felines' and 'cats' never stand in one passage, but share their company. */
export const PETS: readonly Bag[] = [
  ['a1', 'Cats sleep on warm sofas and chase mice.'],
  ['a2', 'Felines sleep on warm sofas and purr.'],
  ['a3', 'Mice fear cats that hunt at night.'],
  ['a4', 'Felines hunt mice at night and purr.'],
  ['a5', 'Warm sofas please whoever likes to purr.'],
  ['b1', 'Interest rates rise when banks fear inflation.'],
  ['b2', 'Banks lend money at interest to firms.'],
  ['b3', 'Inflation makes money and bonds lose value.'],
  ['b4', 'Firms issue bonds when rates fall.'],
].map(([id, text]) => bagOf({ id: id!, text: text! }));

/** A fit without its thread. */
export async function fitHere(bags: readonly Bag[], dimensions: number = LSA_SETTINGS.dimensions): Promise<LsaFit> {
  const { samplePassages, seed, oversampling, powerIterations } = LSA_SETTINGS;
  const corpus = await collectCorpus(bags, { samplePassages });
  const { terms, ...parts } = decompose(corpus, { dimensions, seed, oversampling, powerIterations });
  return createFit({ dimensions, ...parts, terms: numbered(terms) });
}

export const bag = (id: string, counts: Readonly<Record<string, number>>): Bag => ({
  id,
  terms: new Map(Object.entries(counts)),
});

const term = fc.oneof(
  fc.constantFrom('stream', 'tool', 'model', 'agent', 'chat', 'cache', 'route'),
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
);
const terms = fc
  .array(fc.tuple(term, fc.integer({ min: 1, max: 9 })), { maxLength: 12 })
  .map((entries) => new Map(entries));

/** Up to so many passages with ids of their own, some without terms, some equal. */
export const bags = (maxLength: number): fc.Arbitrary<Bag[]> =>
  fc.array(terms, { maxLength }).map((all) => all.map((counts, place) => ({ id: `passage ${place}`, terms: counts })));
