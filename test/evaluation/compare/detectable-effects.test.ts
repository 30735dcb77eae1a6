/** What can be detectableEffect: the spread of differences, over as many examples as are planned. */
import { describe, expect, test } from 'vitest';
import { detectableEffects, noiseFloor } from '../../../src/evaluation/compare/noise-floor.ts';
import type { MetricSpec } from '../../../src/model/evaluation-spec.ts';
import { madeSheet, scored, times } from './made.ts';

const quality = scored('quality', { minimumEffect: 0.05 });
const control = Array.from({ length: 100 }, (_, place) => 0.5 + 0.2 * Math.sin(place));
const small = control.map((value, place) => value + 0.05 * Math.cos(place * 2));
const large = control.map((value, place) => value + 0.2 * Math.cos(place * 2));
const seen = (matrix: ReturnType<typeof madeSheet>, examples: number, metrics: readonly MetricSpec[] = [quality]) =>
  detectableEffects(matrix, metrics, examples)[0]!;

describe('by an evaluation of variants', () => {
  const matrix = madeSheet({ metrics: [quality], scores: { quality: [control, small, large] } });
  test('the one that differs most says it; four times the examples see half', () => {
    const [few, many] = [seen(matrix, 100).mde!, seen(matrix, 400).mde!];
    expect(few / many).toBeCloseTo(2, 12);
    const alone = madeSheet({ metrics: [quality], scores: { quality: [control, large] } });
    expect(seen(alone, 100).mde).toBeCloseTo(few, 12);
    // (z_.975 + z_.8) times a standard deviation of 0.2/sqrt(2), over ten.
    expect(few).toBeCloseTo(((1.959964 + 0.841621) * 0.2) / Math.SQRT2 / 10, 2);
  });
  test('what is declared takes as many examples as make it visible', () => {
    const { declared, nNeeded } = seen(matrix, 100);
    expect(declared).toBe(0.05);
    expect(seen(matrix, nNeeded!).mde!).toBeLessThanOrEqual(0.05);
    expect(seen(matrix, nNeeded! - 2).mde!).toBeGreaterThan(0.05);
  });
  test('examples that have nothing to score are planned for, too', () => {
    const half = (of: readonly number[]) =>
      of.map((value, place) => (place % 2 === 0 ? ('inapplicable' as const) : value));
    const halved = madeSheet({ metrics: [quality], scores: { quality: [half(control), half(large)] } });
    const { mde, nNeeded } = seen(halved, 100);
    expect(mde! / seen(matrix, 50).mde!).toBeCloseTo(1, 1);
    expect(nNeeded!).toBeGreaterThan(1.7 * seen(matrix, 100).nNeeded!);
  });
  test('nothing that varies: anything would be seen; another metric: nobody knows', () => {
    const equal = madeSheet({ metrics: [quality], scores: { quality: [times(20, 0.5), times(20, 0.5)] } });
    expect(seen(equal, 100)).toMatchObject({ mde: 0, nNeeded: null });
    expect(seen(matrix, 100, [scored('other')])).toMatchObject({ mde: null, nNeeded: null });
    expect(seen(matrix, 100, [{ ...quality, kind: 'rate' }])).toMatchObject({ mde: null });
  });
});

test('by an A/A: as if variants went along with the baseline by 0.5, as the noise floor has it', () => {
  const matrix = madeSheet({
    metrics: [quality],
    scores: { quality: [control, control] },
    change: {
      mode: 'aa',
      variants: [
        { name: 'baseline', planId: 'p' },
        { name: 'baseline again', planId: 'p' },
      ],
    },
  });
  const [noise] = noiseFloor(matrix).metrics;
  const half = noise!.seen.find(({ correlation }) => correlation === 0.5)!;
  expect(seen(matrix, 100).mde).toBeCloseTo(half.mde!, 12);
  expect(seen(matrix, 100).nNeeded).toBe(half.nNeeded);
});
