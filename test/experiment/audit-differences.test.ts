import { expect, test } from 'vitest';
import { differences } from '../../src/experiment/audit.ts';

test.each<[string, unknown, unknown, readonly string[]]>([
  ['the same', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['numbers that machines round differently', 0.1 + 0.2, 0.3, []],
  ['numbers that they do not', { p: 1e-12 }, { p: 1.01e-12 }, ['p']],
  ['large ones are compared by their size', 1e12 + 1, 1e12, []],
  ['almost nothing is nothing', 1e-17, 0, []],
  ['null is no 0', { p: null }, { p: 0 }, ['p']],
  ['what one alone has', { a: 1 }, { b: 1 }, ['a', 'b']],
  ['a list of another length', { a: [1, 2] }, { a: [1] }, ['a[1]']],
  ['a list is no object', { a: [1] }, { a: { 0: 1 } }, ['a']],
])('%s', (_, recorded, recomputed, at) => {
  expect(differences(recorded as never, recomputed as never).map((difference) => difference.at)).toEqual(at);
});
