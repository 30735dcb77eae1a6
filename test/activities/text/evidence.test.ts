import { expect, test } from 'vitest';
import { evidenceIn } from '../../../src/extractive/check-by-words.ts';
import { termsOf } from '../../../src/extractive/terms.ts';
import type { Passage } from '../../../src/model/step-schemas.ts';

const passage: Passage = {
  id: 'a#0',
  score: 1,
  title: 'Caching',
  text: 'The console shows a reference to each error of the runtime, and receives what was cached.',
};
const other: Passage = { id: 'b#0', score: 1, title: 'Tomatoes', text: 'Plant them where it is warm.' };
const evidence = (question: string, passages = [passage]) => evidenceIn(passages, termsOf(question));
const words = (terms: readonly { readonly word: string }[]) => terms.map(({ word }) => word);

test('the rarest word that is missing tells, and whether it is a name', () => {
  const { signs, held, missing } = evidence('does the runtime have Tiktoken or a kitchen');
  const [, tiktoken] = termsOf('runtime tiktoken');
  expect(signs).toMatchObject({ rarestMissing: tiktoken!.weight, nameMissing: 1 });
  expect(words(held)).toEqual(['runtime']);
  expect(words(missing)).toEqual(['Tiktoken', 'kitchen']);
  expect(evidence('runtime tiktoken').signs.nameMissing).toBe(0);
});

test('words that stand on different pages are less evidence than on one', () => {
  const together = evidence('runtime console', [passage, other]);
  const apart = evidence('runtime tomatoes', [passage, other]);
  expect(together.signs.bestPage).toBe(1);
  expect(apart.missing).toEqual([]);
  expect(apart.signs.bestPage).toBeLessThan(1);
  expect(words(apart.apart).length).toBe(1);
  expect(apart.likelihood).toBeLessThan(together.likelihood);
});

test('passages of one page count together', () => {
  const [first, second] = [passage, { ...other, id: 'a#1' }];
  expect(evidence('runtime tomatoes', [first, second]).signs.bestPage).toBe(1);
});

test('each sign of its own makes an answer less likely, and nothing asked lacks nothing', () => {
  const all = evidence('runtime console').likelihood;
  const everyday = evidence('runtime console kitchen').likelihood;
  const rare = evidence('runtime console tiktoken').likelihood;
  const name = evidence('runtime console on Tiktoken').likelihood;
  expect([all, everyday, rare, name]).toEqual([all, everyday, rare, name].toSorted((one, two) => two - one));
  expect(new Set([all, everyday, rare, name]).size).toBe(4);
  expect(evidence('what is it').likelihood).toBe(1);
  expect(evidence('caching', []).likelihood).toBeLessThan(0.5);
});

test('titles count, and other forms of a word do', () => {
  expect(evidence('caching errors').missing).toEqual([]);
});

test('a name is held as a whole, not in its parts', () => {
  expect(words(evidence('ReferenceError').missing)).toEqual(['ReferenceError']);
});

test('a slip of the pen is forgiven where the word is known to nobody, and not in short words or those with digits', () => {
  for (const slip of ['consle', 'recieves']) expect([slip, evidence(slip).missing]).toEqual([slip, []]);
  for (const word of ['consul', 'rtm', 'eror9', 'xonsole', 'rantame'])
    expect([word, words(evidence(word).missing)]).toEqual([word, [word]]);
});
