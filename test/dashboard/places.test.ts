/** Where a key leads to, by what it may do. */
import { expect, test } from 'vitest';
import { homeOf, placesOf } from '../../src/dashboard/web/screens.ts';

test('who may review and not read is led to reviews, and to nothing else', () => {
  const reviewer = { scopes: ['feedback'] };
  expect([homeOf(reviewer), placesOf(reviewer).map(({ path }) => path)]).toEqual(['/reviews', ['/reviews']]);
  const reader = { scopes: ['read'] };
  expect(homeOf(reader)).toBe('/runs');
  expect(placesOf(reader).map(({ path }) => path)).toEqual(expect.arrayContaining(['/runs', '/reviews', '/audit']));
});
