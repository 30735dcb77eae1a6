/** What is defined in code against what was locked: changed metrics and scorers are found, new data and documents are none. */
import { expect, test } from 'vitest';
import { definitionChanges, registrationOf } from '../../../src/evaluation/compare/registration.ts';
import { specOf } from '../../../src/evaluation/spec-of.ts';
import { definedWith } from '../../cli/eval-world.ts';

const defined = definedWith(0.05);
const { spec } = await specOf({ definition: defined, version: 'f'.repeat(64), count: async () => 40 });
const versions = Object.fromEntries(spec.scorers.map(({ id }) => [id, `${id} over snapshot 1`]));
const locked = registrationOf(spec, { scorerVersions: versions });
const words = (definition: typeof defined) =>
  definitionChanges(locked, spec.scorers, definition).map(({ what, from, to }) => `${what}: ${from} → ${to}`);

test('the same definition has changed nothing, whatever was imported or ingested since', () => {
  expect(words(defined)).toEqual([]);
});

test('what was changed is named', () => {
  expect(words(definedWith(0.01))).toEqual(["minimumEffect of primary 'closeness': 0.05 → 0.01"]);
  expect(words({ ...defined, alpha: 0.1, split: null, repeats: 2 })).toEqual([
    'repeats: 1 → 2',
    'alpha: 0.05 → 0.1',
    'split of the dataset: dev → none',
  ]);
  expect(words({ ...defined, metrics: defined.metrics.slice(1) })[0]).toBe(
    "primary 'closeness': declared → not declared",
  );
});

test('a scorer that is defined otherwise, added or left out counts', () => {
  const [close, liked] = defined.scorers;
  const other = { ...close!, spec: { ...close!.spec, definitionHash: 'other' } };
  expect(words({ ...defined, scorers: [other, liked!] })).toEqual([
    "version of scorer 'close': close over snapshot 1 → other",
  ]);
  expect(words({ ...defined, scorers: [close!] })).toEqual(["version of scorer 'liked': liked over snapshot 1 → none"]);
});
