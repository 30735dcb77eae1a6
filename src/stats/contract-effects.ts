/** The contract kinds of single effects and of planning: rates, means, ratios, quantiles, sample sizes, moments. */
import * as z from 'zod';
import { probabilityBest } from './bayes.ts';
import { clusterDiff } from './clusters.ts';
import { armsOf, type Kind, kind, names, number, twoSummaries, vector } from './contract.ts';
import { cuped } from './cuped.ts';
import { relativeLift, welch, welchFromSummaries } from './means.ts';
import { describeValues } from './moments.ts';
import { minimumDetectableEffect, sampleSize, sequentialSampleSize } from './planning.ts';
import { quantileInterval } from './quantiles.ts';
import { twoProportions, wilson } from './rates.ts';
import { ratioDelta } from './ratio.ts';

const T_TEST = ['diff', 'se', 'df', 't', 'p', 'ci_lo', 'ci_hi'];
const summaries = twoSummaries.extend({ alpha: number });
const countPair = z.tuple([number, number]);

export const EFFECT_KINDS: Readonly<Record<string, Kind>> = {
  two_proportion: kind(
    z.object({ x0: number, n0: number, x1: number, n1: number, alpha: number }),
    ['diff', 'z', 'p', 'ci_lo', 'ci_hi'],
    ({ x0, n0, x1, n1, alpha }) => twoProportions(x0, n0, x1, n1, alpha),
  ),
  wilson: kind(z.object({ x: number, n: number, alpha: number }), ['lo', 'hi'], ({ x, n, alpha }) =>
    wilson(x, n, alpha),
  ),
  welch: kind(
    z.object({ control: vector, treatment: vector, alpha: number }),
    T_TEST,
    ({ control, treatment, alpha }) => welch(control, treatment, alpha),
  ),
  welch_summary: kind(summaries, T_TEST, (input) => welchFromSummaries(...armsOf(input), input.alpha)),
  relative_lift: kind(summaries, ['rel', 'se', 'ci_lo', 'ci_hi'], (input) =>
    relativeLift(...armsOf(input), input.alpha),
  ),
  cuped: kind(
    z.object({ y0: vector, x0: vector, y1: vector, x1: vector, alpha: number }),
    ['theta', 'var_reduction', ...T_TEST],
    ({ y0, x0, y1, x1, alpha }) => cuped({ y: y0, x: x0 }, { y: y1, x: x1 }, alpha),
  ),
  cluster_diff: kind(
    z.object({ arm: vector, cluster: names, y: vector, alpha: number }),
    T_TEST,
    ({ arm, cluster, y, alpha }) => clusterDiff(arm, cluster, y, alpha),
  ),
  ratio_delta: kind(
    z.object({ num0: vector, den0: vector, num1: vector, den1: vector, alpha: number }),
    ['ratio0', 'ratio1', 'diff', 'se', 'z', 'p', 'ci_lo', 'ci_hi', 'rel', 'rel_se'],
    ({ num0, den0, num1, den1, alpha }) =>
      ratioDelta({ numerators: num0, denominators: den0 }, { numerators: num1, denominators: den1 }, alpha),
  ),
  quantile_ci: kind(z.object({ x: vector, q: number, alpha: number }), ['estimate', 'lo', 'hi'], ({ x, q, alpha }) =>
    quantileInterval(x, q, alpha),
  ),
  prob_best: kind(z.object({ arms: z.array(countPair), prior: countPair }), ['prob'], ({ arms, prior }) =>
    probabilityBest(arms, prior),
  ),
  sample_size: kind(
    z.object({
      delta: number,
      sd0: number,
      sd1: number,
      alpha: number,
      power: number,
      ratio: number.default(1),
    }),
    ['n0', 'n1'],
    (input) => sampleSize(input),
  ),
  mde: kind(
    z.object({ sd0: number, sd1: number, n0: number, n1: number, alpha: number, power: number }),
    ['mde'],
    (input) => minimumDetectableEffect(input),
  ),
  sequential_n: kind(
    z.object({ delta: number, v: number, alpha: number, power: number }),
    ['multiplier', 'n_total'],
    (input) => sequentialSampleSize(input),
  ),
  moments: kind(z.object({ x: vector }), ['n', 'mean', 'var'], ({ x }) => {
    const { variance, ...rest } = describeValues(x);
    return { ...rest, var: variance };
  }),
};
