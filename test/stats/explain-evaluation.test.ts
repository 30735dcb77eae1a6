/** The words for offline evaluations: verdicts, guardrails, the gate, and what an A/A has shown. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/stats/explain.ts';
import type {
  EvaluationGateReport,
  EvaluationReport,
  GateFinding,
  GuardrailReport,
  NoiseReport,
} from '../../src/stats/explained-report.ts';

const evaluation: EvaluationReport = {
  kind: 'evaluation',
  verdict: 'better',
  why: null,
  baseline: 'baseline',
  variant: 'hyde',
  metric: 'nDCG@10',
  format: 'number',
  alpha: 0.01,
  effect: { diff: -0.0412345, lo: -0.06, hi: -0.02 },
  examples: 1,
  missing: 0,
  inapplicable: 0,
  bounds: null,
  failed: 0,
  adjusted: null,
  corrected: null,
  mde: 0.05,
  nNeeded: 130,
  neededFor: { effect: 0.05, isDeclared: true, clusters: null, designEffect: null },
  comparisons: 9,
  hasFinal: false,
  isExploratory: true,
  judge: null,
};
test.each<[EvaluationReport['verdict'], string]>([
  ['better', 'hyde beats baseline on nDCG@10 by 0.0412 (99% interval -0.06 to -0.02).'],
  ['worse', 'hyde is worse than baseline on nDCG@10 by 0.0412 (99% interval -0.06 to -0.02).'],
  [
    'equivalent',
    'hyde and baseline are equivalent on nDCG@10: any difference is within 0.05 (99% interval -0.06 to -0.02).',
  ],
  [
    'inconclusive',
    'No difference proven between hyde and baseline on nDCG@10 (99% interval -0.06 to -0.02). About 130 examples would be needed to see a difference of 0.05.',
  ],
  [
    null,
    'No verdict on nDCG@10: the numbers are missing. About 130 examples would be needed to see a difference of 0.05.',
  ],
])('%s', (verdict, sentence) => {
  expect(explain({ ...evaluation, verdict })).toEqual([sentence, '1 example, 0 missing.', 'Exploratory.']);
});

test('a worn dataset is warned of', () => {
  const wornWords = (hasFinal: boolean) => explain({ ...evaluation, comparisons: 10, hasFinal })[2];
  expect(wornWords(false)).toBe('Comparison 10 on this dataset: confirm on new examples.');
  expect(wornWords(true)).toBe('Comparison 10 on this dataset: confirm on its final split.');
});

describe('the number of examples needed', () => {
  const neededWords = (change: Partial<EvaluationReport>) =>
    explain({ ...evaluation, verdict: 'inconclusive', format: 'share', ...change })[0]!.split(/(?<=\)\.) /)[1];
  const neededFor = { effect: 0.05, isDeclared: true, clusters: null, designEffect: null };
  test('names its effect, of shares in percentage points', () => {
    expect(neededWords({ neededFor })).toBe(
      'About 130 examples would be needed to see a difference of 5 percentage points.',
    );
  });
  test('says where the effect is the one that was seen', () => {
    expect(neededWords({ neededFor: { ...neededFor, effect: 0.0181, isDeclared: false } })).toBe(
      'About 130 examples would be needed to see a difference of 1.81 percentage points, the one seen here.',
    );
  });
  test('is in clusters and examples, with the design effect', () => {
    expect(neededWords({ neededFor: { ...neededFor, clusters: 26, designEffect: 2.345 } })).toBe(
      'About 26 clusters (130 examples) would be needed to see a difference of 5 percentage points (design effect of clusters 2.35).',
    );
  });
  test('is also given where there are too few clusters for a verdict', () => {
    const why = 'a verdict needs at least 6 units';
    const clustered = { ...neededFor, clusters: 26, designEffect: 2.3 };
    expect(explain({ ...evaluation, verdict: null, why, neededFor: clustered })[0]).toBe(
      `No verdict on nDCG@10: ${why}. About 26 clusters (130 examples) would be needed to see a difference of 0.05 (design effect of clusters 2.3).`,
    );
  });
});

test('no verdict says why', () => {
  const why = 'a verdict needs at least 6 units';
  const none = { nNeeded: null, neededFor: null };
  expect(explain({ ...evaluation, ...none, verdict: null, why })[0]).toBe(`No verdict on nDCG@10: ${why}.`);
});

test('no difference and no number of examples', () => {
  const open = { ...evaluation, effect: { diff: null, lo: null, hi: null }, nNeeded: null, neededFor: null };
  expect(explain({ ...open, verdict: 'inconclusive' })[0]).toMatch(/interval unknown\)\.$/);
  expect(explain(open)[0]).toContain('by unknown');
});

test('an interval without 0 that proves nothing says why', () => {
  const one = { ...evaluation, verdict: 'inconclusive' as const, adjusted: { method: 'holm' as const, tests: 4 } };
  expect(explain(one)[0]).toContain('(99% interval -0.06 to -0.02): clear by itself, but not as one of 4 tests.');
  const around = { ...one, effect: { diff: 0.01, lo: -0.06, hi: 0.08 } };
  expect(explain(around)[0]).not.toContain('clear by itself');
  // It is the labels that do not prove it.
  const corrected = { diff: -0.01, lo: -0.06, hi: 0.04, isPooled: false };
  expect(explain({ ...one, corrected })[0]).toContain(
    '(by the labels -0.01, 99% interval -0.06 to 0.04; by the scores alone -0.0412, -0.06 to -0.02).',
  );
  const byLabels = { diff: -0.03, lo: -0.06, hi: -0.01, isPooled: false };
  expect(explain({ ...around, corrected: byLabels })[0]).toContain(
    ': clear by the labels, but not by the scores, and a verdict needs both.',
  );
});

test('what a verdict rests on: holes, failed runs, other tests, labels', () => {
  const whole = {
    ...evaluation,
    isExploratory: false,
    missing: 3,
    inapplicable: 12,
    bounds: { lo: -0.08, hi: 0.01 },
    failed: 2,
    adjusted: { method: 'holm', tests: 6 },
    corrected: { diff: -0.03, lo: -0.07, hi: -0.001, isPooled: false },
    judge: { labels: 140 },
  } as const;
  expect(explain(whole).slice(1)).toEqual([
    '1 example, 3 missing.',
    '12 examples beside them with nothing to score.',
    'Whatever is missing, the effect on these examples is from -0.08 to 0.01.',
    '2 scores of runs that failed count as the worst.',
    "One of 6 tests: decided by Holm's method, the interval stands for itself.",
    'Judge-corrected with 140 labels.',
  ]);
  expect(explain(whole)[0]).toBe(
    'hyde beats baseline on nDCG@10 by 0.03 (by the labels -0.03, 99% interval -0.07 to -0.001; by the scores alone -0.0412, -0.06 to -0.02).',
  );
  expect(explain({ ...whole, corrected: { ...whole.corrected, isPooled: true } })).toContain(
    'The labels of both variants are pooled: what the judge does to one variant alone is not corrected.',
  );
  expect(explain({ ...whole, adjusted: { method: 'bh', tests: 2 } })).toContain(
    "One of 2 tests: decided by Benjamini and Hochberg's method, the interval stands for itself.",
  );
  expect(explain({ ...whole, adjusted: { method: 'holm', tests: 1 } }).join()).not.toContain('tests');
});

describe('a guardrail', () => {
  const guardrail: GuardrailReport = {
    kind: 'evaluation-guardrail',
    status: 'proven',
    why: null,
    baseline: 'baseline',
    variant: 'hyde',
    metric: 'latency',
    better: 'lower',
    format: 'ms',
    margin: 200,
    lo: -10,
    hi: 120,
    loAlpha: 0.025,
    hiAlpha: 0.05,
    isIdentical: false,
    corrected: null,
    examples: 60,
    nNeeded: null,
    neededFor: null,
    judge: null,
  };
  test.each<[string, Partial<GuardrailReport>, string]>([
    ['proven', {}, 'hyde is harmless to latency: at most 120 ms worse, 200 ms allowed (one-sided 95% bound).'],
    ['better', { hi: -5 }, 'hyde is harmless to latency: at least 5 ms better (one-sided 95% bound).'],
    ['the same', { hi: null, isIdentical: true }, 'hyde is harmless to latency: the same in all 60 pairs.'],
    [
      'harmed',
      { status: 'harmed', lo: 250, hi: 400 },
      'hyde harms latency: at least 250 ms worse, 200 ms allowed (one-sided 97.5% bound).',
    ],
    [
      'unproven',
      {
        ...{ status: 'unproven', hi: 300, nNeeded: 150 },
        neededFor: { effect: 200, isDeclared: true, clusters: null, designEffect: null },
      },
      'hyde is not proven harmless to latency: it may be 300 ms worse, 200 ms allowed (one-sided 95% bound). About 150 examples would prove at most 200 ms worse if there is no harm.',
    ],
    [
      'undecided',
      { status: 'unproven', why: 'a verdict needs at least 6 units' },
      'hyde is not proven harmless to latency: a verdict needs at least 6 units.',
    ],
    [
      'without a bound',
      { status: 'unproven', hi: null },
      'hyde is not proven harmless to latency: the numbers are missing.',
    ],
  ])('%s', (_, change, sentence) => {
    expect(explain({ ...guardrail, ...change })).toEqual([sentence]);
  });
  test.each<[GuardrailReport['status'], string]>([
    [
      'proven',
      'hyde is harmless to latency: by the labels at most 90 ms worse, 200 ms allowed (95% interval); by the scores alone at most 50 ms worse (one-sided 95% bound).',
    ],
    [
      'harmed',
      'hyde harms latency: by the labels at least 10 ms worse, 200 ms allowed (95% interval); by the scores alone at most 20 ms better (one-sided 97.5% bound).',
    ],
    [
      'unproven',
      'hyde is not proven harmless to latency: by the labels at most 90 ms worse, 200 ms allowed (95% interval); by the scores alone at most 50 ms worse (one-sided 95% bound).',
    ],
  ])('%s, that labels correct: their bound comes first', (status, sentence) => {
    const corrected = { lo: 10, hi: 90, alpha: 0.05 };
    expect(explain({ ...guardrail, status, lo: -20, hi: 50, loAlpha: 0.025, corrected })[0]).toBe(sentence);
  });
  test('of a judge', () => {
    expect(explain({ ...guardrail, judge: 'uncorrected' })[1]).toBe('Uncorrected judge.');
  });
});

describe('the gate', () => {
  const clauses: readonly [GateFinding['code'], string][] = [
    ['better', 'better on m'],
    ['worse', 'worse on m'],
    ['harmed', 'm is harmed beyond its margin'],
    ['proven', 'm is proven harmless'],
    ['unproven', 'm is not proven harmless'],
    ['none_better', 'better on no primary metric'],
    ['no_verdict', 'no verdict on m (too few)'],
    ['uncalibrated', 'the judge behind m is not calibrated, and decides nothing'],
    ['nothing_declared', 'no primary metric and no guardrail is declared, so there is nothing to pass'],
  ];
  const finding = (code: GateFinding['code'], why: string | null = 'too few'): GateFinding => ({
    code,
    metric: 'm',
    why,
  });
  const gate: EvaluationGateReport = {
    kind: 'evaluation-gate',
    status: 'inconclusive',
    baseline: 'baseline',
    variants: [
      { variant: 'hyde', status: 'passed', findings: [finding('better'), finding('proven')] },
      { variant: 'multi', status: 'inconclusive', findings: [finding('none_better')] },
    ],
    changes: [],
  };
  test('says the verdict, and why of each variant', () => {
    expect(explain(gate)).toEqual([
      'Inconclusive: hyde passed, multi inconclusive against baseline.',
      'hyde: better on m; m is proven harmless.',
      'multi: better on no primary metric.',
    ]);
    expect(explain({ ...gate, status: 'passed' })[0]).toMatch(/^Passed: /);
    expect(explain({ ...gate, status: 'failed' })[0]).toMatch(/^Failed: /);
  });
  test('one sentence says why a variant that is better does not pass', () => {
    const of = (status: 'inconclusive' | 'failed', ...codes: readonly GateFinding['code'][]) =>
      explain({ ...gate, variants: [{ variant: 'hyde', status, findings: codes.map((code) => finding(code)) }] })[1];
    expect(of('inconclusive', 'better', 'unproven')).toBe(
      'hyde is better on m, but the gate stays inconclusive because m is not proven harmless.',
    );
    expect(of('failed', 'better', 'proven', 'harmed')).toBe(
      'hyde is better on m, but the gate fails because m is harmed beyond its margin; m is proven harmless.',
    );
  });
  test.each(clauses)('%s', (code, clause) => {
    const variants = [{ variant: 'hyde', status: 'failed', findings: [finding(code)] }] as const;
    expect(explain({ ...gate, variants })[1]).toBe(`hyde: ${clause}.`);
  });
  test('no verdict, and nobody says why', () => {
    const variants = [{ variant: 'hyde', status: 'failed', findings: [finding('no_verdict', null)] }] as const;
    expect(explain({ ...gate, variants })[1]).toContain('(the numbers are missing)');
  });
  test('tampered comes alone, with each change', () => {
    expect(explain({ ...gate, status: 'tampered', changes: ['alpha: 0.05 → 0.1'] })).toEqual([
      'Tampered: what was locked before the first evaluation has changed since.',
      'alpha: 0.05 → 0.1.',
    ]);
  });
});

describe('an A/A', () => {
  const noise: NoiseReport = {
    kind: 'noise',
    metric: 'recall@10',
    format: 'number',
    examples: 60,
    alpha: 0.05,
    power: 0.8,
    why: null,
    effect: { diff: 0.004, lo: -0.01, hi: 0.018 },
    differing: 0.15,
    seen: [
      { correlation: null, mde: 0.02, nNeeded: 27, clusters: null },
      { correlation: 0.5, mde: 0.08, nNeeded: 430, clusters: 86 },
      { correlation: 0, mde: null, nNeeded: null, clusters: null },
    ],
    declared: 0.03,
  };
  test('noise, and what can be seen through it', () => {
    expect(explain(noise)).toEqual([
      'recall@10 differs between equal runs in 15% of 60 examples, by 0.004 on average (95% interval -0.01 to 0.018).',
      'If variants differ by such noise alone, 60 examples see a difference of 0.02 in 80% of evaluations; 0.03 takes 27 examples.',
      'If their scores correlate by 0.5, 60 examples see a difference of 0.08 in 80% of evaluations; 0.03 takes 86 clusters (430 examples).',
    ]);
    expect(explain({ ...noise, declared: null })[1]).toMatch(/in 80% of evaluations\.$/);
  });
  test('none at all', () => {
    const effect = { diff: 0, lo: null, hi: null };
    const seen = [{ correlation: null, mde: null, nNeeded: null, clusters: null }];
    expect(explain({ ...noise, differing: 0, effect, seen })).toEqual([
      'recall@10 is the same both times in all 60 examples: any difference between variants is theirs.',
    ]);
  });
  test.each([
    [0.002, 0.01],
    [-0.01, -0.002],
  ])('two equal sides that differ (%d to %d)', (lo, hi) => {
    expect(explain({ ...noise, effect: { diff: 0, lo, hi } })[1]).toBe(
      'Two equal sides differ: chance does that in 5% of evaluations, or something else than the variant changed between them.',
    );
  });
  test('nothing can be told', () => {
    expect(explain({ ...noise, why: 'no example has a score on both sides' })).toEqual([
      'Nothing can be told of recall@10: no example has a score on both sides.',
    ]);
  });
});
