import { expect, test } from 'vitest';
import { withGaps } from '../../dashboard/screens/run/trace-gaps.ts';

const placed = (...indexes: readonly number[]) =>
  indexes.map((index) => ({ index, start: index * 10, end: index * 10 + 10 }));

test('what is left out keeps its room, before, between and after', () => {
  expect(withGaps(placed(0, 1), 20)).toEqual([{ index: 0 }, { index: 1 }]);
  expect(withGaps(placed(2, 3, 7), 100)).toEqual([
    { gap: 0, height: 20 },
    { index: 2 },
    { index: 3 },
    { gap: 40, height: 30 },
    { index: 7 },
    { gap: 80, height: 20 },
  ]);
  expect(withGaps([], 30)).toEqual([{ gap: 0, height: 30 }]);
});
