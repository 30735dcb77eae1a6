/**
 * A judge is a measuring device with an error of its own. Once some of its verdicts also have human labels, the
 * corrected value and its wider interval are reported, never the raw one alone. Apply `ppiMean` to differences when
 * comparing variants, and estimate error rates per variant: a judge may favour one of them.
 */

import { twoSidedZ } from './distributions.ts';
import { momentsOf, pairMomentsOf, sampleVariance } from './moments.ts';
import {
  answer,
  areCounts,
  areFinite,
  isNoVariation,
  isProbability,
  LENGTHS_DIFFER,
  NOT_ALPHA,
  NOT_COUNTS,
  NOT_FINITE,
  nothing,
  problem,
  type Result,
} from './result.ts';

/** Counts of a judged sample and of its calibration: judge's verdict against the human label. */
export interface JudgedRate {
  /** Positives among `n` judged without a label. */
  readonly pos: number;
  readonly n: number;
  readonly tp: number;
  readonly fn: number;
  readonly tn: number;
  readonly fp: number;
}

export interface CorrectedRate {
  readonly raw: number;
  readonly estimate: number;
  readonly se: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * True rate behind a judge's rate (Rogan and Gladen 1978; variance with the calibration's own error, Lang and
 * Reiczigel 2014): theta = (p + sp - 1)/(se + sp - 1), var = [p(1-p)/n + (1-theta)^2 sp(1-sp)/N_neg + theta^2
 * se(1-se)/N_pos]/(se + sp - 1)^2, all clipped to [0, 1]. Contract kind `rogan_gladen`.
 *
 * Errors: `insufficient_data` without judged items or without labels of either class; `uninformative_judge` when
 * sensitivity + specificity <= 1 (the raw rate is still shown).
 */
export function roganGladen({ pos, n, tp, fn, tn, fp }: JudgedRate, alpha: number): Result<CorrectedRate> {
  const none = nothing('raw', 'estimate', 'se', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(pos, n, tp, fn, tn, fp) || pos > n) return problem('invalid_input', NOT_COUNTS, none);
  const positives = tp + fn;
  const negatives = tn + fp;
  if (n === 0 || positives === 0 || negatives === 0) {
    return problem('insufficient_data', 'judged items and labels of both classes are needed', none);
  }
  const raw = pos / n;
  const sensitivity = tp / positives;
  const specificity = tn / negatives;
  // tp/positives <= fp/negatives, multiplied out: whole numbers decide what rounding could not.
  if (tp * negatives <= fp * positives) {
    return problem('uninformative_judge', 'the judge is no better than chance', { ...none, raw });
  }
  const power = sensitivity + specificity - 1;
  const theta = (raw + specificity - 1) / power;
  const variance =
    (raw * (1 - raw)) / n +
    ((1 - theta) ** 2 * specificity * (1 - specificity)) / negatives +
    (theta ** 2 * sensitivity * (1 - sensitivity)) / positives;
  const se = Math.sqrt(variance) / power;
  const halfWidth = twoSidedZ(alpha) * se;
  const clip = (value: number): number => Math.min(1, Math.max(0, value));
  return answer({ raw, estimate: clip(theta), se, ciLo: clip(theta - halfWidth), ciHi: clip(theta + halfWidth) });
}

