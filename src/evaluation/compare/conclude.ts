/** Verdicts for all that was measured: tests adjusted for one another, guardrails against their margins, and the words. */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { explain } from '../../stats/explain.ts';
import { formatDifference } from '../../stats/format-value.ts';
import { type Better, orientGuardrail } from '../../stats/gate.ts';
import { type AdjustMethod, adjustP } from '../../stats/multiplicity.ts';
import { type ExamplesNeeded, examplesNeeded, MIN_UNITS_FOR_VERDICT } from '../../stats/sample-size.ts';
import type { Calibration, CorrectedEffect, GuardrailResult, MetricSide } from './comparison-report.ts';
import type { Measured, PairTest } from './measure.ts';
import { scaleOf } from './missing.ts';

export interface ConcludeInput {
  /** Of all metrics and sides. */
  readonly measured: readonly Measured[];
  readonly alpha: number;
  readonly comparisons: number;
  readonly hasFinal: boolean;
  /** As sides are shown, by place. */
  readonly labels: readonly string[];
  readonly judgeOf: (measured: Measured) => Calibration | null;
  readonly correctedOf: (measured: Measured) => CorrectedEffect | null;
}

export interface Concluded {
  /** In the order measured. */
  readonly sides: readonly MetricSide[];
  /** Tests in the families of primaries and of secondary metrics. */
  readonly holm: number;
  readonly secondary: number;
}

export function conclude(input: ConcludeInput): Concluded {
  const { measured } = input;
  const primaries = familyOf(measured, 'primary', 'holm');
  const secondary = familyOf(measured, 'secondary', 'bh');
  const guardrails = comparedOf(measured, 'guardrail').length;
  const sides = measured.map((one): MetricSide => {
    const adjusted = primaries.get(one) ?? secondary.get(one) ?? null;
    const family = { primary: primaries.size, secondary: secondary.size, guardrail: guardrails }[one.metric.role];
    return concludeOne(input, one, adjusted, family);
  });
  return { sides, holm: primaries.size, secondary: secondary.size };
}

/** Those that may be compared at all: known before any number is. */
const comparedOf = (measured: readonly Measured[], role: Measured['metric']['role']): readonly Measured[] =>
  measured.filter(({ metric, columns }) => metric.role === role && columns !== null);

function familyOf(measured: readonly Measured[], role: Measured['metric']['role'], method: 'holm' | 'bh') {
  const family = comparedOf(measured, role);
  const adjusted = adjustFamily(
    family.map(({ test, why }) => ({ p: test?.p ?? null, isOpen: why === null })),
    method,
  );
  return new Map(family.map((one, place) => [one, adjusted[place]!]));
}

function concludeOne(input: ConcludeInput, one: Measured, pAdjusted: number | null, family: number): MetricSide {
  const { alpha } = input;
  const { metric, side, test, why } = one;
  const corrected = input.correctedOf(one);
  const isGuardrail = metric.role === 'guardrail';
  const isExploratory = metric.role === 'secondary';
  const { verdict, nNeeded, neededFor } = decide({
    test,
    why,
    better: metric.better,
    pAdjusted: isGuardrail ? (test?.p ?? null) : pAdjusted,
    level: isExploratory ? EXPLORATORY_RATE : alpha,
    minimumEffect: isGuardrail ? metric.margin : metric.minimumEffect,
    corrected,
    planAlpha: metric.role === 'primary' ? alpha / Math.max(1, family) : alpha,
  });
  const numbers = {
    side,
    verdict,
    why,
    pairs: test?.pairs ?? 0,
    units: test?.units ?? 0,
    effect: test?.effect ?? NO_EFFECT,
    method: test?.method ?? null,
    tests: Object.freeze(test?.tests ?? []),
    p: test?.p ?? null,
    pAdjusted,
    nNeeded,
    neededFor,
    corrected,
    isExploratory,
    ...one.numbers,
  };
  const guardrail = isGuardrail && test !== null ? guardrailOf(input, one, family) : null;
  return Object.freeze({ ...numbers, guardrail, sentences: sentencesOf(input, one, numbers, family) });
}

