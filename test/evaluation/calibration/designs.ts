/**
 * Evaluations in miniature whose truth is known: people's scores on both sides, a judge with errors of its own, and labels
 * on some of the examples. Seeded, so that a coverage is the same number on every machine.
 */

import type { Counts } from '../../../src/evaluation/calibration/agreement.ts';
import {
  correctedMean,
  correctedRates,
  type JudgedPair,
  type JudgedSide,
} from '../../../src/evaluation/calibration/correct-metric.ts';
import type { CorrectedEffect } from '../../../src/evaluation/compare/comparison-report.ts';
import { type Random, randomFrom } from '../../../src/stats/random.ts';
import { pairedT } from '../../../src/stats/t-test.ts';

/** How often a judge says yes where people do, and no where they do. */
export interface Judge {
  readonly sensitivity: number;
  readonly specificity: number;
}

export interface Design {
  readonly examples: number;
  /** Examples with labels on both sides. */
  readonly labelled: number;
  /** People's rate on the baseline, and how much higher it is on the variant. */
  readonly rate: number;
  readonly effect: number;
  readonly baseline: Judge;
  readonly variant: Judge;
  /** Share of examples that have the same answer on both sides. */
  readonly same?: number;
  /** Examples that share their difficulty and everything else; default: each stands alone. */
  readonly clusterSize?: number;
  /** Half of all answers are partly right: people and judge alike give a half. */
  readonly isGraded?: boolean;
}

export const ALPHA = 0.05;

/** Of both sides it is right about 60 % of answers, and of the variant's it says so of 75 %. */
export const BIASED: Design = {
  examples: 500,
  labelled: 100,
  rate: 0.6,
  effect: 0,
  baseline: { sensitivity: 0.92, specificity: 0.88 },
  variant: { sensitivity: 0.97, specificity: 0.58 },
};

const good: Judge = { sensitivity: 0.99, specificity: 0.99 };

export const DESIGNS: readonly (readonly [name: string, design: Design])[] = [
  ['biased, an effect of 5 points', { ...BIASED, effect: 0.05 }],
  ['biased, 30 labelled', { ...BIASED, labelled: 30 }],
  ['biased, half of the answers the same', { ...BIASED, same: 0.5 }],
  ['biased, grades', { ...BIASED, isGraded: true, effect: 0.05 }],
  ['biased, clusters of 5, 200 labelled', { ...BIASED, clusterSize: 5, labelled: 200 }],
  [
    'hardly ever wrong, 40 labelled of 1,000',
    { ...BIASED, baseline: good, variant: good, labelled: 40, examples: 1_000 },
  ],
];

/** As different as examples are: their rates spread by so much around the design's. */
const SPREAD = 0.5;

export function drawPairs(design: Design, random: Random): readonly JudgedPair[] {
  const { examples, labelled, rate, effect, same = 0, clusterSize = 1, isGraded = false } = design;
  let difficulty = 0;
  return Array.from({ length: examples }, (_, place): JudgedPair => {
    const cluster = Math.floor(place / clusterSize);
    if (place % clusterSize === 0) difficulty = (random.uniform() - 0.5) * Math.min(SPREAD, 2 * rate, 2 * (1 - rate));
    const isSame = random.uniform() < same;
    // Where answers are the same nothing can differ: the rest makes up for it.
    const gain = isSame ? 0 : effect / (1 - same);
    const draw = (judge: Judge, share: number): JudgedSide => {
      const partly = isGraded && random.uniform() < 0.5;
      const label = partly ? 0.5 : Number(random.uniform() < share);
      const isRight = random.uniform() < (label === 1 ? judge.sensitivity : judge.specificity);
      const score = isRight ? label : label === 0.5 ? 1 : 1 - label;
      return { score, label: place < labelled ? label : null, isKnown: false };
    };
    const baseline = draw(design.baseline, rate + difficulty);
    const variant = isSame ? baseline : draw(design.variant, rate + difficulty + gain);
    return { baseline, variant, isSame, cluster };
  });
}

/** People's mean difference over all examples that might have been drawn. */
const truthOf = ({ effect, isGraded = false }: Design): number => (isGraded ? effect / 2 : effect);

export interface Coverage {
  /** Share of intervals that hold the truth, and their mean width. */
  readonly share: number;
  readonly width: number;
}

export type Analyst = (pairs: readonly JudgedPair[]) => Pick<CorrectedEffect, 'lo' | 'hi'> | null;

/** What is said without labels: the judge's differences, by Student's t. */
export const naive: Analyst = (pairs) =>
  intervalOf(pairs.map(({ baseline, variant }) => [baseline.score, variant.score]));

/** What labels say alone. */
export const byLabels: Analyst = (pairs) =>
  intervalOf(
    pairs.flatMap(({ baseline, variant }) => (baseline.label === null ? [] : [[baseline.label, variant.label!]])),
  );

function intervalOf(scores: readonly (readonly number[])[]): Pick<CorrectedEffect, 'lo' | 'hi'> | null {
  const { ciLo: lo, ciHi: hi } = pairedT(
    scores.map(([one]) => one!),
    scores.map(([, other]) => other!),
    ALPHA,
  );
  return lo === null || hi === null ? null : { lo, hi };
}

/** Labels on some of the examples, the judge on all. */
export const ppi: Analyst = (pairs) => correctedMean(pairs, 1, ALPHA);

/** The judge's error rates on either side, from the labels there. */
export const rogan: Analyst = (pairs) => {
  const [baseline, variant] = [countsOn(pairs, 'baseline'), countsOn(pairs, 'variant')];
  return correctedRates(pairs, { baseline, variant, isPooled: false }, ALPHA);
};

/** One table for both. */
export const roganPooled: Analyst = (pairs) => {
  const [one, other] = [countsOn(pairs, 'baseline'), countsOn(pairs, 'variant')];
  const both = { tp: one.tp + other.tp, fn: one.fn + other.fn, tn: one.tn + other.tn, fp: one.fp + other.fp };
  return correctedRates(pairs, { baseline: both, variant: both, isPooled: true }, ALPHA);
};

/** Over runs that differ by their draws only; a run without an interval covers nothing. */
export function coverageOf(design: Design, analyst: Analyst, runs: number, seed: number): Coverage {
  const random = randomFrom(seed);
  const truth = truthOf(design);
  let [covered, width, intervals] = [0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const interval = analyst(drawPairs(design, random));
    if (interval === null) continue;
    intervals += 1;
    width += interval.hi - interval.lo;
    if (interval.lo <= truth && truth <= interval.hi) covered += 1;
  }
  return { share: covered / runs, width: width / intervals };
}

/** The judge's table on one side's labels. */
function countsOn(pairs: readonly JudgedPair[], side: 'baseline' | 'variant'): Counts {
  const held = pairs.map((pair) => pair[side]).filter(({ label }) => label !== null);
  const count = (score: number, label: number): number =>
    held.filter((one) => one.score === score && one.label === label).length;
  return { tp: count(1, 1), fn: count(0, 1), tn: count(0, 0), fp: count(1, 0) };
}
