/** Where a key leads to, by what it may do. */
import { expect, test } from 'vitest';
import { homeOf, isFor } from '../../dashboard/places.ts';

test('who may review and not read is led to reviews, and to nothing else', () => {
  const places = ['/runs', '/reviews', '/audit'];
  const ledTo = (...scopes: readonly string[]) => [
    homeOf({ scopes }),
    places.filter((path) => isFor({ scopes }, path)),
  ];
  expect(ledTo('feedback')).toEqual(['/reviews', ['/reviews']]);
  expect(ledTo('read', 'feedback')).toEqual(['/runs', places]);
});
