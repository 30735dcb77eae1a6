/** Several variants: who is stopped, who wins, when it is over; and what a rollout makes of a look. */
import { describe, expect, test } from 'vitest';
import { ANSWERED, armsOf, dataOf, ERRORS, guardrailOf, look, metricOf, specOf } from './analysis-fixtures.ts';

const three = specOf({ variants: [0.25, 0.25, 0.25] });
const [baseline, good, better, level] = [
  [2_000, 1_000, 40],
  [2_000, 1_160, 40],
  [2_000, 1_200, 40],
  [2_000, 1_000, 40],
];
const [harmful, worse, risky] = [
  [2_000, 1_000, 240],
  [2_000, 820, 40],
  [2_000, 1_160, 70],
];
const looked = (days: number, ...variants: (readonly number[] | undefined)[]) =>
  look(three, dataOf(armsOf(baseline!, ...variants.map((variant) => variant!))), { days });

describe('several variants', () => {
  test('one that does harm is stopped while others go on', () => {
    expect(looked(3, harmful, level, level)).toMatchObject({ decision: 'continue', reason: 'collecting', stops: [1] });
    expect(looked(3, level, worse, harmful)).toMatchObject({ decision: 'continue', arm: 1, stops: [2, 3] });
  });

  test('the last of them ends it', () => {
    expect(looked(3, worse, harmful, worse)).toMatchObject({
      ...{ decision: 'rollback', reason: 'guardrail', arm: 2, stops: [1, 2, 3] },
    });
    const data = dataOf(armsOf(baseline!, level!, harmful!, level!), { stopped: [1, 3] });
    expect(look(three, data)).toMatchObject({ decision: 'rollback', arm: 2, stops: [2] });
  });

  test('of those that may be promoted the highest is, and no other is served any more', () => {
    expect(looked(8, good, better, level)).toMatchObject({ decision: 'promote', arm: 2, stops: [1, 3] });
    expect(looked(8, good, harmful, good)).toMatchObject({ decision: 'promote', arm: 1, stops: [2, 3] });
  });

  test('the highest is the lowest where lower is better', () => {
    const falling = specOf({ variants: [1 / 3, 1 / 3], metrics: [metricOf({ better: 'lower' }), ERRORS] });
    const data = dataOf(armsOf([2_000, 1_200, 40], [2_000, 1_000, 40], [2_000, 900, 40]));
    expect(look(falling, data)).toMatchObject({ decision: 'promote', arm: 2 });
  });

  test('one that is ahead but too risky does not keep the other from winning', () => {
    expect(looked(8, risky, good, level)).toMatchObject({ decision: 'promote', arm: 2 });
  });

  test('it is inconclusive when all that are left are', () => {
    expect(looked(28, level, level, level)).toMatchObject({
      ...{ decision: 'inconclusive', reason: 'no_effect_proven', arm: null, stops: [] },
    });
    expect(looked(28, harmful, risky, level)).toMatchObject({
      ...{ decision: 'inconclusive', reason: 'guardrails_unproven', stops: [1] },
    });
    const futile = specOf({ variants: [1 / 3, 1 / 3], metrics: [metricOf({ minimumEffect: 0.09 }), ERRORS] });
    const undecided = dataOf(armsOf([2_000, 1_000, 40], level!, [2_000, 1_100, 40]));
    const record = look(futile, undecided, { days: 8 });
    expect(record.verdicts.map(({ reason }) => reason)).toEqual(['futile', 'collecting']);
    expect(record).toMatchObject({ decision: 'continue', reason: 'collecting' });
  });

  test('a split that is off halts all, but harm is stopped', () => {
    const data = dataOf(armsOf(baseline!, harmful!, good!, level!));
    const exposed = data.exposed.map((count) => (count.arm === 3 ? { ...count, n: 1_500 } : count));
    expect(look(three, { ...data, exposed })).toMatchObject({
      ...{ decision: 'halt', reason: 'srm', arm: null, stops: [1] },
    });
  });
});

describe('a rollout', () => {
  const spec = specOf();
  const rollout = (variant: readonly number[], change = {}) =>
    look(spec, dataOf(armsOf([2_000, 1_000, 40], variant), change), { phase: 'rollout', days: 40 });

  test('goes on whatever the primary metric says, however long it lasts', () => {
    expect(rollout([2_000, 820, 40])).toMatchObject({
      decision: 'continue',
      reason: 'collecting',
      arm: 1,
      daysLeft: null,
    });
    const few = dataOf(armsOf([40, 20, 1], [40, 20, 1]));
    expect(look(spec, few, { phase: 'rollout' })).toMatchObject({ decision: 'continue', reason: 'warming_up' });
  });

  test('is rolled back for harm, and by the breaker', () => {
    expect(rollout([2_000, 1_160, 240])).toMatchObject({ decision: 'rollback', reason: 'guardrail', stops: [1] });
    const breaker = [{ arm: 1, window: 1, requests: 60, failures: 40 }];
    expect(rollout([2_000, 1_160, 40], { breaker })).toMatchObject({ decision: 'rollback', reason: 'breaker' });
  });

  test('is rolled back where harm would not be seen', () => {
    const exposed = [0, 1].map((arm) => ({ stage: 1, arm, n: arm ? 1_600 : 2_000 }));
    expect(rollout([2_000, 1_160, 40], { exposed })).toMatchObject({ decision: 'rollback', reason: 'srm', arm: 1 });
  });

  test('without a primary metric, too', () => {
    const watched = specOf({ metrics: [guardrailOf('errors'), { ...ANSWERED, role: 'secondary' }] });
    const data = dataOf(armsOf([2_000, 40, 900], [2_000, 44, 900]));
    expect(look(watched, data, { phase: 'rollout' })).toMatchObject({ decision: 'continue', reason: 'collecting' });
  });

  test('harm of any variant that is still served ends it', () => {
    const two = specOf({ variants: [1 / 3, 1 / 3] });
    const data = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 240], [2_000, 1_160, 40]));
    expect(look(two, data, { phase: 'rollout' })).toMatchObject({ decision: 'rollback', arm: 1, stops: [1] });
  });
});
