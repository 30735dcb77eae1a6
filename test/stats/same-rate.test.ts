/** The test of one rate in all arms, after every few units: how often it alarms wrongly, and how soon rightly. */
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../../src/stats/random.ts';
import { EXPOSURE_HALT_P, sameRateSequential } from '../../src/stats/srm.ts';

const RUNS = 1_500;
const UNITS = 4_000;
const LOOK_EVERY = 20;

interface Design {
  /** Of units that go to each arm. */
  readonly shares: readonly number[];
  /** Of each arm's units that are exposed. */
  readonly rates: readonly number[];
}

/** The units at the first alarm; null without one. */
function firstAlarm({ shares, rates }: Design, seed: number): number | null {
  const random = randomFrom(seed);
  const [events, units] = [shares.map(() => 0), shares.map(() => 0)];
  for (let unit = 1; unit <= UNITS; unit += 1) {
    const draw = random.uniform();
    let [arm, below] = [0, shares[0]!];
    while (draw >= below && arm < shares.length - 1) below += shares[++arm]!;
    units[arm]! += 1;
    if (random.uniform() < rates[arm]!) events[arm]! += 1;
    if (unit % LOOK_EVERY === 0 && sameRateSequential(events, units).p! < EXPOSURE_HALT_P) return unit;
  }
  return null;
}

const alarms = (design: Design, runs: number, seed: number): readonly number[] =>
  Array.from({ length: runs }, (_, run) => firstAlarm(design, seed + run)).filter((units) => units !== null);

describe('where all arms have one rate, 200 looks of a run alarm no more often than 1 in 1,000', () => {
  test.each<[string, Design]>([
    ['a rate of a half', { shares: [0.5, 0.5], rates: [0.5, 0.5] }],
    ['nearly all are exposed', { shares: [0.5, 0.5], rates: [0.98, 0.98] }],
    ['hardly any is, and few are in one arm', { shares: [0.9, 0.1], rates: [0.02, 0.02] }],
    ['three arms', { shares: [0.4, 0.3, 0.3], rates: [0.9, 0.9, 0.9] }],
  ])('%s', (_, design) => {
    expect(alarms(design, RUNS, 1_000).length / RUNS).toBeLessThanOrEqual(EXPOSURE_HALT_P);
  });
});

describe('where the rates differ', () => {
  test('as in a variant that is not exposed where it fails (17.8 % against 1.2 %), every run alarms within 1,000 units, and half of them within 300', () => {
    const found = alarms({ shares: [0.5, 0.5], rates: [0.988, 0.822] }, 300, 2_000);
    expect(found).toHaveLength(300);
    expect(Math.max(...found)).toBeLessThanOrEqual(1_000);
    expect(found.filter((units) => units <= 300).length).toBeGreaterThanOrEqual(150);
  });

  test('a rate of 5 points less is found', () => {
    const found = alarms({ shares: [0.5, 0.5], rates: [0.99, 0.94] }, 200, 3_000);
    expect(found.length).toBeGreaterThan(190);
  });
});

test('a naive test at every look alarms wrongly, so that the bound above proves something', () => {
  const zAt = (events: readonly number[], units: readonly number[]): number => {
    const [p0, p1] = [events[0]! / units[0]!, events[1]! / units[1]!];
    const pooled = (events[0]! + events[1]!) / (units[0]! + units[1]!);
    return Math.abs(p1 - p0) / Math.sqrt(pooled * (1 - pooled) * (1 / units[0]! + 1 / units[1]!));
  };
  let wrong = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const random = randomFrom(5_000 + run);
    const [events, units] = [
      [0, 0],
      [0, 0],
    ];
    for (let unit = 1; unit <= UNITS; unit += 1) {
      const arm = random.uniform() < 0.5 ? 0 : 1;
      units[arm]! += 1;
      if (random.uniform() < 0.5) events[arm]! += 1;
      // z beyond 3.29 has a chance of 1 in 1,000 at one look.
      if (unit % LOOK_EVERY === 0 && zAt(events, units) > 3.29) {
        wrong += 1;
        break;
      }
    }
  }
  expect(wrong / RUNS).toBeGreaterThan(0.003);
});
