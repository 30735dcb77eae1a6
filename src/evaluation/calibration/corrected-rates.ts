/**
 * A difference of two rates as people would have found it, from the judge's error rates alone: Rogan and Gladen's estimate
 * on each side. Where pairs have no labels it is what can be said; which labels it rests on is part of its name.
 */
import { twoSidedZ } from '../../stats/distributions.ts';
import { roganGladen } from '../../stats/judges.ts';
import type { CorrectedEffect } from '../compare/compared-metric.ts';
import { meanError } from '../compare/means.ts';
import type { Counts } from './agreement.ts';
import type { JudgedPair, JudgedSide } from './judged-pairs.ts';

/** Labels that each class needs before error rates are told from them. */
export const MIN_CLASS_LABELS = 20;

/** Whether there are enough labels of either class. */
export const areEnough = ({ tp, fn, tn, fp }: Counts): boolean => Math.min(tp + fn, tn + fp) >= MIN_CLASS_LABELS;

/** Whether each side has labels enough for error rates of its own that correct anything. */
export const haveOwnRates = (baseline: Counts, variant: Counts, alpha: number): boolean =>
  [baseline, variant].every((counts) => areEnough(counts) && deviceOf(counts, alpha) !== null);

export interface RateErrors {
  /** The judge's table on the baseline's answers, and on the variant's; the same twice where they are pooled. */
  readonly baseline: Counts;
  readonly variant: Counts;
  /** One table for both: it corrects how large an effect is, and nothing that the judge does to one side alone. */
  readonly isPooled: boolean;
}

/**
 * With a normal interval: the spread of the corrected differences, by clusters where there are any, and the error of the
 * rates that they were corrected by.
 *
 * @returns null for scores other than 0 and 1, a judge no better than chance, and pairs that do not vary
 */
export function correctedRates(
  pairs: readonly JudgedPair[],
  { baseline, variant, isPooled }: RateErrors,
  alpha: number,
): CorrectedEffect | null {
  const sides = pairs.flatMap((pair) => [pair.baseline, pair.variant]);
  if (!sides.every(({ score }) => score === 0 || score === 1)) return null;
  const [one, other] = [deviceOf(baseline, alpha), deviceOf(variant, alpha)];
  if (one === null || other === null) return null;
  const differences = pairs.map((pair) => (pair.isSame ? 0 : truth(other, pair.variant) - truth(one, pair.baseline)));
  const clusters = pairs.map(({ cluster }) => cluster);
  const error = meanError(differences, clusters);
  if (error === null) return null;
  const judged = pairs.filter(({ isSame }) => !isSame);
  const below = slopesOf(one, judged.map((pair) => pair.baseline).filter(isJudged), pairs.length);
  const above = slopesOf(other, judged.map((pair) => pair.variant).filter(isJudged), pairs.length);
  // A pooled table moves both sides at once, two tables each its own.
  const devices = isPooled
    ? spread(one, { se: above.se - below.se, sp: above.sp - below.sp })
    : spread(one, below) + spread(other, above);
  const effect = differences.reduce((sum, value) => sum + value, 0) / pairs.length;
  const halfWidth = twoSidedZ(alpha) * Math.sqrt(error.se ** 2 + devices);
  const labels = isPooled ? sizeOf(baseline) : sizeOf(baseline) + sizeOf(variant);
  const method = isPooled ? 'rogan_gladen_pooled' : 'rogan_gladen';
  return Object.freeze({ effect, lo: effect - halfWidth, hi: effect + halfWidth, labels, method });
}

const sizeOf = ({ tp, fn, tn, fp }: Counts): number => tp + fn + tn + fp;

const isJudged = ({ isKnown }: JudgedSide): boolean => !isKnown;

/** A judge as a measuring device: its rates, their variances, and how much of a difference it lets through. */
interface Device {
  readonly specificity: number;
  readonly power: number;
  readonly seVariance: number;
  readonly spVariance: number;
}

function deviceOf(counts: Counts, alpha: number): Device | null {
  const { tp, fn, tn, fp } = counts;
  // Whether it is of any use does not depend on what it is asked about.
  if (roganGladen({ ...counts, pos: 1, n: 1 }, alpha).status !== 'ok') return null;
  const [sensitivity, specificity] = [tp / (tp + fn), tn / (tn + fp)];
  return {
    specificity,
    power: sensitivity + specificity - 1,
    seVariance: varianceOf(tp, fn),
    spVariance: varianceOf(tn, fp),
  };
}

/** Of a rate, as if one more of either had been seen: a judge without an error yet may still have one. */
function varianceOf(right: number, wrong: number): number {
  const rate = (right + 1) / (right + wrong + 2);
  return (rate * (1 - rate)) / (right + wrong);
}

/** What a verdict stands for on average, which may lie beyond 0 and 1; what nobody had to judge is as it is. */
const truth = ({ specificity, power }: Device, { score, isKnown }: JudgedSide): number =>
  isKnown ? score : (score + specificity - 1) / power;

interface Slopes {
  readonly se: number;
  readonly sp: number;
}

/** How the mean over all pairs moves with the device's rates. */
function slopesOf(device: Device, judged: readonly JudgedSide[], pairs: number): Slopes {
  const total = judged.reduce((sum, side) => sum + truth(device, side), 0);
  return { se: -total / device.power / pairs, sp: (judged.length - total) / device.power / pairs };
}

const spread = ({ seVariance, spVariance }: Device, { se, sp }: Slopes): number =>
  se ** 2 * seVariance + sp ** 2 * spVariance;
