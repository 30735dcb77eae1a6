/** Verdicts for all that was measured: tests adjusted for one another, guardrails against their margins, and the words. */
import { explain } from '../../stats/explain.ts';
import { orientGuardrail } from '../../stats/gate.ts';
import { adjustFamily, EXPLORATORY_RATE } from './adjust.ts';
import type { Calibration, CorrectedEffect, GuardrailResult, MetricSide } from './compared-metric.ts';
import { heldByLabels, judgeGuardrail } from './guardrail.ts';
import type { Measured } from './measure.ts';
import { scaleOf } from './missing.ts';
import { decide } from './verdict.ts';

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
  const { metric, side, test, why, told } = one;
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
    ...told,
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