export interface PpiMean {
  /** Trust in the judge, chosen from the data: 0 ignores it, 1 is plain prediction-powered inference. */
  readonly lambda: number;
  readonly estimate: number;
  readonly se: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * Mean of a human score from few labels and many judgements, PPI++ (Angelopoulos, Duchi and Zrnic 2023): lambda =
 * clip(cov(Y, F)/((1 + n/N) var(F)), 0, 1), estimate = lambda mean(F_unlabelled) + mean(Y - lambda F), var = lambda^2
 * var(F_unlabelled)/N + var(Y - lambda F)/n. Contract kind `ppi_mean`.
 *
 * Assumes labels on a random sample of what was judged. Errors: `insufficient_data` below two labelled or two
 * unlabelled items; `no_variation` when nothing varies.
 */
export function ppiMean(
  y: readonly number[],
  judged: readonly number[],
  judgedUnlabelled: readonly number[],
  alpha: number,
): Result<PpiMean> {
  const none = nothing('lambda', 'estimate', 'se', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (![y, judged, judgedUnlabelled].every(areFinite)) return problem('invalid_input', NOT_FINITE, none);
  if (y.length !== judged.length) return problem('invalid_input', LENGTHS_DIFFER, none);
  const n = y.length;
  const unlabelled = momentsOf(judgedUnlabelled);
  if (n < 2 || unlabelled.n < 2) {
    return problem('insufficient_data', 'two labelled and two unlabelled items are needed', none);
  }
  const lambda = trustIn(y, judged, judgedUnlabelled);
  const rectifier = momentsOf(y.map((value, index) => value - lambda * judged[index]!));
  const estimate = lambda * unlabelled.mean + rectifier.mean;
  const variance = (lambda ** 2 * unlabelled.m2) / unlabelled.n ** 2 + rectifier.m2 / n ** 2;
  const se = Math.sqrt(variance);
  if (isNoVariation(se * Math.sqrt(n), estimate)) {
    return problem('no_variation', 'neither labels nor judgements vary', { ...none, lambda, estimate, se: 0 });
  }
  const halfWidth = twoSidedZ(alpha) * se;
  return answer({ lambda, estimate, se, ciLo: estimate - halfWidth, ciHi: estimate + halfWidth });
}

/** The lambda with the smallest variance, in [0, 1]; 0 for a judge that always says the same. */
function trustIn(y: readonly number[], judged: readonly number[], judgedUnlabelled: readonly number[]): number {
  const all = momentsOf([...judged, ...judgedUnlabelled]);
  // Divided by n - 1, and the covariance by n: as the authors' own code does.
  const variance = sampleVariance(all);
  if (isNoVariation(Math.sqrt(variance), all.mean)) return 0;
  const covariance = pairMomentsOf(judged, y).cxy / y.length;
  const lambda = covariance / ((1 + y.length / judgedUnlabelled.length) * variance);
  return Math.min(1, Math.max(0, lambda));
}

/** Below these a judge may not gate: kappa, sensitivity + specificity - 1, and labels in all and per class. */
export const MIN_KAPPA = 0.4;
export const MIN_JUDGE_POWER = 0.2;
export const MIN_LABELS = 100;
export const MIN_LABELS_PER_CLASS = 30;

/**
 * Why a calibration does not allow a judge to gate. `favours_a_variant` is no flaw of one table: its error differs between
 * the variants that it is to decide between, and nothing corrects that.
 */
export type JudgeFlaw = 'few_labels' | 'few_labels_in_a_class' | 'low_agreement' | 'low_power' | 'favours_a_variant';

/** Whether a binary judge may gate, from its calibration table and Cohen's kappa on it; empty when it may. */
export function judgeFlaws(
  { tp, fn, tn, fp }: Omit<JudgedRate, 'pos' | 'n'>,
  kappa: number | null,
): readonly JudgeFlaw[] {
  const positives = tp + fn;
  const negatives = tn + fp;
  const flaws: JudgeFlaw[] = [];
  if (positives + negatives < MIN_LABELS) flaws.push('few_labels');
  if (Math.min(positives, negatives) < MIN_LABELS_PER_CLASS) flaws.push('few_labels_in_a_class');
  if (kappa === null || kappa < MIN_KAPPA) flaws.push('low_agreement');
  const hasBoth = positives > 0 && negatives > 0;
  if (!hasBoth || tp / positives + tn / negatives - 1 < MIN_JUDGE_POWER) flaws.push('low_power');
  return Object.freeze(flaws);
}
