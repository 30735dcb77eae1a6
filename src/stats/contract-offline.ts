/** The contract kinds of offline evaluation: paired tests, multiplicity, ranking, agreement and judges. */
import * as z from 'zod';
import { kappa, krippendorff } from './agreement.ts';
import { bootstrapInterval } from './bootstrap.ts';
import { type Kind, kind, names, number, refusal, vector } from './contract.ts';
import { ppiMean, roganGladen } from './judges.ts';
import { mcnemarExact } from './mcnemar.ts';
import { adjustP, eBh } from './multiplicity.ts';
import { clusterPaired, differences, pairedT } from './paired.ts';
import { pairwise } from './pairwise.ts';
import { rankMetrics } from './ranking.ts';
import { LENGTHS_DIFFER } from './result.ts';
import { signFlip } from './sign-flip.ts';

const T_TEST = ['diff', 'se', 'df', 't', 'p', 'ci_lo', 'ci_hi'];
const pair = z.object({ control: vector, treatment: vector, alpha: number });
const label = z.union([z.string(), number, z.boolean()]);

export const OFFLINE_KINDS: Readonly<Record<string, Kind>> = {
  paired_t: kind(pair, T_TEST, ({ control, treatment, alpha }) => pairedT(control, treatment, alpha)),
  cluster_paired: kind(z.object({ d: vector, cluster: names, alpha: number }), T_TEST, ({ d, cluster, alpha }) =>
    clusterPaired(d, cluster, alpha),
  ),
  bootstrap_paired: kind(
    pair.extend({
      method: z.enum(['bca', 'percentile']).optional(),
      B: number.optional(),
      seed: number.optional(),
    }),
    ['lo', 'hi'],
    ({ control, treatment, alpha, method, B, seed }) => {
      const d = differences(control, treatment);
      if (d === null) return refusal(LENGTHS_DIFFER);
      return bootstrapInterval(d, {
        alpha,
        ...(method === undefined ? {} : { method }),
        ...(B === undefined ? {} : { resamples: B }),
        ...(seed === undefined ? {} : { seed }),
      });
    },
  ),
  sign_flip: kind(
    z.object({ d: vector, cluster: names.optional(), seed: number.optional(), draws: number.optional() }),
    ['p'],
    ({ d, cluster, seed, draws }) =>
      signFlip(d, {
        ...(cluster === undefined ? {} : { cluster }),
        ...(seed === undefined ? {} : { seed }),
        ...(draws === undefined ? {} : { draws }),
      }),
  ),
  mcnemar_exact: kind(
    z.object({ n11: number, n10: number, n01: number, n00: number, alpha: number }),
    ['p_exact', 'p_mid', 'diff', 'ci_lo', 'ci_hi'],
    ({ alpha, ...counts }) => mcnemarExact(counts, alpha),
  ),
  p_adjust: kind(z.object({ p: vector, method: z.enum(['holm', 'bh', 'bonferroni']) }), ['p'], ({ p, method }) =>
    adjustP(p, method),
  ),
  e_bh: kind(z.object({ e: vector, alpha: number }), ['rejected'], ({ e, alpha }) => eBh(e, alpha)),
  pairwise: kind(
    z.object({ wins: number, ties: number, losses: number, alpha: number }),
    ['win_rate', 'p_sign', 'ci_lo', 'ci_hi'],
    ({ wins, ties, losses, alpha }) => pairwise(wins, ties, losses, alpha),
  ),
  rank_metrics: kind(
    z.object({
      retrieved: z.array(z.string()),
      relevant: z.record(z.string(), number),
      k: number,
      gain: z.enum(['linear', 'exp']).optional(),
    }),
    ['recall', 'precision', 'hit', 'mrr', 'ap', 'ndcg'],
    ({ retrieved, relevant, k, gain }) => rankMetrics(retrieved, relevant, k, gain),
  ),
  kappa: kind(
    z.object({ a: z.array(label), b: z.array(label), weights: z.enum(['linear', 'quadratic']).nullish() }),
    ['kappa'],
    ({ a, b, weights }) => kappa(a, b, weights ?? null),
  ),
  kripp: kind(
    z.object({
      ratings: z.array(z.array(label.nullable())),
      level: z.enum(['nominal', 'ordinal', 'interval', 'ratio']),
    }),
    ['alpha'],
    ({ ratings, level }) => krippendorff(ratings, level),
  ),
  rogan_gladen: kind(
    z.object({ pos: number, n: number, tp: number, fn: number, tn: number, fp: number, alpha: number }),
    ['raw', 'estimate', 'se', 'ci_lo', 'ci_hi'],
    ({ alpha, ...counts }) => roganGladen(counts, alpha),
  ),
  ppi_mean: kind(
    z.object({ y: vector, yhat: vector, yhat_unlabeled: vector, alpha: number }),
    ['lambda_', 'estimate', 'se', 'ci_lo', 'ci_hi'],
    ({ y, yhat, yhat_unlabeled, alpha }) => {
      const { lambda, ...rest } = ppiMean(y, yhat, yhat_unlabeled, alpha);
      return { ...rest, lambda_: lambda };
    },
  ),
};
