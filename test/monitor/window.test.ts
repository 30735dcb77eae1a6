/** What a window's scores come to, and when that alerts. */
import { describe, expect, test } from 'vitest';
import type { AlertSettings, AlertState, MonitorSpec } from '../../src/model/monitor-spec.ts';
import { alertStateOf, windowStatistics } from '../../src/monitor/window.ts';
import { randomFrom } from '../../src/stats/random.ts';

const FIELD = { better: 'higher', format: 'share', worst: 0, best: 1 } as const;
const SPEC = {
  fields: { good: 'rate', size: 'mean', open: 'mean' },
  scorer: { fields: { good: FIELD, size: { ...FIELD, worst: 5, best: 1 }, open: { ...FIELD, best: null } } },
} as unknown as MonitorSpec;

const sumsOf = (values: readonly number[]) => {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, variance: n < 2 ? 0 : squares / (n - 1) };
};
const statistics = (fields: { readonly [field: string]: readonly number[] }, sampled = 10, scored = sampled) =>
  windowStatistics(SPEC, {
    ...{ from: 1, to: 2, sampled, scored },
    fields: Object.fromEntries(Object.entries(fields).map(([field, values]) => [field, sumsOf(values)])),
  });
const repeated = (value: number, times: number): number[] => Array<number>(times).fill(value);

describe('a window', () => {
  test('has the rate of a boolean with Wilson’s interval, of 99 %', () => {
    // By hand: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), with z = 2.5758, p = 0.9, n = 20.
    const { good } = statistics({ good: [...repeated(1, 18), 0, 0] }).fields;
    expect(good).toEqual({
      ...{ kind: 'rate', n: 20, mean: 0.9 },
      ...{ lo: expect.closeTo(0.620502, 6), hi: expect.closeTo(0.980213, 6) },
    });
  });
  test('has the mean of a number with Student’s', () => {
    // t of 4 degrees of freedom at 99.5 %: 4.6041; s² = 2.5, n = 5.
    const { size } = statistics({ size: [1, 2, 3, 4, 5] }).fields;
    const half = 4.604_094_871 * Math.sqrt(2.5 / 5);
    expect(size).toMatchObject({
      kind: 'mean',
      n: 5,
      mean: 3,
      lo: expect.closeTo(3 - half, 6),
      hi: expect.closeTo(3 + half, 6),
    });
  });
  test('of equal scores has an interval that rests on their bounds, and none where there are none', () => {
    const { size, open } = statistics({ size: repeated(5, 200), open: repeated(5, 200) }).fields;
    expect(size!.hi).toBe(5);
    expect(size!.lo).toBeGreaterThan(4.5);
    expect(size!.lo).toBeLessThan(5);
    expect(open).toMatchObject({ mean: 5, lo: null, hi: null });
  });
  test('of one number has no interval, and a field without a score is absent: it is not zero', () => {
    expect(statistics({ size: [3] }).fields).toEqual({ size: { kind: 'mean', n: 1, mean: 3, lo: null, hi: null } });
    expect(statistics({}, 4, 0)).toMatchObject({ sampled: 4, scored: 0, coverage: 0, fields: {} });
  });
  test('says how many of those sampled have a score; of none there is nothing to say', () => {
    expect(statistics({}, 8, 6).coverage).toBe(0.75);
    expect(statistics({}, 0, 0).coverage).toBeNull();
  });
});

describe('an alert', () => {
  const settings = (more: Partial<AlertSettings> = {}): AlertSettings => ({
    ...{ field: 'good', below: 0.8, above: null, atLeast: 20 },
    ...more,
  });
  const stateOf = (values: readonly number[], was: AlertState = 'ok', more: Partial<AlertSettings> = {}) =>
    alertStateOf(settings(more), statistics({ good: values }), was);
  const share = (good: number, n: number) => [...repeated(1, good), ...repeated(0, n - good)];

  test('begins when the whole interval is beyond, and not when the estimate alone is', () => {
    expect(stateOf(share(70, 100))).toBe('ok');
    expect(stateOf(share(60, 100))).toBe('alerting');
    expect(stateOf(share(60, 100), 'unknown')).toBe('alerting');
    expect(stateOf(share(30, 100), 'ok', { below: null, above: 0.1 })).toBe('alerting');
    expect(stateOf(share(15, 100), 'ok', { below: null, above: 0.1 })).toBe('ok');
  });
  test('goes on for as long as the estimate is beyond, so that it does not come and go', () => {
    expect(stateOf(share(79, 100), 'alerting')).toBe('alerting');
    expect(stateOf(share(80, 100), 'alerting')).toBe('ok');
    expect(stateOf(share(11, 100), 'alerting', { below: null, above: 0.1 })).toBe('alerting');
    expect(stateOf(share(10, 100), 'alerting', { below: null, above: 0.1 })).toBe('ok');
  });
  test('is neither begun nor ended by too few scores, or by none', () => {
    for (const was of ['unknown', 'ok', 'alerting'] as const) {
      expect(stateOf(share(0, 19), was)).toBe(was);
      expect(alertStateOf(settings(), statistics({ size: [1, 2] }), was)).toBe(was);
    }
    expect(stateOf(share(20, 20), 'unknown')).toBe('ok');
  });
  test('does not begin where nothing is wrong, however often one looks: a thousand windows, each looked at twelve times', () => {
    const random = randomFrom(5);
    const [size, windows] = [60, 1_000];
    const values: number[] = [];
    let alerts = 0;
    for (let n = 0; n < size * windows; n += 1) {
      values.push(Number(random.uniform() < 0.9));
      if (values.length > size) values.shift();
      if (n % 5 === 0 && values.length === size && stateOf(values) === 'alerting') alerts += 1;
    }
    expect(alerts).toBe(0);
  });
  test('at the very threshold begins at about one look in a hundred', () => {
    const random = randomFrom(7);
    const looks = 4_000;
    let alerts = 0;
    for (let look = 0; look < looks; look += 1) {
      const values = Array.from({ length: 60 }, () => Number(random.uniform() < 0.8));
      if (stateOf(values) === 'alerting') alerts += 1;
    }
    expect(alerts).toBeGreaterThan(0);
    expect(alerts / looks).toBeLessThan(0.015);
  });
});
