import { describe, expect, test } from 'vitest';
import { defineMonitor, defineScorer } from '../../src/index.ts';
import { countWords, grounded, short } from './evaluated.ts';
import { supportBot } from './example.ts';
import { pages } from './experimented.ts';

const monitor = { pipeline: supportBot, scorer: grounded, sample: 0.1 };

const asked = defineScorer('asked', { pipeline: pages }, countWords, ({ input }) => ({ text: input.question }), {
  scores: { words: 'detail', sentences: { worst: 0, best: null } },
});

describe('a monitor', () => {
  test('has its parts, and what the store keeps of it as frozen JSON', () => {
    const defined = defineMonitor('grounded-live', {
      ...monitor,
      when: { outcomes: ['failed', 'completed'], experiment: 'rerank-online', arm: 'wide' },
      alert: { field: 'score', below: 0.7, window: '30 minutes', atLeast: 50 },
      budgetUsdPerDay: 2.5,
    });
    expect(defined).toMatchObject({ id: 'grounded-live', pipeline: supportBot, scorer: grounded });
    const { spec } = defined;
    expect(spec).toEqual({
      ...{ format: 1, name: 'grounded-live', pipeline: 'support-bot', scorer: grounded.spec, sample: 0.1 },
      fields: { passed: 'rate', score: 'mean' },
      when: { outcomes: ['completed', 'failed'], experiment: 'rerank-online', arm: 'wide', target: null },
      ...{ windowMs: 1_800_000, alert: { field: 'score', below: 0.7, above: null, atLeast: 50 } },
      budgetUsdPerDay: 2.5,
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect([defined, spec, spec.when, spec.when.outcomes, spec.alert].every(Object.isFrozen)).toBe(true);
  });

  test('has defaults for all that was left out', () => {
    expect(defineMonitor('m', monitor).spec).toMatchObject({
      when: { outcomes: ['completed', 'degraded'], experiment: null, arm: null, target: null },
      ...{ windowMs: 3_600_000, alert: null, budgetUsdPerDay: null },
    });
    const alert = { field: 'passed', below: 1 } as const;
    expect(defineMonitor('m', { ...monitor, alert }).spec).toMatchObject({
      ...{ windowMs: 3_600_000, alert: { field: 'passed', below: 1, above: null, atLeast: 20 } },
    });
  });

  test('may be aimed at some inputs', () => {
    const { spec } = defineMonitor('m', {
      pipeline: pages,
      scorer: asked,
      sample: 1,
      when: { target: ({ input }) => input.isPublic },
    });
    expect(spec.when.target).toEqual({ $from: ['input', 'isPublic'] });
  });

  test('may alert on what has no bound, by any number', () => {
    const alert = { field: 'words', above: 400 } as const;
    expect(defineMonitor('m', { ...monitor, scorer: short, alert }).spec).toMatchObject({
      ...{ fields: { words: 'mean' }, alert: { below: null, above: 400 } },
    });
  });

  test('says the same whichever way its outcomes are listed, so that it is the same version', () => {
    const of = (outcomes: readonly ('degraded' | 'completed')[]) =>
      defineMonitor('m', { ...monitor, when: { outcomes } }).spec;
    expect(of(['degraded', 'completed'])).toEqual(of(['completed', 'degraded']));
  });
});
