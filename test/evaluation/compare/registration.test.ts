/** What was locked, and each change of it in words. */
import { describe, expect, test } from 'vitest';
import {
  checkRegistration,
  registrationChanges,
  registrationOf,
} from '../../../src/evaluation/compare/registration.ts';
import { hashJson } from '../../../src/plan/id.ts';
import type { Json } from '../../../src/plan/plan.ts';
import { factsOf, metricOf, pinsOf, specOf } from './make.ts';

const recall = metricOf('recall@10', { minimumEffect: 0.03 });
const latency = metricOf('latency', {
  role: 'guardrail',
  source: { from: 'run', field: 'latencyMs' },
  better: 'lower',
  format: 'ms',
  margin: 200,
});
const spec = specOf({ metrics: [recall, latency] });
const locked = registrationOf(spec, pinsOf(spec));
const hash = (registration: typeof locked) => hashJson(registration as unknown as Json);
const words = (now: typeof locked) =>
  registrationChanges(locked, now).map(({ what, from, to }) => `${what}: ${from} → ${to}`);

test('variants may come and go, and a key order is no change', () => {
  const other = specOf({ metrics: [recall, latency], variants: ['baseline', 'one', 'two', 'three'] });
  const again = registrationOf(other, pinsOf(other));
  expect(registrationChanges(locked, again)).toEqual([]);
  expect(hash(again)).toBe(hash(locked));
});

test('what was locked before scorers stated whether they judge is not changed by stating it', () => {
  const { judges: _, ...old } = locked;
  expect(registrationChanges(old, { ...locked, judges: ['quality'] })).toEqual([]);
});

describe('each change has its words, and another hash', () => {
  test.each<[string, Partial<typeof locked>]>([
    ["minimumEffect of primary 'recall@10': 0.03 → 0.01", { metrics: [{ ...recall, minimumEffect: 0.01 }, latency] }],
    ["margin of guardrail 'latency': 200 → 500", { metrics: [recall, { ...latency, margin: 500 }] }],
    ["role of guardrail 'latency': guardrail → secondary", { metrics: [recall, { ...latency, role: 'secondary' }] }],
    [
      "source of primary 'recall@10': quality.recall@10 → quality.mrr",
      { metrics: [{ ...recall, source: { from: 'score', scorer: 'quality', field: 'mrr' } }, latency] },
    ],
    ["above of primary 'recall@10': none → 0.5", { metrics: [{ ...recall, above: 0.5 }, latency] }],
    ["guardrail 'latency': declared → not declared", { metrics: [recall] }],
    ["primary 'mrr': not declared → declared", { metrics: [recall, latency, metricOf('mrr')] }],
    ['order of metrics: recall@10, latency → latency, recall@10', { metrics: [latency, recall] }],
    ['pipeline: docs-bot → faq-bot', { pipeline: 'faq-bot' }],
    ['repeats: 1 → 3', { repeats: 3 }],
    ['alpha: 0.05 → 0.1', { alpha: 0.1 }],
    ['split of the dataset: dev → none', { dataset: { ...locked.dataset, split: null } }],
    ['examples of the dataset: 100 → 40', { dataset: { ...locked.dataset, examples: 40 } }],
    [
      `version of the dataset: ${'d'.repeat(64)} → ${'d'.repeat(63)}e`,
      { dataset: { ...locked.dataset, version: `${'d'.repeat(63)}e` } },
    ],
    ["version of scorer 'quality': quality-1 → quality-2", { scorerVersions: { quality: 'quality-2' } }],
    ["version of scorer 'quality': quality-1 → none", { scorerVersions: {} }],
    ['judges: none → quality', { judges: ['quality'] }],
  ])('%s', (sentence, change) => {
    const now = { ...locked, ...change };
    expect(words(now)).toEqual([sentence]);
    expect(hash(now)).not.toBe(hash(locked));
  });

  test('several at once', () => {
    expect(words({ ...locked, repeats: 2, metrics: [{ ...recall, minimumEffect: null }, latency] })).toEqual([
      'repeats: 1 → 2',
      "minimumEffect of primary 'recall@10': 0.03 → none",
    ]);
  });
});

describe('an evaluation against what is locked', () => {
  test('kept, and changed', () => {
    expect(checkRegistration(factsOf({ spec, locked }))).toMatchObject({ state: 'kept', changes: [] });
    const changed = factsOf({ spec, locked: { ...locked, alpha: 0.01 } });
    expect(checkRegistration(changed)).toMatchObject({
      evaluationId: 'eval-a',
      state: 'changed',
      changes: [{ what: 'alpha', from: '0.01', to: '0.05' }],
    });
  });
  test.each([
    ['nothing is locked', factsOf({ spec, locked: null })],
    ['the command line changed what was defined', factsOf({ spec: { ...spec, definition: null }, locked })],
    ['it has not begun', factsOf({ spec, locked, pins: null })],
  ])('unregistered: %s', (_, facts) => {
    expect(checkRegistration(facts).state).toBe('unregistered');
  });
});