const NO_EFFECT = Object.freeze({ diff: null, lo: null, hi: null });

function basisOf({ judgeOf, labels }: ConcludeInput, one: Measured, corrected: CorrectedEffect | null) {
  const { name: metric, format, better } = one.metric;
  const judge = judgeOf(one);
  const basis = corrected !== null ? { labels: corrected.labels } : judge === null ? null : ('uncorrected' as const);
  return { baseline: labels[0]!, variant: labels[one.side]!, metric, format, better, judge: basis };
}

function guardrailOf(input: ConcludeInput, one: Measured, family: number): GuardrailResult {
  const { metric, pairing, why } = one;
  const test = one.test!;
  const scale = scaleOf(metric, pairing.baseline.facts.spec);
  const range = scale === null ? null : Math.abs(scale.best - scale.worst);
  const corrected = input.correctedOf(one);
  const judged = judgeGuardrail({ metric, test, why, family, range });
  const { found, why: byLabels } = heldByLabels(judged, corrected, metric);
  const sentences = explain({
    kind: 'evaluation-guardrail',
    ...found,
    why: found.status === 'unproven' ? (byLabels ?? why?.words ?? null) : null,
    examples: test.pairs,
    corrected: corrected === null ? null : { ...orientGuardrail(corrected, metric.better), alpha: input.alpha },
    ...basisOf(input, one, corrected),
  });
  return Object.freeze({ ...found, sentences });
}

type Numbers = Omit<MetricSide, 'guardrail' | 'sentences'>;

function sentencesOf(input: ConcludeInput, one: Measured, numbers: Numbers, tests: number): readonly string[] {
  const { role, minimumEffect, margin } = one.metric;
  const { verdict, why, effect, corrected, missing, failed } = numbers;
  const isAdjusted = role !== 'guardrail' && tests > 1;
  return explain({
    kind: 'evaluation',
    verdict,
    why: why?.words ?? null,
    ...basisOf(input, one, corrected),
    alpha: input.alpha,
    effect,
    examples: numbers.pairs,
    missing: missing.cells,
    inapplicable: missing.inapplicable,
    bounds: missing.bounds,
    failed: failed.baseline.cells + failed.variant.cells,
    adjusted: isAdjusted ? { method: role === 'primary' ? 'holm' : 'bh', tests } : null,
    corrected: correctionOf(corrected),
    mde: role === 'guardrail' ? margin : minimumEffect,
    nNeeded: numbers.nNeeded,
    neededFor: numbers.neededFor,
    comparisons: input.comparisons,
    hasFinal: input.hasFinal,
    isExploratory: numbers.isExploratory,
  });
}

function correctionOf(corrected: CorrectedEffect | null) {
  if (corrected === null) return null;
  const { effect: diff, lo, hi, method } = corrected;
  return { diff, lo, hi, isPooled: method === 'rogan_gladen_pooled' };
}

export interface VerdictInput {
  readonly test: PairTest | null;
  readonly why: MetricSide['why'];
  readonly better: Better;
  readonly pAdjusted: number | null;
  /** What the adjusted p must be below. */
  readonly level: number;
  /** Within it either way two sides are equivalent; null: nothing is declared. */
  readonly minimumEffect: number | null;
  /** As labels have it; null: no labels. */
  readonly corrected: CorrectedEffect | null;
  /** Two-sided, that examples are planned for. */
  readonly planAlpha: number;
}

export type Decided = Pick<MetricSide, 'verdict' | 'nNeeded' | 'neededFor'>;

const NOTHING_NEEDED = { nNeeded: null, neededFor: null } as const;

