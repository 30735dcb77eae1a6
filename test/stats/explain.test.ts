/** The words: every verdict has its sentence, and what it rests on is always said. */
import { expect, test } from 'vitest';
import { explain, formatValue } from '../../src/stats/explain.ts';
import type { GateReason } from '../../src/stats/gate.ts';
import type { ExperimentReport } from '../../src/stats/reports.ts';

const experiment: ExperimentReport = {
  kind: 'experiment',
  verdict: { decision: 'promote', reason: 'superior', guardrails: [] },
  baseline: 'baseline',
  variant: 'hyde',
  metric: 'groundedness',
  format: 'share',
  alpha: 0.05,
  effect: { diff: 0.0312, lo: 0.0101, hi: 0.0523 },
  guardrail: null,
  srm: null,
  unit: 'user',
  units: 2400,
  unitsMinArm: 12,
  minUnits: 50,
  days: 9.04,
  daysLeft: 2.2,
  at: '2026-03-01 10:00',
  window: '24 hours',
  method: 'asymp_cs',
  counts: { excluded: 3, late: 2, outcomes: 900, missing: 1, capped: 0 },
  isExploratory: false,
  judge: null,
};

const say = (reason: GateReason, change: Partial<ExperimentReport> = {}, guardrails: string[] = []) =>
  explain({ ...experiment, verdict: { ...experiment.verdict, reason, guardrails }, ...change })[0];

test('win', () => {
  expect(explain(experiment)).toEqual([
    'hyde beats baseline on groundedness by 3.12% (95% interval 1.01% to 5.23%; holds however often you look). 2400 users.',
    '3 excluded, 2 late, 1 missing, 0 capped.',
    'Unit: user. Window: 24 hours. Method: asymp_cs.',
    'The estimate of a winner that stopped early is optimistic; its interval is not.',
  ]);
});

test('late outcomes and unstable identities are warned of beyond their limits', () => {
  const verdict = { decision: 'continue', reason: 'collecting', guardrails: [] } as const;
  const warnings = (counts: Partial<ExperimentReport['counts']>) =>
    explain({ ...experiment, verdict, counts: { ...experiment.counts, ...counts } }).slice(3);
  expect(warnings({ late: 45, excluded: 24 })).toEqual([]);
  expect(warnings({ late: 46 })).toEqual(['More than 5% of outcomes came late: the window is too short.']);
  expect(warnings({ excluded: 25 })).toEqual([
    'More than 1% of users were seen in two arms: their identity is not stable.',
  ]);
});

test.each<[GateReason, string]>([
  [
    'worse',
    'hyde was rolled back at 2026-03-01 10:00: it is worse than baseline on groundedness by 3.12% (95% interval 1.01% to 5.23%; holds however often you look). 2400 users.',
  ],
  ['breaker', "hyde was rolled back at 2026-03-01 10:00: its failure rate rose above the breaker's ceiling."],
  ['guardrail', 'hyde was rolled back at 2026-03-01 10:00: errors, slow moved beyond the allowed margin.'],
  [
    'srm',
    "Traffic split is off. Numbers can't be trusted until the cause is found: lost exposures, bots, redirects, crashes.",
  ],
  ['warming_up', 'Collecting: 12 of 50 users in the smaller arm.'],
  [
    'min_duration',
    'hyde is ahead on groundedness (95% interval 1.01% to 5.23%; holds however often you look), but the minimum duration is not over. At this pace about 3 days more.',
  ],
  ['collecting', 'Not decided yet: the effect is between 1.01% and 5.23%. At this pace about 3 days more.'],
  ['insufficient_data', 'Not enough users in 9 days: 12 in the smaller arm, 50 needed. Baseline stays.'],
  [
    'guardrails_unproven',
    'hyde is ahead on groundedness, but after 9 days these are not proven harmless: errors, slow. Baseline stays.',
  ],
  ['no_effect_proven', 'No difference proven in 9 days. A change larger than 5.23% is ruled out. Baseline stays.'],
  [
    'futile',
    'No useful difference in 9 days: a change of the size that was asked for is ruled out (the effect is between 1.01% and 5.23%). Baseline stays.',
  ],
])('%s', (reason, sentence) => {
  expect(say(reason, {}, ['errors', 'slow'])).toBe(sentence);
});

test('a guardrail that decided is named with its harm and its margin, in its own units', () => {
  const guardrail = { name: 'latency', better: 'lower', lo: 812.4, margin: 500, format: 'ms' } as const;
  expect(say('guardrail', { guardrail })).toBe(
    'hyde was rolled back at 2026-03-01 10:00: latency rose by at least 812 ms, over the allowed 500 ms.',
  );
  expect(say('guardrail', { guardrail: { ...guardrail, better: 'higher' } })).toContain('latency fell by at least');
});

test('a broken split gives weights, counts and the chance', () => {
  const srm = { weights: [0.5, 0.5], counts: [5200, 4800], p: 6.334e-5 };
  expect(say('srm', { srm })).toContain('(expected 0.5:0.5, got 5200:4800; chance 1 in 15788)');
  expect(say('srm', { srm: { ...srm, p: 0 } })).toContain('chance less than 1 in a billion');
  expect(say('srm', { srm: { ...srm, p: 1e-12 } })).toContain('chance less than 1 in a billion');
});

test('what is not known is said to be unknown', () => {
  expect(say('collecting', { effect: null, daysLeft: null })).toBe(
    'Not decided yet: the effect is between unknown and unknown. The time left cannot be told yet.',
  );
  expect(say('superior', { effect: null })).toContain('by unknown');
  expect(say('worse', { effect: null })).toContain('by unknown');
  expect(say('no_effect_proven', { effect: null })).toContain('larger than unknown');
});

test('what is ruled out is the farther end of the interval', () => {
  expect(say('no_effect_proven', { effect: { diff: 0, lo: -0.09, hi: 0.01 } })).toContain('larger than 9%');
});

test('exploratory rows and judges say so', () => {
  const caveats = (change: Partial<ExperimentReport>) => explain({ ...experiment, ...change }).slice(4);
  expect(caveats({ isExploratory: true, judge: 'uncorrected' })).toEqual(['Exploratory.', 'Uncorrected judge.']);
  expect(caveats({ judge: { labels: 120 } })).toEqual(['Judge-corrected with 120 labels.']);
});

test('a plan', () => {
  const plan = { kind: 'plan', mde: 0.02, format: 'share', unit: 'user', units: 38_000, days: 1 } as const;
  expect(explain({ ...plan, unprovable: ['errors'] })).toEqual([
    'To see a change of 2% you need about 38000 users (1 day at current traffic); small differences cost four times as much when halved.',
    'errors cannot be proven harmless with so few users.',
  ]);
});

test('formats', () => {
  expect(formatValue(1234.5, 'number')).toBe('1230');
  expect(formatValue(-0.00123, 'usd')).toBe('-$0.00123');
  expect(formatValue(2, 'usd')).toBe('$2');
  expect(formatValue(12.345, 'ms')).toBe('12.3 ms');
  expect(formatValue(-0.5, 'share')).toBe('-50%');
  expect(formatValue(null, 'share')).toBe('unknown');
});

test('sentences are frozen', () => {
  expect(Object.isFrozen(explain(experiment))).toBe(true);
});
