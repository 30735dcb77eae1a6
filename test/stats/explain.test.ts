/** The words: every verdict has its sentence, and what it rests on is always said. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/stats/explain.ts';
import type { ExperimentReport, ExperimentStateReport, PlanReport } from '../../src/stats/explained-report.ts';
import { formatValue } from '../../src/stats/format-value.ts';
import type { GateReason } from '../../src/stats/gate.ts';

const experiment: ExperimentReport = {
  kind: 'experiment',
  phase: 'experiment',
  verdict: { decision: 'promote', reason: 'superior', guardrails: [] },
  baseline: 'baseline',
  variant: 'hyde',
  metric: 'groundedness',
  format: 'share',
  alpha: 0.05,
  effect: { diff: 0.0312, lo: 0.0101, hi: 0.0523 },
  guardrail: null,
  guardrails: [],
  stopped: [],
  srm: null,
  exposure: null,
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
    'hyde beats baseline on groundedness by 3.12 percentage points (95% interval 1.01 to 5.23 percentage points; holds however often you look). 2400 users.',
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
    'hyde was rolled back at 2026-03-01 10:00: it is worse than baseline on groundedness by 3.12 percentage points (95% interval 1.01 to 5.23 percentage points; holds however often you look). 2400 users.',
  ],
  ['breaker', "hyde was rolled back at 2026-03-01 10:00: its failure rate rose above the breaker's ceiling."],
  ['guardrail', 'hyde was rolled back at 2026-03-01 10:00: errors, slow moved beyond the allowed margin.'],
  [
    'exposure',
    "Exposure differs between arms. Numbers can't be trusted until the cause is found: a variant that slows down or breaks steps before the edited one, crashes, runs that are ended from outside.",
  ],
  [
    'srm',
    "Traffic split is off. Numbers can't be trusted until the cause is found: lost exposures, bots, redirects, crashes.",
  ],
  ['warming_up', 'Collecting: 12 of 50 users in the smaller arm.'],
  [
    'min_duration',
    'hyde is ahead on groundedness (95% interval 1.01 to 5.23 percentage points; holds however often you look), but the minimum duration is not over. At this pace about 3 days more.',
  ],
  [
    'collecting',
    'Not decided yet: the interval of the effect is 1.01 to 5.23 percentage points. At this pace about 3 days more.',
  ],
  ['insufficient_data', 'Not enough users in 9 days: 12 in the smaller arm, 50 needed. Baseline stays.'],
  [
    'guardrails_unproven',
    'hyde is ahead on groundedness, but after 9 days these are not proven harmless: errors, slow. Baseline stays.',
  ],
  [
    'no_effect_proven',
    'No difference proven in 9 days. A change larger than 5.23 percentage points is ruled out. Baseline stays.',
  ],
  [
    'futile',
    'No useful difference in 9 days: a change of the size that was asked for is ruled out (the interval of the effect is 1.01 to 5.23 percentage points). Baseline stays.',
  ],
])('%s', (reason, sentence) => {
  expect(say(reason, {}, ['errors', 'slow'])).toBe(sentence);
});

test('enough units that are all the same are not too few', () => {
  expect(say('warming_up', { unitsMinArm: 50 })).toBe(
    'Nothing to tell them apart by: all 2400 users have the same groundedness.',
  );
  expect(say('insufficient_data', { unitsMinArm: 50 })).toBe(
    'After 9 days all 2400 users have the same groundedness. Baseline stays.',
  );
});

test('a guardrail that decided is named with its harm and its margin, in its own units', () => {
  const guardrail = { name: 'latency', better: 'lower', lo: 812.4, hi: 1_500, margin: 500, format: 'ms' } as const;
  expect(say('guardrail', { guardrail })).toBe(
    'hyde was rolled back at 2026-03-01 10:00: latency rose by at least 812 ms, over the allowed 500 ms.',
  );
  expect(say('guardrail', { guardrail: { ...guardrail, better: 'higher' } })).toContain('latency fell by at least');
});

const split = {
  of: 'exposed',
  metric: null,
  arms: ['baseline', 'hyde'],
  weights: [0.5, 0.5],
  counts: [5200, 4800],
  p: 6.334e-5,
} as const;

test('a broken split gives weights, counts and the chance', () => {
  expect(say('srm', { srm: split })).toContain(
    'Traffic split is off (expected 0.5:0.5, got 5200:4800; chance 1 in 15788)',
  );
  expect(say('srm', { srm: { ...split, p: 0 } })).toContain('chance less than 1 in a billion');
  expect(say('srm', { srm: { ...split, p: 1e-12 } })).toContain('chance less than 1 in a billion');
});

const exposure = {
  arms: ['baseline', 'hyde'],
  assigned: [1_000, 1_000],
  exposed: [990, 812],
  p: 6.334e-5,
} as const;

test('exposure that differs names the arms that expose least and most', () => {
  expect(say('exposure', { exposure })).toContain(
    'Exposure differs between arms: 812 of 1,000 assigned users of hyde were exposed, 990 of 1,000 of baseline (chance 1 in 15788)',
  );
});

test('records that are lost are said of the arm that loses them', () => {
  const srm = { ...split, of: 'recorded', metric: 'errors' } as const;
  expect(say('srm', { srm })).toBe(
    "hyde loses its records of errors (expected 0.5:0.5, got 5200:4800; chance 1 in 15788). Numbers can't be trusted until the cause is found: crashes, timeouts, outcomes that are not delivered.",
  );
  expect(say('srm', { srm: { ...srm, weights: [0.6, 0.4] } })).toContain('baseline loses its records of errors');
});

test('what is not known is said to be unknown', () => {
  expect(say('collecting', { effect: null, daysLeft: null })).toBe(
    'Not decided yet: the interval of the effect is unknown. The time left is not known yet.',
  );
  expect(say('superior', { effect: null })).toContain('by unknown');
  expect(say('worse', { effect: null })).toContain('by unknown');
  expect(say('no_effect_proven', { effect: null })).toContain('larger than unknown');
});

test('what is ruled out is the farther end of the interval', () => {
  expect(say('no_effect_proven', { effect: { diff: 0, lo: -0.09, hi: 0.01 } })).toContain(
    'larger than 9 percentage points',
  );
});

test('exploratory rows and judges say so', () => {
  const caveats = (change: Partial<ExperimentReport>) => explain({ ...experiment, ...change }).slice(4);
  expect(caveats({ isExploratory: true, judge: 'uncorrected' })).toEqual(['Exploratory.', 'Uncorrected judge.']);
  expect(caveats({ judge: { labels: 120 } })).toEqual(['Judge-corrected with 120 labels.']);
});

describe('guardrails are said one by one while nothing is decided', () => {
  const guardrails: ExperimentReport['guardrails'] = [
    { name: 'errors', better: 'lower', lo: -0.01, hi: 0.004, margin: 0.01, format: 'share' },
    { name: 'latency', better: 'lower', lo: -20, hi: 640, margin: 500, format: 'ms' },
    { name: 'cost', better: 'lower', lo: null, hi: null, margin: 0.002, format: 'usd' },
  ];
  const basis = (decision: 'continue' | 'rollback' | 'halt', phase: ExperimentReport['phase'] = 'experiment') =>
    explain({ ...experiment, phase, guardrails, verdict: { decision, reason: 'collecting', guardrails: [] } })
      .slice(1)
      .filter((sentence) => sentence.includes('harmless'));

  test('which are proven, and how far the others are from it', () => {
    expect(basis('continue')).toEqual([
      'Proven harmless: errors.',
      'Not proven harmless yet: latency (at most 640 ms worse, 500 ms allowed).',
      'Not proven harmless yet: cost (no interval yet, $0.002 allowed).',
    ]);
  });

  test('a rollback, a halt and a rollout have other things to say', () => {
    expect(basis('rollback')).toEqual([]);
    expect(basis('halt')).toEqual([]);
    expect(basis('continue', 'rollout')).toEqual([]);
  });
});

test('variants that are stopped say why', () => {
  const guardrail = { name: 'errors', better: 'lower', lo: 0.03, hi: 0.09, margin: 0.01, format: 'share' } as const;
  const harmed = { decision: 'rollback', reason: 'guardrail', guardrails: ['errors'] } as const;
  const stopped: ExperimentReport['stopped'] = [
    { variant: 'a', verdict: harmed, guardrail, effect: null },
    {
      variant: 'b',
      verdict: { ...harmed, reason: 'worse' },
      guardrail: null,
      effect: { diff: -0.02, lo: -0.03, hi: -0.01 },
    },
    { variant: 'c', verdict: null, guardrail: null, effect: null },
  ];
  expect(explain({ ...experiment, stopped }).slice(1, 4)).toEqual([
    'a is stopped, and its users get the baseline: errors rose by at least 3 percentage points, over the allowed 1 percentage point.',
    'b is stopped, and its users get the baseline: it is worse than baseline on groundedness by 2 percentage points.',
    'c is stopped, and its users get the baseline: hyde has won.',
  ]);
});

describe('a rollout', () => {
  const rollout = (decision: 'continue' | 'rollback', reason: GateReason, change: Partial<ExperimentReport> = {}) =>
    explain({ ...experiment, phase: 'rollout', verdict: { decision, reason, guardrails: [] }, ...change })[0];

  test('goes on', () => {
    expect(rollout('continue', 'collecting')).toBe('hyde is being rolled out: no guardrail is beyond its margin.');
    expect(rollout('continue', 'warming_up')).toBe(
      'hyde is being rolled out. Too few users yet to see harm: 12 in the smaller arm.',
    );
  });

  test('is rolled back for harm, and where harm would not be seen', () => {
    expect(rollout('rollback', 'breaker')).toContain("its failure rate rose above the breaker's ceiling.");
    expect(rollout('rollback', 'srm', { srm: split })).toBe(
      'hyde was rolled back at 2026-03-01 10:00: the traffic split is off (expected 0.5:0.5, got 5200:4800; chance 1 in 15788), so harm would not be seen.',
    );
    expect(rollout('rollback', 'exposure', { exposure })).toBe(
      'hyde was rolled back at 2026-03-01 10:00: exposure differs between arms: 812 of 1,000 assigned users of hyde were exposed, 990 of 1,000 of baseline (chance 1 in 15788), so harm would not be seen.',
    );
  });
});

test.each<[ExperimentStateReport['state'], string]>([
  ['running', 'Running since 2026-03-01 10:00.'],
  [
    'paused',
    'Paused at 2026-03-01 10:00 by ada: a look at prices. Every user gets the baseline, and nothing is decided.',
  ],
  [
    'halted',
    'Halted at 2026-03-01 10:00: a look at prices. The split stays as it is and nobody is promoted; find the cause, and abort it.',
  ],
  ['approving', 'hyde has won at 2026-03-01 10:00, and waits for approval.'],
  ['rolling', 'hyde is being rolled out: 25% of the traffic outside the experiment gets it.'],
  ['promoted', 'hyde was promoted at 2026-03-01 10:00: it is what docs-search serves.'],
  ['rolled_back', 'hyde was rolled back at 2026-03-01 10:00: a look at prices. Every user gets the baseline.'],
  ['inconclusive', 'Ended at 2026-03-01 10:00 without a winner: a look at prices. Baseline stays.'],
  [
    'aborted',
    'Aborted at 2026-03-01 10:00 by ada: a look at prices. Baseline stays; what was seen until then decides nothing.',
  ],
  [
    'superseded',
    'Superseded at 2026-03-01 10:00: a look at prices. What it compared is no longer served; start it anew on what is.',
  ],
])('state %s', (state, sentence) => {
  const report: ExperimentStateReport = {
    kind: 'experiment-state',
    state,
    pipeline: 'docs-search',
    variant: 'hyde',
    unit: 'user',
    by: 'ada',
    reason: 'a look at prices',
    at: '2026-03-01 10:00',
    ramp: 0.25,
  };
  expect(explain(report)).toEqual([sentence]);
  const untimed = sentence.replace(/ (at|since) 2026-03-01 10:00/, '');
  expect(explain({ ...report, at: null })).toEqual([untimed]);
});

describe('a plan', () => {
  const plan: PlanReport = {
    kind: 'plan',
    metric: 'answered',
    mde: 0.02,
    format: 'share',
    unit: 'user',
    units: 38_000,
    days: 1,
    maxDays: 28,
    mdeAtMax: 0.004,
    unprovable: [{ metric: 'errors', units: 60_000 }],
    assumed: ['cost', 'latency'],
  };

  test('says what it takes, what can be seen, and what cannot be proven', () => {
    expect(explain(plan)).toEqual([
      'To see a change of 2 percentage points you need about 38000 users (1 day at current traffic); small differences cost four times as much when halved.',
      'In at most 28 days a change of 0.4 percentage points can be seen.',
      'errors cannot be proven harmless with so few users: about 60000 would do.',
      'Nothing was measured of cost, latency: how much they vary is assumed.',
    ]);
  });

  test('one that takes too long says so', () => {
    expect(explain({ ...plan, days: 40.04, unprovable: [], assumed: [] })).toContain(
      'That is longer than the 28 days it may take: it would most likely end inconclusive.',
    );
    expect(explain({ ...plan, days: 28 }).join()).not.toContain('longer than');
  });

  test('what is not known is not made up', () => {
    const unknown = { ...plan, mde: null, units: null, days: null, mdeAtMax: null, unprovable: [], assumed: [] };
    expect(explain(unknown)).toEqual([
      'No smallest effect on answered is declared, so nothing says how long this takes.',
      'The traffic is not known, so neither is the time this takes.',
    ]);
  });
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