/** From one metric's numbers to its verdict. A win needs the interval and the adjusted p, and the labels where there are any. */
export function decide(input: VerdictInput): Decided {
  const { test, why, better, pAdjusted, level, minimumEffect, corrected } = input;
  const hasFewClusters = why?.code === 'too_few_units' && test !== null && test.designEffect !== null;
  if (hasFewClusters) return { verdict: null, ...neededOf(input, test, 0) };
  if (test === null || why !== null) return { verdict: null, ...NOTHING_NEEDED };
  const { diff, lo, hi } = test.effect;
  if (diff === null || lo === null || hi === null) return { verdict: null, ...NOTHING_NEEDED };
  const intervals = [{ lo, hi }, ...(corrected === null ? [] : [corrected])];
  const isHigher = intervals.every((interval) => interval.lo > 0);
  const isLower = intervals.every((interval) => interval.hi < 0);
  if ((isHigher || isLower) && pAdjusted !== null && pAdjusted < level) {
    return { verdict: isHigher === (better === 'higher') ? 'better' : 'worse', ...NOTHING_NEEDED };
  }
  const isWithin = ({ lo: from, hi: to }: { lo: number; hi: number }): boolean =>
    minimumEffect !== null && from > -minimumEffect && to < minimumEffect;
  if (intervals.every(isWithin)) return { verdict: 'equivalent', ...NOTHING_NEEDED };
  return { verdict: 'inconclusive', ...neededOf(input, test, test.pairs) };
}

/**
 * Examples for the declared effect, or for the one that was seen where none is declared or the pairs at hand would show it.
 * Where they would show that one, too, it is chance or the labels, and no number of examples would say more.
 */
function neededOf(
  { minimumEffect, planAlpha }: VerdictInput,
  test: PairTest,
  atHand: number,
): Omit<Decided, 'verdict'> {
  for (const effect of [minimumEffect, test.effect.diff]) {
    const needed = examplesNeeded({ ...test, effect, alpha: planAlpha });
    if (needed === null || needed.examples <= atHand) continue;
    const { examples, ...of } = needed;
    return { nNeeded: examples, neededFor: Object.freeze({ ...of, isDeclared: effect === minimumEffect }) };
  }
  return NOTHING_NEEDED;
}

/** One-sided, of the bound that the harm is below; that it is above is shared out over all guardrails and sides. */
export const GUARDRAIL_ALPHA = 0.05;
/** Pairs that are all equal are proof where, with the confidence above, fewer examples than these differ. */
const MAX_DIFFERING_SHARE = 0.05;

export interface GuardrailInput {
  readonly metric: MetricSpec;
  readonly test: PairTest;
  /** Why nothing is decided; null where it may be. */
  readonly why: MetricSide['why'];
  /** Guardrails times sides. */
  readonly family: number;
  /** From the worst to the best score; null without a scale. */
  readonly range: number | null;
}

export type GuardrailNumbers = Omit<GuardrailResult, 'sentences'>;

/**
 * Whether a guardrail is proven harmless: by one-sided bounds of the harm, against the margin that was declared. That
 * nothing was found proves nothing.
 */
function judgeGuardrail({ metric, test, why, family, range }: GuardrailInput): GuardrailNumbers {
  const { better } = metric;
  const margin = metric.margin ?? 0;
  const [loAlpha, hiAlpha] = [GUARDRAIL_ALPHA / Math.max(1, family), GUARDRAIL_ALPHA];
  const none = {
    status: 'unproven',
    lo: null,
    hi: null,
    loAlpha,
    hiAlpha,
    margin,
    isIdentical: false,
    ...guardrailNeeds(null),
  } as const;
  if (isIdentical(test, why)) {
    const differing = 1 - hiAlpha ** (1 / test.units);
    const hi = range === null ? null : differing * range;
    const isProven = hi === null ? differing < MAX_DIFFERING_SHARE : hi < margin;
    return {
      ...none,
      status: isProven ? 'proven' : 'unproven',
      hi,
      isIdentical: true,
      ...guardrailNeeds(isProven ? null : identicalNeeded(test, margin, range)),
    };
  }
  // One-sided at a level is one end of two-sided at twice that level.
  const lo = orientGuardrail(test.intervalAt(2 * loAlpha) ?? { lo: null, hi: null }, better).lo;
  const hi = orientGuardrail(test.intervalAt(2 * hiAlpha) ?? { lo: null, hi: null }, better).hi;
  if (why !== null || lo === null || hi === null) return { ...none, lo, hi };
  if (lo > margin) return { ...none, status: 'harmed', lo, hi };
  if (hi < margin) return { ...none, status: 'proven', lo, hi };
  return { ...none, lo, hi, ...guardrailNeeds(examplesNeeded({ ...test, effect: margin, alpha: 2 * hiAlpha })) };
}

