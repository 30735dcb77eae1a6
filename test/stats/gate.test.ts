/** The gate's rules in their order, each at both sides of its limit, and that it answers whatever it is given. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GateInput, gate, orientGuardrail, orientPrimary } from '../../src/stats/gate.ts';
import { answerLine } from '../../src/stats/stats-case.ts';

const safe = { name: 'slow', lo: -0.02, hi: 0.01, margin: 0.02 };
const harmful = { name: 'errors', lo: 0.03, hi: 0.05, margin: 0.02 };
const ready: GateInput = {
  primary: { lo: 0.01, hi: 0.06 },
  guardrails: [safe],
  breakerTripped: false,
  srmP: 0.4,
  exposureP: 0.4,
  unitsMinArm: 900,
  minUnits: 50,
  elapsedH: 200,
  minDurationH: 168,
  maxDurationH: 672,
  mde: 0.02,
};
const unclear = { lo: -0.01, hi: 0.06 };

type Row = readonly [what: string, change: Partial<GateInput>, decision: string, reason: string, names?: string[]];

const rows: readonly Row[] = [
  ['superior, guardrail proven', {}, 'promote', 'superior'],
  ['superior without guardrails', { guardrails: [] }, 'promote', 'superior'],
  ['breaker before everything', { breakerTripped: true, guardrails: [harmful], srmP: 0 }, 'rollback', 'breaker'],
  ['breaker even with bad numbers', { breakerTripped: true, elapsedH: Number.NaN }, 'rollback', 'breaker'],
  ['guardrail before the split', { guardrails: [safe, harmful], srmP: 0 }, 'rollback', 'guardrail', ['errors']],
  ['guardrail before the burn-in', { guardrails: [harmful], unitsMinArm: 1 }, 'rollback', 'guardrail', ['errors']],
  ['guardrail just at its margin', { guardrails: [{ ...harmful, lo: 0.02 }] }, 'continue', 'collecting'],
  [
    'every harmed guardrail is named',
    { guardrails: [harmful, { ...harmful, name: 'b' }] },
    'rollback',
    'guardrail',
    ['errors', 'b'],
  ],
  ['split off', { srmP: 0.0009 }, 'halt', 'srm'],
  ['exposure differs', { exposureP: 0.0009 }, 'halt', 'exposure'],
  ['exposure just not off', { exposureP: 0.001 }, 'promote', 'superior'],
  ['exposure not computed', { exposureP: null }, 'promote', 'superior'],
  ['exposure before the burn-in', { exposureP: 0, unitsMinArm: 1 }, 'halt', 'exposure'],
  ['the split before exposure', { exposureP: 0, srmP: 0 }, 'halt', 'srm'],
  ['guardrail before exposure', { guardrails: [harmful], exposureP: 0 }, 'rollback', 'guardrail', ['errors']],
  ['split just not off', { srmP: 0.001 }, 'promote', 'superior'],
  ['split not off at a lower level', { srmP: 0.0009, srmHaltsBelow: 0.0005 }, 'promote', 'superior'],
  ['split off at a lower level', { srmP: 0.0004, srmHaltsBelow: 0.0005 }, 'halt', 'srm'],
  ['split off before the burn-in', { srmP: 0, unitsMinArm: 1 }, 'halt', 'srm'],
  ['split not computed', { srmP: null }, 'promote', 'superior'],
  ['too few units', { unitsMinArm: 49 }, 'continue', 'warming_up'],
  ['just enough units', { unitsMinArm: 50 }, 'promote', 'superior'],
  ['no interval', { primary: null }, 'continue', 'warming_up'],
  ['half an interval, lower', { primary: { lo: 0.01, hi: null } }, 'continue', 'warming_up'],
  ['half an interval, upper', { primary: { lo: null, hi: 0.01 } }, 'continue', 'warming_up'],
  ['too few units at the end', { unitsMinArm: 49, elapsedH: 672 }, 'inconclusive', 'insufficient_data'],
  ['no interval at the end', { primary: null, elapsedH: 672 }, 'inconclusive', 'insufficient_data'],
  ['no interval just before the end', { primary: null, elapsedH: 671.9 }, 'continue', 'warming_up'],
  ['worse', { primary: { lo: -0.05, hi: -0.01 } }, 'rollback', 'worse'],
  ['worse before the minimum', { primary: { lo: -0.05, hi: -0.01 }, elapsedH: 1 }, 'rollback', 'worse'],
  ['just not worse', { primary: { lo: -0.05, hi: 0 } }, 'inconclusive', 'futile'],
  ['just not superior', { primary: { lo: 0, hi: 0.05 } }, 'continue', 'collecting'],
  ['before the minimum', { elapsedH: 167.9 }, 'continue', 'min_duration'],
  ['at the minimum', { elapsedH: 168 }, 'promote', 'superior'],
  ['superior at the end', { elapsedH: 672 }, 'promote', 'superior'],
  ['guardrail without upper limit', { guardrails: [{ ...safe, hi: null }] }, 'continue', 'collecting'],
  ['guardrail without lower limit', { guardrails: [{ ...safe, lo: null }] }, 'promote', 'superior'],
  ['guardrail proven only at its margin', { guardrails: [{ ...safe, hi: 0.02 }] }, 'continue', 'collecting'],
  ['unproven before the minimum', { guardrails: [{ ...safe, hi: 0.03 }], elapsedH: 1 }, 'continue', 'collecting'],
  [
    'unproven at the end',
    {
      guardrails: [
        { ...safe, hi: 0.03 },
        { ...safe, name: 'x' },
      ],
      elapsedH: 672,
    },
    'inconclusive',
    'guardrails_unproven',
    ['slow'],
  ],
  [
    'missing guardrail at the end',
    { guardrails: [{ ...safe, hi: null }], elapsedH: 672 },
    'inconclusive',
    'guardrails_unproven',
    ['slow'],
  ],
  ['no effect at the end', { primary: unclear, elapsedH: 672 }, 'inconclusive', 'no_effect_proven'],
  ['effect of 0 at the end', { primary: { lo: 0, hi: 0.06 }, elapsedH: 672 }, 'inconclusive', 'no_effect_proven'],
  ['futile', { primary: { lo: -0.01, hi: 0.019 } }, 'inconclusive', 'futile'],
  ['just not futile', { primary: { lo: -0.01, hi: 0.02 } }, 'continue', 'collecting'],
  ['futile only from the minimum on', { primary: { lo: -0.01, hi: 0.019 }, elapsedH: 167 }, 'continue', 'collecting'],
  ['futile at the minimum', { primary: { lo: -0.01, hi: 0.019 }, elapsedH: 168 }, 'inconclusive', 'futile'],
  ['no smallest effect', { primary: { lo: -0.01, hi: 0.019 }, mde: null }, 'continue', 'collecting'],
  ['undecided', { primary: unclear }, 'continue', 'collecting'],
  ['undecided just before the end', { primary: unclear, elapsedH: 671.9 }, 'continue', 'collecting'],
];

test('callers may leave out the test of exposure', () => {
  const { exposureP: _, ...without } = ready;
  expect(gate(without)).toMatchObject({ status: 'ok', decision: 'promote' });
});

test.each(rows.map(([what, ...row]) => [what, row] as const))('%s', (_, [change, decision, reason, names = []]) => {
  expect(gate({ ...ready, ...change })).toEqual({ status: 'ok', decision, reason, guardrails: names });
});

describe('invalid input', () => {
  test.each<[string, Partial<GateInput>, string]>([
    ['a limit of the primary', { primary: { lo: Number.NaN, hi: 1 } }, 'a limit is not a finite number'],
    ['the upper limit', { primary: { lo: 0, hi: Number.POSITIVE_INFINITY } }, 'a limit is not a finite number'],
    [
      'a limit of a guardrail',
      { guardrails: [{ ...safe, lo: Number.NEGATIVE_INFINITY }] },
      'a limit is not a finite number',
    ],
    ['one bad guardrail of two', { guardrails: [safe, { ...safe, hi: Number.NaN }] }, 'a limit is not a finite number'],
    ['a margin of 0', { guardrails: [{ ...safe, margin: 0 }] }, 'a margin must be above 0'],
    ['a negative margin of one of two', { guardrails: [safe, { ...safe, margin: -1 }] }, 'a margin must be above 0'],
    ['srm_p above 1', { srmP: 1.1 }, 'srm_p must lie between 0 and 1'],
    ['srm_p below 0', { srmP: -0.1 }, 'srm_p must lie between 0 and 1'],
    ['srm_p NaN', { srmP: Number.NaN }, 'srm_p must lie between 0 and 1'],
    ['exposure_p above 1', { exposureP: 1.1 }, 'exposure_p must lie between 0 and 1'],
    ['exposure_p NaN', { exposureP: Number.NaN }, 'exposure_p must lie between 0 and 1'],
    ['mde NaN', { mde: Number.NaN }, 'the smallest effect is not a finite number'],
    ['negative units', { unitsMinArm: -1 }, 'units and durations must be finite and 0 or more'],
    ['needed units NaN', { minUnits: Number.NaN }, 'units and durations must be finite and 0 or more'],
    ['negative time', { elapsedH: -1 }, 'units and durations must be finite and 0 or more'],
    ['minimum NaN', { minDurationH: Number.NaN }, 'units and durations must be finite and 0 or more'],
    ['endless', { maxDurationH: Number.POSITIVE_INFINITY }, 'units and durations must be finite and 0 or more'],
  ])('%s', (_, change, why) => {
    expect(gate({ ...ready, ...change })).toEqual({
      status: 'invalid_input',
      why,
      decision: null,
      reason: null,
      guardrails: null,
    });
  });

  test('srm_p of exactly 0 and 1 are probabilities', () => {
    expect(gate({ ...ready, srmP: 0 }).reason).toBe('srm');
    expect(gate({ ...ready, srmP: 1 }).reason).toBe('superior');
  });
});

test('it is total: any numbers, missing or not, have a decision or are invalid', () => {
  const anyNumber = fc.oneof(fc.double(), fc.constantFrom(0, 0.001, 50, 168, 672));
  const maybe = fc.option(anyNumber);
  const limits = { lo: maybe, hi: maybe };
  const anyInput = fc.record({
    primary: fc.option(fc.record(limits)),
    guardrails: fc.array(fc.record({ ...limits, name: fc.string(), margin: anyNumber }), { maxLength: 4 }),
    breakerTripped: fc.boolean(),
    srmP: maybe,
    exposureP: maybe,
    unitsMinArm: anyNumber,
    minUnits: anyNumber,
    elapsedH: anyNumber,
    minDurationH: anyNumber,
    maxDurationH: anyNumber,
    mde: maybe,
  });
  fc.assert(
    fc.property(anyInput, (input) => {
      const verdict = gate(input);
      if (verdict.status !== 'ok') return verdict.status === 'invalid_input' && verdict.decision === null;
      const isKnown = ['rollback', 'halt', 'promote', 'continue', 'inconclusive'].includes(verdict.decision);
      const isSafe =
        verdict.decision !== 'promote' ||
        (input.primary!.lo! > 0 && input.guardrails.every(({ hi, margin }) => hi !== null && hi < margin));
      return isKnown && isSafe;
    }),
    { seed: 5, numRuns: 3000 },
  );
});

test('through the contract, settings that are left out have their defaults', () => {
  const input = { primary: { lo: 0.01, hi: 0.06 }, guardrails: [], breaker_tripped: false, units_min_arm: 50 };
  const ask = (elapsed_h: number) =>
    JSON.parse(answerLine(JSON.stringify({ kind: 'gate', input: { ...input, elapsed_h } }))).reason;
  expect(ask(167)).toBe('min_duration');
  expect(ask(168)).toBe('superior');
});

test('through the contract, a limit that is left out is missing, and a missing guardrail never promotes', () => {
  const input = { guardrails: [{ name: 'slow', margin: 0.02 }], breaker_tripped: false, units_min_arm: 50 };
  const ask = (change: object) =>
    JSON.parse(answerLine(JSON.stringify({ kind: 'gate', input: { ...input, elapsed_h: 700, ...change } })));
  expect(ask({ primary: { lo: 0.01, hi: 0.06 } })).toMatchObject({
    reason: 'guardrails_unproven',
    guardrails: ['slow'],
  });
  expect(ask({ primary: { lo: null, hi: null } }).reason).toBe('insufficient_data');
  expect(ask({ primary: {} }).status).toBe('invalid_input');
  expect(ask({}).reason).toBe('insufficient_data');
});

describe('orientation', () => {
  const interval = { lo: -1, hi: 3 };
  test('primary: positive = better', () => {
    expect(orientPrimary(interval, 'higher')).toEqual({ lo: -1, hi: 3 });
    expect(orientPrimary(interval, 'lower')).toEqual({ lo: -3, hi: 1 });
  });
  test('guardrail: positive = harm', () => {
    expect(orientGuardrail(interval, 'lower')).toEqual({ lo: -1, hi: 3 });
    expect(orientGuardrail(interval, 'higher')).toEqual({ lo: -3, hi: 1 });
  });
  test('a missing limit stays missing, on the other side', () => {
    expect(orientPrimary({ lo: null, hi: 3 }, 'lower')).toEqual({ lo: -3, hi: null });
    expect(orientPrimary({ lo: 2, hi: null }, 'lower')).toEqual({ lo: null, hi: -2 });
  });
});
