/** Exposed and assigned units of a look: what halts, what rolls back, and what version 1 of the method makes of them. */
import { describe, expect, test } from 'vitest';
import { explainAnalysis } from '../../src/experiment/report.ts';
import type { AssignedCount } from '../../src/model/analysis-data.ts';
import { sameRateSequential } from '../../src/stats/srm.ts';
import { armsOf, dataOf, look, settingsOf, specOf } from './analysis-fixtures.ts';

const spec = specOf();
const even = dataOf(armsOf([1_000, 500, 20], [1_000, 500, 20]));
const assigned = (counts: readonly (readonly [n: number, exposed: number])[], stage = 1): readonly AssignedCount[] =>
  counts.map(([n, exposed], arm) => ({ stage, arm, n, exposed }));
const differing = assigned([
  [1_012, 1_000],
  [1_216, 1_000],
]);

describe('assigned units that are not exposed', () => {
  test('go on where every arm has as many of them', () => {
    const record = look(spec, {
      ...even,
      assigned: assigned([
        [1_100, 1_000],
        [1_095, 1_000],
      ]),
    });
    expect(record).toMatchObject({ exposure: { assigned: [1_100, 1_095], exposed: [1_000, 1_000], p: 1 } });
    expect(record.decision).toBe('continue');
  });

  test('halt where one arm has more of them, and say so', () => {
    const record = look(spec, { ...even, assigned: differing });
    expect(record).toMatchObject({ decision: 'halt', reason: 'exposure', arm: null });
    expect(explainAnalysis(spec, settingsOf(spec), record)[0]).toMatch(
      /^Exposure differs between arms: 1,000 of 1,216 assigned users of variant-1 were exposed, 1,000 of 1,012 of baseline/,
    );
  });

  test('roll back in a rollout', () => {
    const record = look(spec, { ...even, assigned: differing }, { phase: 'rollout' });
    expect(record).toMatchObject({ decision: 'rollback', reason: 'exposure', arm: 1 });
  });

  test('of a variant that was stopped say nothing of the others', () => {
    const three = specOf({ variants: [0.25, 0.25] });
    const data = dataOf(armsOf([1_000, 500, 20], [500, 250, 10], [500, 250, 10]), { stopped: [1] });
    const counts = assigned([
      [1_010, 1_000],
      [900, 500],
      [505, 500],
    ]);
    expect(look(three, { ...data, assigned: counts }).exposure).toMatchObject({ assigned: [1_010, 505] });
    expect(look(three, { ...data, stopped: [], assigned: counts }).reason).toBe('exposure');
  });

  test('of several stages are compared within each, and e-values multiply', () => {
    const [first, second] = [
      assigned([
        [500, 490],
        [500, 470],
      ]),
      assigned(
        [
          [300, 100],
          [310, 60],
        ],
        2,
      ),
    ];
    const logE = [
      [490, 470, 500, 500],
      [100, 60, 300, 310],
    ].reduce((sum, [x0, x1, n0, n1]) => sum + sameRateSequential([x0!, x1!], [n0!, n1!]).logE!, 0);
    const { exposure } = look(spec, { ...even, assigned: [...first, ...second] });
    expect(exposure!.p).toBeCloseTo(Math.exp(-logE), 12);
    expect(exposure).toMatchObject({ assigned: [800, 810], exposed: [590, 530] });
  });
});

test('version 1 of the method neither reads nor keeps them', () => {
  const { methodVersion: _, ...settings } = settingsOf(spec);
  const record = look(spec, { ...even, assigned: differing }, { settings });
  expect(record.decision).toBe('continue');
  expect(record).not.toHaveProperty('exposure');
});