function guardrailNeeds(needed: ExamplesNeeded | null): Pick<GuardrailNumbers, 'nNeeded' | 'neededFor'> {
  if (needed === null) return { nNeeded: null, neededFor: null };
  const { examples, ...of } = needed;
  return { nNeeded: examples, neededFor: Object.freeze({ ...of, isDeclared: true }) };
}

export interface HeldByLabels {
  readonly found: GuardrailNumbers;
  /** Why labels overrule the scores, as a clause; null where they do not. */
  readonly why: string | null;
}

/**
 * What scores prove, labels have to prove as well: a judge may favour the variant. Their interval has two sides, which asks
 * a little more of each.
 */
function heldByLabels(
  found: GuardrailNumbers,
  corrected: CorrectedEffect | null,
  { better, format }: Pick<MetricSpec, 'better' | 'format'>,
): HeldByLabels {
  if (corrected === null || found.status === 'unproven') return { found, why: null };
  const { lo, hi } = orientGuardrail(corrected, better);
  const { status, margin } = found;
  if (status === 'proven' ? hi! < margin : lo! > margin) return { found, why: null };
  const show = (value: number): string => formatDifference(value, format);
  const why =
    status === 'proven'
      ? `by the labels it may be ${show(hi!)} worse, ${show(margin)} allowed`
      : `its scores show harm, and the labels do not`;
  return { found: { ...found, status: 'unproven' }, why };
}

/** No pair differs at all: no error can be estimated, but that so many are equal is evidence of its own. */
const isIdentical = ({ effect, units }: PairTest, why: MetricSide['why']): boolean =>
  why?.code === 'no_variation' && effect.diff === 0 && units >= MIN_UNITS_FOR_VERDICT;

/** Equal pairs that would be proof; of clusters whole ones, since what they have in common may be all that is equal. */
function identicalNeeded({ pairs, units }: PairTest, margin: number, range: number | null): ExamplesNeeded | null {
  const share = range === null ? MAX_DIFFERING_SHARE : margin / range;
  if (!(share > 0 && share < 1)) return null;
  const needed = Math.floor(Math.log(GUARDRAIL_ALPHA) / Math.log1p(-share)) + 1;
  const isClustered = units < pairs;
  return {
    examples: Math.ceil((needed * pairs) / units),
    effect: margin,
    clusters: isClustered ? needed : null,
    designEffect: isClustered ? pairs / units : null,
  };
}

/** The share of false claims among exploratory ones. */
export const EXPLORATORY_RATE = 0.1;

/**
 * Adjusts for multiple tests. The declared metrics form the family, whatever their results: a test without a p, or one
 * that may not decide, counts as p = 1.
 */
export interface FamilyTest {
  readonly p: number | null;
  /** Whether anything may be claimed of it. */
  readonly isOpen: boolean;
}

/** The adjusted p of each; null where there is none, or nothing may be claimed. */
export function adjustFamily(tests: readonly FamilyTest[], method: AdjustMethod): readonly (number | null)[] {
  const { p } = adjustP(
    tests.map((test) => (test.isOpen ? (test.p ?? 1) : 1)),
    method,
  );
  return tests.map((test, place) => (test.isOpen && test.p !== null ? (p?.[place] ?? null) : null));
}
