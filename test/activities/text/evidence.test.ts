import { expect, test } from 'vitest';
import { evidenceIn } from '../../../activities/text/evidence.ts';
import { termsOf } from '../../../activities/text/terms.ts';
import type { Passage } from '../../../pipelines/schemas.ts';

const passage: Passage = {
  id: 'a#0',
  score: 1,
  title: 'Caching',
  text: 'The console shows a reference to each error of the runtime, and receives what was cached.',
};
const evidence = (question: string) => evidenceIn([passage], termsOf(question));

test('is the share of the question that passages hold, by squared rarity', () => {
  const { share, held, missing } = evidence('runtime tiktoken');
  const [runtime, tiktoken] = termsOf('runtime tiktoken').map(({ weight }) => weight ** 2);
  expect(share).toBeCloseTo(runtime! / (runtime! + tiktoken!), 12);
  expect(held.map(({ word }) => word)).toEqual(['runtime']);
  expect(missing.map(({ word }) => word)).toEqual(['tiktoken']);
});

test('titles count, other forms of a word do, and where nothing is asked nothing lacks', () => {
  expect(evidence('caching errors').share).toBe(1);
  expect(evidence('what is it').share).toBe(1);
  expect(evidenceIn([], termsOf('caching')).share).toBe(0);
});

test('a name is held in its parts, all of them', () => {
  expect(evidence('ReferenceError').share).toBe(1);
  expect(evidence('ReferenceHandler').share).toBe(0);
});

test('a slip of the pen is forgiven where the word is known to nobody, and not in short words or those with digits', () => {
  for (const slip of ['consle', 'recieves']) expect([slip, evidence(slip).share]).toEqual([slip, 1]);
  for (const other of ['consul', 'rtm', 'eror9', 'xonsole']) expect([other, evidence(other).share]).toEqual([other, 0]);
});
