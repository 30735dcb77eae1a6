/** Guardrails against their margins, and what a check makes of a comparison. */
import { describe, expect, test } from 'vitest';
import type { Calibration } from '../../../src/evaluation/compare/comparison-report.ts';
import { type ComparisonGate, gateOf } from '../../../src/evaluation/compare/gate.ts';
import { registrationOf } from '../../../src/evaluation/compare/registration.ts';
import { mcnemarExact } from '../../../src/stats/rates.ts';
import { pairedT } from '../../../src/stats/t-test.ts';
import { compareMade, type Given, type Made, madeSheet, scored, sidesOf, times } from './made.ts';
import { pinsOf } from './make.ts';

const wave = (shift: number, size = 0.1, seed = 1): number[] =>
  Array.from({ length: 60 }, (_, place) => 0.5 + shift + size * Math.sin(place * seed));
const even = wave(0);
const quality = scored('quality');
const guard = scored('guard', { role: 'guardrail', margin: 0.05, better: 'higher' });

describe('guardrails', () => {
  const guardOf = (treatment: readonly Given[], change: Partial<typeof guard> = {}, control: readonly Given[] = even) =>
    compareMade({ metrics: [{ ...guard, ...change }], scores: { guard: [control, treatment] } }).metrics[0]!.sides[0]!;

  test('proven: the one-sided bound of harm lies below the margin', () => {
    const treatment = wave(-0.01, 0.1, 3);
    const { guardrail, verdict, pAdjusted, isExploratory } = guardOf(treatment);
    const bound = pairedT(even, treatment, 0.1);
    expect(guardrail!.hi).toBeCloseTo(-bound.ciLo!, 12);
    expect(guardrail).toMatchObject({ status: 'proven', hiAlpha: 0.05, loAlpha: 0.05, margin: 0.05, nNeeded: null });
    expect(guardrail!.sentences[0]).toMatch(/^variant is harmless to guard: at most 0\.0\d+ worse, 0\.05 allowed/);
    expect({ verdict, pAdjusted, isExploratory }).toEqual({
      verdict: 'equivalent',
      pAdjusted: null,
      isExploratory: false,
    });
  });
  test('harmed: the least harm lies beyond it', () => {
    const { guardrail } = guardOf(wave(-0.1, 0.12, 3));
    expect(guardrail).toMatchObject({ status: 'harmed', nNeeded: null });
    expect(guardrail!.lo).toBeGreaterThan(0.05);
  });
  test('unproven, with the examples that would prove it', () => {
    const { guardrail } = guardOf(wave(-0.03, 0.12, 3));
    expect(guardrail).toMatchObject({ status: 'unproven' });
    expect(guardrail!.hi).toBeGreaterThan(0.05);
    const { se } = pairedT(even, wave(-0.03, 0.12, 3), 0.1);
    expect(guardrail!.nNeeded).toBe(Math.ceil(60 * (((1.6448536269514722 + 0.8416212335729143) * se!) / 0.05) ** 2));
  });
  test('lower may be better', () => {
    const lower = { better: 'lower' } as const;
    expect(guardOf(wave(0.1, 0.12, 3), lower).guardrail!.status).toBe('harmed');
    expect(guardOf(wave(-0.1, 0.12, 3), lower).guardrail!.status).toBe('proven');
  });
  test('rates by the interval of Bonett and Price', () => {
    const rate = { kind: 'rate' } as const;
    const ones = times(60, 1);
    const { guardrail } = guardOf(ones.with(0, 0), rate, ones);
    const { ciLo } = mcnemarExact({ n11: 59, n10: 1, n01: 0, n00: 0 }, 0.1);
    expect(guardrail!.hi).toBeCloseTo(-ciLo!, 12);
    expect(guardrail!.status).toBe('unproven');
    expect(guardOf(ones, rate, ones).guardrail!.status).toBe('proven');
  });
  test('harm is told at a level that is shared out over guardrails and sides', () => {
    const metrics = [guard, { ...guard, name: 'latency', source: { from: 'run', field: 'latencyMs' } } as const];
    const run = (place: number, variant: number) => ({ latencyMs: 100 + variant * Math.sin(place) });
    const report = compareMade({ metrics, scores: { guard: [even, wave(-0.1, 0.12, 3), even, even] }, run });
    const { guardrail } = report.metrics[0]!.sides[0]!;
    expect(guardrail!.loAlpha).toBeCloseTo(0.05 / 6, 12);
    expect(guardrail!.lo).toBeCloseTo(-pairedT(even, wave(-0.1, 0.12, 3), 0.1 / 6).ciHi!, 12);
  });
  test.each([
    // Of 60 equal pairs fewer than 4.9 % of all differ (0.05^(1/60)): on a scale from 0 to 1 no more harm than that.
    ['on a scale', 60, {}, { status: 'proven', isIdentical: true, hi: expect.closeTo(1 - 0.05 ** (1 / 60), 12) }],
    ['a margin too narrow for so few', 60, { margin: 0.04 }, { status: 'unproven', isIdentical: true, nNeeded: 74 }],
    ['five', 5, {}, { status: 'unproven', isIdentical: false, nNeeded: null }],
  ])('all pairs equal: %s', (_, count, change, expected) => {
    expect(guardOf(even.slice(0, count), change, even.slice(0, count)).guardrail).toMatchObject(expected);
  });
  test.each([
    [59, 'proven', null],
    [58, 'unproven', 59],
  ])('all pairs of %d equal, without a scale: %s', (count, status, nNeeded) => {
    const cost = { source: { from: 'run', field: 'costUsd' }, better: 'lower', format: 'usd' } as const;
    const { guardrail } = guardOf(times(count, 1), cost, times(count, 1));
    expect(guardrail).toMatchObject({ status, hi: null, isIdentical: true, nNeeded });
    expect(guardrail!.sentences[0]).toBe(
      status === 'proven'
        ? 'variant is harmless to guard: the same in all 59 pairs.'
        : 'variant is not proven harmless to guard: all differences are equal. About 59 examples would prove at most $0.05 worse if there is no harm.',
    );
  });
  test('holes prove nothing, and harm nothing', () => {
    const holes = (of: readonly Given[]) => of.map((score, place): Given => (place < 6 ? 'missing' : score));
    expect(guardOf(holes(even)).guardrail).toMatchObject({ status: 'unproven', isIdentical: false });
    expect(guardOf(holes(wave(-0.4, 0.12, 3))).guardrail).toMatchObject({ status: 'unproven' });
  });
});

