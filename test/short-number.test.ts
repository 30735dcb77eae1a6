import { describe, expect, it } from 'vitest';
import { said } from '../dashboard/screens/runs/condition-words.ts';
import { shortJson, shortNumber } from '../src/base/short-number.ts';

describe('shortNumber', () => {
  it.each([
    [2 / 3, '0.667'],
    [-1 / 3, '-0.333'],
    [1234.5678, '1235'],
    [12_345_678, '12345678'],
    [0.000123456, '0.000123'],
    [0, '0'],
  ])('writes %f with 3 significant digits, and whole numbers whole', (value, shown) => {
    expect(shortNumber(value)).toBe(shown);
  });

  it('shortens the numbers within a score', () => {
    expect(shortJson({ correct: 2 / 3, why: 'it cites 1.23456', of: [1 / 3] })).toBe(
      '{"correct":0.667,"why":"it cites 1.23456","of":[0.333]}',
    );
  });
});

describe('the filter of runs', () => {
  it('says a limit that was drawn in a few digits', () => {
    expect(said({ field: 'latencyMs', op: '>=', value: 0.6666666666666666 })).toMatch(/ >= 0\.667$/);
    expect(said({ field: 'question', op: 'contains', value: '0.6666666666666666' })).toMatch(/0\.6666666666666666$/);
  });
});
