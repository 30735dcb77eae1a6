/** One look: burn-in, levels, orientation, stages, and what reaches the gate. */
import { describe, expect, test } from 'vitest';
import { asympCsBinary, asympCsMean, asympCsOneSided, flooredRates } from '../../src/stats/asymp-cs.ts';
import { gate } from '../../src/stats/gate.ts';
import { type AnalysisMetric, gateIntervals, lookAt } from '../../src/stats/interim-analysis.ts';
import { stageCs, stageCsOneSided } from '../../src/stats/stage-cs.ts';
import { LOOK_SETTINGS } from './designs.ts';

const control = { n: 1000, successes: 100 };
const treatment = { n: 1000, successes: 160 };

const primary: AnalysisMetric = {
  name: 'answered',
  role: 'primary',
  better: 'higher',
  kind: 'rate',
  margin: null,
  stages: [[control, treatment]],
  vRef: 1,
};
const guardrail: AnalysisMetric = { ...primary, name: 'errors', role: 'guardrail', better: 'lower', margin: 0.1 };
const settings = LOOK_SETTINGS;

describe('levels', () => {
  const settings = { ...LOOK_SETTINGS, nullVariance: false };

  test('one variant has the whole alpha', () => {
    const [row] = lookAt([primary], settings);
    const alone = asympCsBinary(control, treatment, { alpha: 0.05, nStar: 5000 });
    expect(row!.effect).toEqual(alone);
    expect(row).toMatchObject({ metric: 'answered', role: 'primary', arm: 1, units: [1000, 1000], margin: null });
    expect(row!.oriented).toEqual({ lo: alone.ciLo, hi: alone.ciHi });
  });

  test('three variants share it', () => {
    const rows = lookAt([{ ...primary, stages: [[control, treatment, control, control]] }], settings);
    expect(rows.map(({ arm }) => arm)).toEqual([1, 2, 3]);
    expect(rows[0]!.effect).toEqual(asympCsBinary(control, treatment, { alpha: 0.05 / 3, nStar: 5000 }));
  });

  test('a guardrail: rollback shares its level and has its own n*, promotion does not', () => {
    const rows = lookAt([primary, guardrail, { ...guardrail, name: 'slow' }], settings);
    const estimate = flooredRates(control, treatment);
    expect(rows[1]!.oriented).toEqual({
      lo: asympCsOneSided(estimate, { alpha: 0.025, nStar: 1500 }, 'lower').bound,
      hi: asympCsOneSided(estimate, { alpha: 0.05, nStar: 5000 }, 'upper').bound,
    });
  });
});

describe('orientation', () => {
  test('a primary that should fall is turned', () => {
    const [row] = lookAt([{ ...primary, better: 'lower' }], settings);
    expect(row!.oriented).toEqual({ lo: -row!.effect.ciHi!, hi: -row!.effect.ciLo! });
  });

  test('a guardrail that should stay high is harmed by a fall', () => {
    const [up] = lookAt([guardrail], settings);
    const [down] = lookAt([{ ...guardrail, better: 'higher', stages: [[treatment, control]] }], settings);
    expect(down!.oriented.lo).toBeCloseTo(up!.oriented.lo!, 12);
    expect(down!.oriented.hi).toBeCloseTo(up!.oriented.hi!, 12);
  });
});

describe('burn-in', () => {
  const small = (n: number) => [
    [
      { n: 900, mean: 1, variance: 1 },
      { n, mean: 2, variance: 1 },
    ],
  ];
  test.each([
    ['mean', 49, 'insufficient_data'],
    ['mean', 50, 'ok'],
    ['sum', 99, 'insufficient_data'],
    ['sum', 100, 'ok'],
  ] as const)('%s with %d units in the smaller arm: %s', (kind, n, status) => {
    const [row] = lookAt([{ ...primary, kind, stages: small(n) }], settings);
    expect(row!.effect.status).toBe(status);
    expect(row!.oriented.lo === null).toBe(status !== 'ok');
  });

  test('the reason says how far it is', () => {
    expect(lookAt([{ ...primary, stages: small(7) }], settings)[0]!.effect).toMatchObject({
      why: '7 of 50 units in the smaller arm',
    });
  });

  test('means use floored errors', () => {
    const [row] = lookAt([{ ...primary, kind: 'mean', stages: small(60) }], settings);
    const [arms] = small(60);
    expect(row!.effect).toEqual(asympCsMean(arms![0]!, arms![1]!, { alpha: 0.05, nStar: 5000 }));
  });
});

