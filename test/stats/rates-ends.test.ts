import { expect, test } from 'vitest';
import { wilson } from '../../src/stats/rates.ts';

test('where none, or all, succeeded the interval ends there, without what rounding leaves', () => {
  for (let n = 1; n <= 300; n += 1)
    for (const alpha of [0.05, 0.01]) {
      expect(wilson(0, n, alpha).lo).toBe(0);
      expect(wilson(n, n, alpha).hi).toBe(1);
    }
});
