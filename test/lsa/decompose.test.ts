import { expect, test } from 'vitest';
import { chooseTerms } from '../../src/lsa/decompose.ts';
import { LSA_SETTINGS } from '../../src/lsa/model.ts';

/** Names of which the order as strings is that of their numbers. */
const names = (count: number) => Array.from({ length: count }, (_, place) => `t${String(place).padStart(7, '0')}`);

test('terms are in order, and those of no passage are left out', () => {
  expect(chooseTerms(['tool', 'agent', 'gone', 'chat'], Uint32Array.of(1, 2, 0, 1))).toEqual([1, 3, 0]);
});

test('terms of a single passage stay while there are no more than 50,000 terms', () => {
  const { hapaxTerms } = LSA_SETTINGS;
  const terms = names(hapaxTerms + 1);
  const frequencies = new Uint32Array(terms.length).fill(1);
  frequencies.fill(2, 0, 3);
  expect(chooseTerms(terms.slice(0, hapaxTerms), frequencies)).toHaveLength(hapaxTerms);
  expect(chooseTerms(terms, frequencies)).toEqual([0, 1, 2]);
});

test('of more than 60,000 terms those of the most passages stay, the first of equal ones', () => {
  const terms = names(LSA_SETTINGS.terms + 2);
  const frequencies = new Uint32Array(terms.length).fill(2);
  frequencies[terms.length - 1] = 3;
  const chosen = chooseTerms(terms, frequencies);
  expect(chosen).toHaveLength(LSA_SETTINGS.terms);
  expect(chosen.slice(-2)).toEqual([LSA_SETTINGS.terms - 2, terms.length - 1]);
});