describe('stages', () => {
  const staged = { ...settings, method: 'stage_cs' as const };
  const early = [
    { n: 900, mean: 0.5, variance: 0.25 },
    { n: 100, mean: 0.53, variance: 0.249 },
  ] as const;
  const late = [
    { n: 500, mean: 0.6, variance: 0.24 },
    { n: 500, mean: 0.64, variance: 0.2304 },
  ] as const;
  const stages = [early, late].map(([arm0, arm1]) => ({ arm0, arm1 }));

  test('stage_cs compares within stages', () => {
    const rows = lookAt(
      [
        { ...primary, kind: 'mean', stages: [early, late] },
        { ...guardrail, kind: 'mean', stages: [early, late] },
      ],
      staged,
    );
    expect(rows[0]!.units).toEqual([1400, 600]);
    expect(rows[0]!.effect).toEqual(stageCs(stages, { alpha: 0.05, nStar: 5000, vRef: 1 }));
    expect(rows[1]!.oriented).toEqual({
      lo: stageCsOneSided(stages, { alpha: 0.05, nStar: 1500, vRef: 1 }, 'lower').bound,
      hi: stageCsOneSided(stages, { alpha: 0.05, nStar: 5000, vRef: 1 }, 'upper').bound,
    });
  });

  test('a rate counts as a mean of zeros and ones, smoothed so that no arm seems certain', () => {
    const flawless = { n: 500, successes: 500 };
    const [row] = lookAt([{ ...primary, stages: [[flawless, { n: 500, successes: 490 }]] }], staged);
    expect(row!.effect.status).toBe('ok');
    expect(row!.effect.diff).toBeCloseTo(-0.02, 12);
    expect(row!.effect.se).toBeGreaterThan(0.008);
  });

  test('an arm that a stage does not have is left out there', () => {
    const [row] = lookAt([{ ...primary, stages: [[control, treatment], [control]] }], staged);
    expect(row!.effect).toMatchObject({ status: 'ok', nUsed: 2000, leftOut: [1] });
  });

  test('an empty arm in a stage is left out', () => {
    const [row] = lookAt(
      [
        {
          ...primary,
          stages: [
            [control, treatment],
            [control, { n: 0, successes: 0 }],
          ],
        },
      ],
      staged,
    );
    expect(row!.effect).toMatchObject({ status: 'ok', nUsed: 2000 });
  });

  test('pooling stages is refused', () => {
    const [row] = lookAt([{ ...primary, stages: [early, late] }], settings);
    expect(row!.effect.status).toBe('invalid_input');
    expect(row!.oriented).toEqual({ lo: null, hi: null });
  });

  test('no stage yet: nothing to say', () => {
    expect(lookAt([{ ...primary, stages: [] }], settings)).toEqual([]);
  });

  test('bad settings of a bound over stages', () => {
    const fine = { alpha: 0.05, nStar: 100, vRef: 1 };
    expect(stageCsOneSided(stages, { ...fine, vRef: 0 }, 'lower').status).toBe('invalid_input');
    expect(stageCsOneSided(stages, { ...fine, alpha: 0.5 }, 'lower').status).toBe('invalid_input');
    expect(stageCsOneSided([], fine, 'lower').status).toBe('insufficient_data');
    const negative = [{ arm0: { ...early[0], variance: -1 }, arm1: early[1] }];
    expect(stageCsOneSided(negative, fine, 'upper').status).toBe('invalid_input');
  });
});

describe('to the gate', () => {
  const rest = {
    breakerTripped: false,
    srmP: null,
    exposureP: null,
    unitsMinArm: 1000,
    minUnits: 50,
    elapsedH: 200,
    minDurationH: 168,
    maxDurationH: 672,
    mde: null,
  };

  test('a clear winner with a proven guardrail is promoted', () => {
    const harmless = { ...guardrail, stages: [[control, control]] };
    const rows = lookAt([primary, harmless], settings);
    expect(gate({ ...gateIntervals(rows, 1), ...rest })).toMatchObject({ decision: 'promote' });
  });

  test('a harmed guardrail rolls back', () => {
    const rows = lookAt([primary, { ...guardrail, margin: 0.01 }], settings);
    expect(gate({ ...gateIntervals(rows, 1), ...rest })).toMatchObject({ reason: 'guardrail', guardrails: ['errors'] });
  });

  test('a guardrail without a margin is invalid, not ignored', () => {
    const rows = lookAt([primary, { ...guardrail, margin: null }], settings);
    expect(gate({ ...gateIntervals(rows, 1), ...rest }).status).toBe('invalid_input');
  });

  test('without a primary there is no interval', () => {
    expect(gateIntervals(lookAt([guardrail], settings), 1).primary).toBeNull();
    expect(gateIntervals([], 1)).toEqual({ primary: null, guardrails: [] });
  });
});