describe('the gate', () => {
  const better = wave(0.1, 0.12, 3);
  const worse = wave(-0.1, 0.12, 3);
  const gate = (made: Made, judges?: { readonly [scorer: string]: Calibration }): ComparisonGate =>
    gateOf(compareMade(made, judges ? { judges } : {}));
  const codes = ({ sides }: ComparisonGate) => sides.map(({ findings }) => findings.map(({ code }) => code));
  const two = (primary: readonly Given[], guarded: readonly Given[]): Made => ({
    metrics: [quality, guard],
    scores: { quality: [even, primary], guard: [even, guarded] },
  });

  test.each<[string, Made, ComparisonGate['status'], number, string[]]>([
    ['better and harmless', two(better, even), 'passed', 0, ['better', 'proven']],
    ['no better', two(wave(0, 0.1, 3), even), 'inconclusive', 4, ['proven', 'none_better']],
    ['worse', two(worse, even), 'failed', 3, ['worse', 'proven', 'none_better']],
    ['better, and harmful', two(better, worse), 'failed', 3, ['better', 'harmed']],
    ['better, and not proven harmless', two(better, wave(-0.03, 0.12, 3)), 'inconclusive', 4, ['better', 'unproven']],
    ['guardrails alone: harmless', { metrics: [guard], scores: { guard: [even, even] } }, 'passed', 0, ['proven']],
    ['guardrails alone: harmful', { metrics: [guard], scores: { guard: [even, worse] } }, 'failed', 3, ['harmed']],
    [
      'nothing declared',
      { metrics: [scored('quality', { role: 'secondary' })], scores: { quality: [even, better] } },
      'inconclusive',
      4,
      ['nothing_declared'],
    ],
    [
      'too few',
      { metrics: [quality], scores: { quality: [[0.1], [0.9]] } },
      'inconclusive',
      4,
      ['no_verdict', 'none_better'],
    ],
  ])('%s', (_, made, status, exitCode, findings) => {
    const found = gate(made);
    expect(found).toMatchObject({ status, exitCode });
    expect(codes(found)).toEqual([findings]);
  });

  test('one primary better, none worse; one that is worse fails', () => {
    const other = scored('other');
    const made = (second: readonly Given[]): Made => ({
      metrics: [quality, other],
      scores: { quality: [even, better], other: [even, second] },
    });
    expect(gate(made(wave(0, 0.1, 3))).status).toBe('passed');
    expect(gate(made(worse)).status).toBe('failed');
    // The same scores in all pairs: no verdict, but not in doubt either.
    expect(gate(made(even)).status).toBe('passed');
    const lost = even.map((score, place): Given => (place < 10 ? 'missing' : score));
    expect(gate(made(lost)).status).toBe('inconclusive');
  });

  test('with several sides all have to pass', () => {
    const made = (...sides: readonly (readonly Given[])[]): Made => ({
      metrics: [quality],
      scores: { quality: [even, ...sides] },
    });
    expect(gate(made(better, better)).status).toBe('passed');
    const mixed = gate(made(better, wave(0, 0.1, 3)));
    expect(mixed.status).toBe('inconclusive');
    expect(mixed.sides.map(({ side, status }) => [side, status])).toEqual([
      [1, 'passed'],
      [2, 'inconclusive'],
    ]);
    expect(mixed.sentences).toEqual([
      'Inconclusive: variant passed, other inconclusive against baseline.',
      'variant: better on quality.',
      'other: better on no primary metric.',
    ]);
    expect(gate(made(better, worse)).status).toBe('failed');
  });

  describe('a judge that is not calibrated decides nothing', () => {
    const flawed = { state: 'uncalibrated', labels: 12, flaws: ['few_labels'] } as const;
    test.each([
      ['for', better],
      ['against', worse],
    ])('neither %s', (_, primary) => {
      const found = gate(two(primary, even), { quality: flawed });
      expect(found).toMatchObject({ status: 'inconclusive', exitCode: 4 });
      expect(codes(found)).toEqual([['uncalibrated', 'proven', 'none_better']]);
      expect(found.sentences[1]).toContain('the judge behind quality is not calibrated');
    });
    test.each([
      ['proves', even],
      ['condemns', worse],
    ])('nor %s what is guarded', (_, guarded) => {
      const found = gate(two(better, guarded), { guard: flawed });
      expect(codes(found)).toEqual([['better', 'uncalibrated']]);
      expect(found.status).toBe('inconclusive');
    });
    test('calibrated, it does', () => {
      expect(gate(two(better, even), { quality: { state: 'calibrated', labels: 140, flaws: [] } }).status).toBe(
        'passed',
      );
    });
  });

  test('tampered comes before everything, with its own code', () => {
    const made = two(better, even);
    const { spec } = madeSheet(made).facts;
    const locked = { ...registrationOf(spec, pinsOf(spec)), alpha: 0.01 };
    const matrix = madeSheet({ ...made, facts: { locked } });
    const report = compareMade({ ...made, facts: { locked } }, { matrices: [matrix], sides: sidesOf(matrix) });
    expect(report.registrations).toMatchObject([{ evaluationId: 'eval-a', state: 'changed' }]);
    expect(gateOf(report)).toMatchObject({
      status: 'tampered',
      exitCode: 5,
      sentences: [expect.stringMatching(/^Tampered/), 'alpha: 0.01 → 0.05.'],
    });
    const kept = compareMade({ ...made, facts: { locked: registrationOf(spec, pinsOf(spec)) } });
    expect(kept.registrations[0]!.state).toBe('kept');
    expect(gateOf(kept).status).toBe('passed');
  });
});
