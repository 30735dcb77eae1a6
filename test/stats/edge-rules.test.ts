/** Every edge rule of the contract: what is answered where a formula has no answer. */
import { describe, expect, test } from 'vitest';
import { answerLine } from '../../src/stats/stats-case.ts';

function ask(kind: string, input: unknown): Record<string, unknown> {
  return JSON.parse(answerLine(JSON.stringify({ id: 0, kind, input })));
}

type Row = readonly [rule: string, kind: string, input: unknown, expected: Record<string, unknown>];

const summary = (n0: number, var0: number, n1: number, var1: number) => ({
  n0,
  mean0: 0.7,
  var0,
  n1,
  mean1: 0.9,
  var1,
  alpha: 0.05,
});
const empty = { n0: 0, mean0: null, var0: null };

const invalid: readonly Row[] = [
  ['lengths differ', 'paired_t', { control: [1, 2], treatment: [1], alpha: 0.05 }, {}],
  ['lengths differ', 'bootstrap_paired', { control: [1, 2], treatment: [1], alpha: 0.05 }, { lo: null }],
  ['lengths differ', 'cluster_paired', { d: [1, 2], cluster: ['a'], alpha: 0.05 }, {}],
  ['lengths differ', 'cluster_diff', { arm: [0, 1], cluster: ['a'], y: [1, 2], alpha: 0.05 }, {}],
  ['lengths differ', 'cuped', { y0: [1], x0: [1, 2], y1: [1, 2], x1: [1, 2], alpha: 0.05 }, {}],
  ['lengths differ', 'ratio_delta', { num0: [1, 2], den0: [1, 2], num1: [1], den1: [1, 2], alpha: 0.05 }, {}],
  ['lengths differ', 'ppi_mean', { y: [1, 2], yhat: [1], yhat_unlabeled: [1, 2], alpha: 0.05 }, {}],
  ['lengths differ', 'srm', { counts: [1, 2], weights: [1] }, {}],
  ['lengths differ', 'kappa', { a: [1, 2], b: [1] }, {}],
  ['lengths differ', 'kripp', { ratings: [[1, 2], [1]], level: 'nominal' }, {}],
  ['lengths differ', 'sign_flip', { d: [1, 2], cluster: ['a'] }, {}],
  ['negative count', 'srm', { counts: [-1, 2], weights: [1, 1] }, { chi2: null, df: null, p: null }],
  ['negative weight', 'srm', { counts: [1, 2], weights: [1, -1] }, {}],
  ['weights sum to 0', 'srm', { counts: [1, 2], weights: [0, 0] }, {}],
  ['fractional count', 'srm_sequential', { counts: [1.5, 2], weights: [1, 1] }, {}],
  ['prior of 0', 'srm_sequential', { counts: [1, 2], weights: [1, 1], k: 0 }, {}],
  ['lengths differ', 'same_rate_sequential', { x: [1, 2], n: [3] }, { log_e: null, p: null }],
  ['part above total', 'same_rate_sequential', { x: [1, 4], n: [3, 3] }, {}],
  ['fractional count', 'same_rate_sequential', { x: [1, 1.5], n: [3, 3] }, {}],
  ['negative count', 'wilson', { x: -1, n: 10, alpha: 0.05 }, { lo: null, hi: null }],
  ['part above total', 'wilson', { x: 11, n: 10, alpha: 0.05 }, {}],
  ['part above total', 'two_proportion', { x0: 1, n0: 10, x1: 11, n1: 10, alpha: 0.05 }, {}],
  ['part above total', 'asymp_cs_binary', { x0: 11, n0: 10, x1: 1, n1: 10, alpha: 0.05, n_star: 100 }, {}],
  ['part above total', 'breaker', { s: 11, n: 10, p0: 0.1, a: 1, b: 1 }, { log_e: null }],
  ['part above total', 'rogan_gladen', { pos: 11, n: 10, tp: 1, fn: 1, tn: 1, fp: 1, alpha: 0.05 }, {}],
  ['negative count', 'mcnemar_exact', { n11: 1, n10: -1, n01: 1, n00: 1, alpha: 0.05 }, {}],
  ['negative count', 'pairwise', { wins: 1, ties: -1, losses: 1, alpha: 0.05 }, {}],
  ['negative count', 'prob_best', { arms: [[1, -1]], prior: [1, 1] }, { prob: null }],
  ['prior of 0', 'prob_best', { arms: [[1, 1]], prior: [0, 1] }, {}],
  ['negative variance', 'welch_summary', summary(10, -1, 10, 1), {}],
  ['negative variance', 'relative_lift', summary(10, -1, 10, 1), {}],
  ['negative variance', 'asymp_cs_mean', { ...summary(10, 1, 10, -1), n_star: 100 }, {}],
  ['null variance with units', 'welch_summary', { ...summary(10, 1, 10, 1), var1: null }, {}],
  ['null mean with units', 'welch_summary', { ...summary(10, 1, 1, 1), mean1: null }, {}],
  ['negative error', 'asymp_cs', { diff: 1, se: -1, n: 10, alpha: 0.05, n_star: 100 }, {}],
  ['n* of 0', 'asymp_cs', { diff: 1, se: 1, n: 10, alpha: 0.05, n_star: 0 }, {}],
  ['fractional n', 'asymp_cs', { diff: 1, se: 1, n: 1.5, alpha: 0.05, n_star: 9 }, {}],
  ['alpha 1/2', 'asymp_cs_one_sided', { diff: 1, se: 1, n: 9, alpha: 0.5, n_star: 9, side: 'lower' }, { bound: null }],
  ['v_ref of 0', 'stage_cs', { stages: [], alpha: 0.05, n_star: 10, v_ref: 0 }, {}],
  ['negative variance', 'stage_cs', { stages: [summary(9, -1, 9, 1)], alpha: 0.05, n_star: 10, v_ref: 1 }, {}],
  ['negative variance', 'stage_stratified', { stages: [summary(9, 1, 9, -1)], alpha: 0.05 }, {}],
  ['probability of 1', 'aipw_cs', { events: [[0, 1, 1]], alpha: 0.05, n_star: 9, v_ref: 1, prior_mean: 0 }, {}],
  ['arm 2', 'aipw_cs', { events: [[2, 1, 0.5]], alpha: 0.05, n_star: 9, v_ref: 1, prior_mean: 0 }, {}],
  ['v_ref below 0', 'aipw_cs', { events: [], alpha: 0.05, n_star: 9, v_ref: -1, prior_mean: 0 }, {}],
  ['arm 2', 'cluster_diff', { arm: [0, 2], cluster: ['a', 'b'], y: [1, 2], alpha: 0.05 }, {}],
  ['value above 1', 'prpl_eb', { x: [0.5, 1.1], alpha: 0.05 }, { lo: null, hi: null }],
  ['value below 0', 'prpl_eb_diff', { control: [0.5], treatment: [-0.1], alpha: 0.05 }, { lo: null }],
  ['value below 0', 'prpl_eb_diff', { control: [-0.5], treatment: [0.1], alpha: 0.05 }, { lo: null }],
  ['ceiling of 1', 'breaker', { s: 1, n: 10, p0: 1 }, {}],
  ['mixture of 0', 'breaker', { s: 1, n: 10, p0: 0.1, a: 0, b: 1 }, {}],
  ['q of 1', 'quantile_ci', { x: [1, 2], q: 1, alpha: 0.05 }, {}],
  ['p above 1', 'p_adjust', { p: [0.1, 1.1], method: 'holm' }, { p: null }],
  ['p below 0', 'p_adjust', { p: [-0.1], method: 'bh' }, {}],
  ['unknown method', 'p_adjust', { p: [0.1], method: 'hommel' }, { p: null }],
  ['negative e', 'e_bh', { e: [-1], alpha: 0.05 }, { rejected: null }],
  ['k of 0', 'rank_metrics', { retrieved: ['a'], relevant: { a: 1 }, k: 0 }, { ndcg: null }],
  ['fractional k', 'rank_metrics', { retrieved: ['a'], relevant: { a: 1 }, k: 1.5 }, {}],
  ['grade too large', 'rank_metrics', { retrieved: ['a'], relevant: { a: 1001 }, k: 1, gain: 'exp' }, {}],
  ['names at a numeric level', 'kripp', { ratings: [['a'], ['b']], level: 'interval' }, {}],
  ['B of 0', 'bootstrap_paired', { control: [1, 2], treatment: [2, 5], alpha: 0.05, B: 0 }, {}],
  ['B too large', 'bootstrap_paired', { control: [1, 2], treatment: [2, 5], alpha: 0.05, B: 2e6 }, {}],
  ['no draws', 'sign_flip', { d: [1, 2], draws: 0 }, {}],
  ['fractional seed', 'sign_flip', { d: [1, 2], seed: 0.5 }, {}],
  ['fractional seed', 'bootstrap_paired', { control: [1, 2], treatment: [2, 5], alpha: 0.05, seed: 0.5 }, {}],
  ['falling times', 'gst_bounds', { t: [0.5, 0.4], alpha: 0.05, spending: 'obf' }, { z: null }],
  ['time above 1', 'gst_bounds', { t: [0.5, 1.1], alpha: 0.05, spending: 'obf' }, {}],
  ['time of 0', 'gst_bounds', { t: [0, 1], alpha: 0.05, spending: 'obf' }, {}],
  ['phi of 0', 'gst_bounds', { t: [1], alpha: 0.05, spending: 'power', phi: 0 }, {}],
  ['ratio of 0', 'sample_size', { delta: 1, sd0: 1, sd1: 1, alpha: 0.05, power: 0.8, ratio: 0 }, { n0: null }],
  ['negative deviation', 'sample_size', { delta: 1, sd0: -1, sd1: 1, alpha: 0.05, power: 0.8, ratio: 1 }, {}],
  ['power of 1', 'sample_size', { delta: 1, sd0: 1, sd1: 1, alpha: 0.05, power: 1, ratio: 1 }, {}],
  ['power of 0', 'mde', { sd0: 1, sd1: 1, n0: 9, n1: 9, alpha: 0.05, power: 0 }, { mde: null }],
  ['negative deviation', 'mde', { sd0: 1, sd1: -1, n0: 9, n1: 9, alpha: 0.05, power: 0.8 }, {}],
  ['fractional n', 'mde', { sd0: 1, sd1: 1, n0: 9.5, n1: 9, alpha: 0.05, power: 0.8 }, {}],
  ['negative variance', 'sequential_n', { delta: 1, v: -1, alpha: 0.05, power: 0.8 }, { n_total: null }],
  ['power of 1', 'sequential_n', { delta: 1, v: 1, alpha: 0.05, power: 1 }, {}],
  ['overflow', 'moments', { x: [1e308, -1e308] }, { n: 2, var: null }],
  ['overflow', 'welch', { control: [1e308, -1e308], treatment: [1, 2], alpha: 0.05 }, { diff: null, p: null }],
  ['overflow', 'sign_flip', { d: [1e308, 1e308, 1e308] }, { p: null }],
];

const tooFew: readonly Row[] = [
  ['no values', 'moments', { x: [] }, { n: 0, mean: null, var: null }],
  ['one value', 'moments', { x: [5] }, { n: 1, var: null }],
  ['one unit', 'welch', { control: [1], treatment: [1, 2], alpha: 0.05 }, { diff: null, p: null, ci_lo: null }],
  ['one unit', 'welch_summary', summary(10, 1, 1, 0), { diff: null }],
  ['no units', 'welch_summary', { ...summary(10, 1, 10, 1), ...empty }, { diff: null }],
  ['one unit', 'relative_lift', summary(1, 0, 10, 1), { rel: null }],
  ['control mean 0', 'relative_lift', { ...summary(10, 1, 10, 1), mean0: 0 }, { rel: null, se: null }],
  ['control mean near 0', 'relative_lift', summary(10, 100, 10, 1), { rel: null, se: null }],
  ['one pair', 'paired_t', { control: [1], treatment: [2], alpha: 0.05 }, { diff: null }],
  ['no pairs', 'paired_t', { control: [], treatment: [], alpha: 0.05 }, { diff: null }],
  ['one cluster', 'cluster_paired', { d: [1, 2], cluster: ['a', 'a'], alpha: 0.05 }, { diff: null, df: null }],
  [
    'one cluster',
    'cluster_diff',
    { arm: [0, 0, 1, 1], cluster: [1, 1, 1, 1], y: [1, 2, 3, 5], alpha: 0.05 },
    { p: null },
  ],
  [
    'one cluster an arm',
    'cluster_diff',
    { arm: [0, 0, 1, 1], cluster: [1, 1, 2, 2], y: [1, 2, 3, 5], alpha: 0.05 },
    {},
  ],
  [
    'one row in an arm',
    'cluster_diff',
    { arm: [0, 1, 1], cluster: [1, 2, 3], y: [1, 3, 5], alpha: 0.05 },
    { diff: null },
  ],
  ['one pair', 'bootstrap_paired', { control: [1], treatment: [2], alpha: 0.05 }, { lo: null, hi: null }],
  ['no units', 'sign_flip', { d: [] }, { p: null }],
  ['one unit', 'sign_flip', { d: [1] }, { p: null }],
  ['total 0', 'mcnemar_exact', { n11: 0, n10: 0, n01: 0, n00: 0, alpha: 0.05 }, { p_exact: null, ci_lo: null }],
  ['total 0', 'wilson', { x: 0, n: 0, alpha: 0.05 }, { lo: null, hi: null }],
  ['empty arm', 'two_proportion', { x0: 0, n0: 0, x1: 1, n1: 2, alpha: 0.05 }, { diff: null, p: null }],
  ['empty arm', 'two_proportion', { x0: 0, n0: 1, x1: 0, n1: 0, alpha: 0.05 }, { diff: null, p: null }],
  ['empty arm', 'asymp_cs_binary', { x0: 0, n0: 0, x1: 1, n1: 2, alpha: 0.05, n_star: 9 }, { diff: null, p: null }],
  ['empty arm', 'asymp_cs_binary', { x0: 0, n0: 2, x1: 0, n1: 0, alpha: 0.05, n_star: 9 }, { diff: null, p: null }],
  ['one unit', 'asymp_cs_mean', { ...summary(1, 0, 10, 1), n_star: 9 }, { diff: null, p: null }],
  ['one unit', 'asymp_cs_mean', { ...summary(10, 1, 1, 0), n_star: 9 }, { diff: null, p: null }],
  ['no units', 'asymp_cs', { diff: 0, se: 0, n: 0, alpha: 0.05, n_star: 9 }, { p: null }],
  ['no units', 'asymp_cs_one_sided', { diff: 0, se: 1, n: 0, alpha: 0.05, n_star: 9, side: 'upper' }, { bound: null }],
  [
    'one unit in an arm',
    'aipw_cs',
    {
      events: [
        [0, 1, 0.5],
        [0, 0, 0.5],
        [1, 1, 0.5],
      ],
      alpha: 0.05,
      n_star: 9,
      v_ref: 1,
      prior_mean: 0,
    },
    { estimate: null },
  ],
  ['no stages', 'stage_cs', { stages: [], alpha: 0.05, n_star: 9, v_ref: 1 }, { diff: null, n_used: null }],
  [
    'no complete stage',
    'stage_cs',
    { stages: [summary(9, 1, 1, 0)], alpha: 0.05, n_star: 9, v_ref: 1 },
    { diff: null },
  ],
  ['no complete stage', 'stage_stratified', { stages: [summary(1, 0, 9, 1)], alpha: 0.05 }, { diff: null }],
  ['no values', 'prpl_eb', { x: [], alpha: 0.05 }, { lo: null, hi: null }],
  ['no values', 'prpl_eb_diff', { control: [1], treatment: [], alpha: 0.05 }, { lo: null, hi: null }],
  ['no requests', 'breaker', { s: 0, n: 0, p0: 0.1 }, { log_e: null }],
  ['one unit', 'cuped', { y0: [1], x0: [1], y1: [1, 2], x1: [1, 2], alpha: 0.05 }, { theta: null, diff: null }],
  ['one unit', 'ratio_delta', { num0: [1], den0: [1], num1: [1, 2], den1: [1, 2], alpha: 0.05 }, { diff: null }],
  [
    'zero denominators',
    'ratio_delta',
    { num0: [1, 2], den0: [0, 0], num1: [1, 2], den1: [1, 2], alpha: 0.05 },
    { diff: null },
  ],
  [
    'zero denominators',
    'ratio_delta',
    { num0: [1, 2], den0: [1, 2], num1: [1, 2], den1: [0, 0], alpha: 0.05 },
    { diff: null },
  ],
  ['total 0', 'srm', { counts: [0, 0], weights: [1, 1] }, { chi2: null, p: null }],
  ['total 0', 'srm_sequential', { counts: [0, 0], weights: [1, 1], k: 100 }, { log_e: null, p: null }],
  ['total 0', 'same_rate_sequential', { x: [0, 0], n: [0, 0] }, { log_e: null, p: null }],
  ['no looks', 'gst_bounds', { t: [], alpha: 0.05, spending: 'obf' }, { z: null }],
  ['one item', 'kappa', { a: [1], b: [1] }, { kappa: null }],
  [
    'no pairs of ratings',
    'kripp',
    {
      ratings: [
        [1, null],
        [null, 2],
      ],
      level: 'nominal',
    },
    { alpha: null },
  ],
  ['no raters', 'kripp', { ratings: [], level: 'nominal' }, { alpha: null }],
  ['no positive labels', 'rogan_gladen', { pos: 1, n: 2, tp: 0, fn: 0, tn: 1, fp: 1, alpha: 0.05 }, { raw: null }],
  ['no negative labels', 'rogan_gladen', { pos: 1, n: 2, tp: 1, fn: 0, tn: 0, fp: 0, alpha: 0.05 }, { raw: null }],
  ['nothing judged', 'rogan_gladen', { pos: 0, n: 0, tp: 1, fn: 0, tn: 1, fp: 0, alpha: 0.05 }, { raw: null }],
  ['one label', 'ppi_mean', { y: [1], yhat: [1], yhat_unlabeled: [1, 2], alpha: 0.05 }, { lambda_: null }],
  ['one judged', 'ppi_mean', { y: [1, 2], yhat: [1, 2], yhat_unlabeled: [1], alpha: 0.05 }, { lambda_: null }],
  ['one comparison', 'pairwise', { wins: 1, ties: 0, losses: 0, alpha: 0.05 }, { win_rate: null }],
  ['one value', 'quantile_ci', { x: [1], q: 0.5, alpha: 0.05 }, { estimate: null }],
  ['no arms', 'prob_best', { arms: [], prior: [1, 1] }, { prob: null }],
  ['effect of 0', 'sample_size', { delta: 0, sd0: 1, sd1: 1, alpha: 0.05, power: 0.8, ratio: 1 }, { n0: null }],
  ['effect of 0', 'sequential_n', { delta: 0, v: 1, alpha: 0.05, power: 0.8 }, { n_total: null }],
  ['empty arm', 'mde', { sd0: 1, sd1: 1, n0: 0, n1: 9, alpha: 0.05, power: 0.8 }, { mde: null }],
];

const flat: readonly Row[] = [
  ['constant raters: null', 'kappa', { a: [1, 1, 1], b: [1, 1, 1] }, { kappa: null }],
  [
    'constant ratings: null',
    'kripp',
    {
      ratings: [
        [1, 1],
        [1, 1],
      ],
      level: 'ratio',
    },
    { alpha: null },
  ],
  [
    'constant arms',
    'welch',
    { control: [0.1, 0.1, 0.1], treatment: [0.3, 0.3], alpha: 0.05 },
    { diff: 0.19999999999999998, p: null, ci_lo: null, ci_hi: null, t: null },
  ],
  ['constant arms', 'welch_summary', summary(10, 0, 10, 0), { p: null, ci_lo: null }],
  ['constant arms', 'relative_lift', summary(10, 0, 10, 0), { ci_lo: null, ci_hi: null }],
  [
    'constant differences',
    'paired_t',
    { control: [0.1, 0.2, 0.3], treatment: [0.2, 0.3, 0.4], alpha: 0.05 },
    { p: null, ci_lo: null },
  ],
  [
    'constant differences',
    'bootstrap_paired',
    { control: [0.1, 0.2], treatment: [0.2, 0.3], alpha: 0.05 },
    { lo: null, hi: null },
  ],
  [
    'equal clusters',
    'cluster_paired',
    { d: [1, -1, 2, -2], cluster: [1, 1, 2, 2], alpha: 0.05 },
    { diff: 0, p: null, ci_hi: null },
  ],
  [
    'constant arms',
    'cluster_diff',
    { arm: [0, 0, 1, 1], cluster: [1, 2, 3, 4], y: [1, 1, 2, 2], alpha: 0.05 },
    { diff: 1, p: null },
  ],
  [
    'equal clusters',
    'cluster_diff',
    { arm: [0, 0, 0, 0, 1, 1], cluster: [1, 1, 2, 2, 3, 3], y: [1, 3, 1, 3, 2, 4], alpha: 0.05 },
    { diff: 1, p: null },
  ],
  [
    'error of 0',
    'asymp_cs',
    { diff: 0.1, se: 0, n: 100, alpha: 0.05, n_star: 500 },
    { p: 1, ci_lo: null, ci_hi: null, half_width: null },
  ],
  [
    'error of 0',
    'asymp_cs_one_sided',
    { diff: 0.1, se: 0, n: 9, alpha: 0.05, n_star: 500, side: 'upper' },
    { bound: null },
  ],
  ['constant arms', 'asymp_cs_mean', { ...summary(10, 0, 10, 0), n_star: 500 }, { p: 1, ci_lo: null, ci_hi: null }],
  [
    'constant stages',
    'stage_cs',
    { stages: [summary(10, 0, 10, 0)], alpha: 0.05, n_star: 9, v_ref: 1 },
    { p: 1, ci_lo: null, n_used: 20 },
  ],
  [
    'constant stages',
    'stage_stratified',
    { stages: [summary(10, 0, 10, 0)], alpha: 0.05 },
    { p: null, ci_lo: null, n_used: 20 },
  ],
  [
    'constant scores',
    'aipw_cs',
    {
      events: [
        [0, 0.5, 0.5],
        [1, 0.5, 0.5],
        [0, 0.5, 0.5],
        [1, 0.5, 0.5],
      ],
      alpha: 0.05,
      n_star: 9,
      v_ref: 1,
      prior_mean: 0.5,
    },
    { estimate: 0, p: 1, ci_lo: null },
  ],
  [
    'constant outcomes',
    'cuped',
    { y0: [1, 1], x0: [1, 1], y1: [2, 2], x1: [1, 1], alpha: 0.05 },
    { theta: 0, diff: 1, p: null },
  ],
  [
    'constant ratios',
    'ratio_delta',
    { num0: [1, 2], den0: [2, 4], num1: [2, 4], den1: [2, 4], alpha: 0.05 },
    { ratio0: 0.5, ratio1: 1, diff: 0.5, p: null, ci_lo: null },
  ],
  [
    'nothing varies',
    'ppi_mean',
    { y: [1, 1], yhat: [1, 1], yhat_unlabeled: [1, 1], alpha: 0.05 },
    { estimate: 1, ci_lo: null },
  ],
  [
    'all won',
    'pairwise',
    { wins: 10, ties: 0, losses: 0, alpha: 0.05 },
    { win_rate: 1, p_sign: 0.001953125, ci_lo: null },
  ],
  ['all tied', 'pairwise', { wins: 0, ties: 10, losses: 0, alpha: 0.05 }, { win_rate: 0.5, p_sign: 1, ci_lo: null }],
  ['no spread', 'sample_size', { delta: 1, sd0: 0, sd1: 0, alpha: 0.05, power: 0.8, ratio: 1 }, { n0: null }],
  ['no spread', 'sequential_n', { delta: 1, v: 0, alpha: 0.05, power: 0.8 }, { n_total: null }],
];

const answered: readonly Row[] = [
  [
    'no success: z undefined, p = 1, interval given',
    'two_proportion',
    { x0: 0, n0: 10, x1: 0, n1: 12, alpha: 0.05 },
    { diff: 0, z: null, p: 1 },
  ],
  [
    'no failure: z undefined, p = 1',
    'two_proportion',
    { x0: 10, n0: 10, x1: 12, n1: 12, alpha: 0.05 },
    { diff: 0, z: null, p: 1 },
  ],
  [
    'no discordant pairs: p = 1',
    'mcnemar_exact',
    { n11: 70, n10: 0, n01: 0, n00: 12, alpha: 0.05 },
    { p_exact: 1, p_mid: 1, diff: 0 },
  ],
  ['all differences 0: p = 1', 'sign_flip', { d: [0, 0, 0] }, { p: 1 }],
  ['all differences 0, many: p = 1', 'sign_flip', { d: new Array(40).fill(0) }, { p: 1 }],
  ['raters constant apart: chance is certain disagreement', 'kappa', { a: [1, 1], b: [2, 2] }, { kappa: 0 }],
  [
    'ratings of 0 are equal to themselves',
    'kripp',
    {
      ratings: [
        [0, 1, -1],
        [0, 1, 1],
      ],
      level: 'ratio',
    },
    {},
  ],
  ['empty list', 'p_adjust', { p: [], method: 'bh' }, { p: [] }],
  ['empty list', 'e_bh', { e: [], alpha: 0.05 }, { rejected: [] }],
  ['no e-value large enough', 'e_bh', { e: [1, 19.9], alpha: 0.05 }, { rejected: [] }],
  [
    'empty retrieval: zeros',
    'rank_metrics',
    { retrieved: [], relevant: { a: 1 }, k: 3 },
    { recall: 0, precision: 0, hit: 0, mrr: 0, ap: 0, ndcg: 0 },
  ],
  [
    'only the first of a repeat counts',
    'rank_metrics',
    { retrieved: ['a', 'a', 'b'], relevant: { a: 1, b: 1 }, k: 2 },
    { recall: 1, precision: 1, ap: 1, ndcg: 1 },
  ],
  [
    'documents named like object members',
    'rank_metrics',
    { retrieved: ['constructor', 'a'], relevant: { a: 1 }, k: 2 },
    { recall: 1, precision: 0.5, mrr: 0.5 },
  ],
  [
    'units in an arm of weight 0: p = 0',
    'srm',
    { counts: [50, 50, 1], weights: [1, 1, 0] },
    { chi2: null, df: 1, p: 0 },
  ],
  [
    'no units in an arm of weight 0: dropped',
    'srm',
    { counts: [50, 50, 0], weights: [1, 1, 0] },
    { chi2: 0, df: 1, p: 1 },
  ],
  ['a single planned arm is in ratio', 'srm', { counts: [50, 0], weights: [1, 0] }, { chi2: 0, df: 0, p: 1 }],
  [
    'units in an arm of weight 0: p = 0',
    'srm_sequential',
    { counts: [50, 50, 1], weights: [1, 1, 0] },
    { log_e: null, p: 0 },
  ],
  [
    'no units in an arm of weight 0: dropped',
    'srm_sequential',
    { counts: [50, 0], weights: [1, 0] },
    { log_e: 0, p: 1 },
  ],
  [
    'rates without success keep an interval',
    'asymp_cs_binary',
    { x0: 0, n0: 90, x1: 0, n1: 90, alpha: 0.05, n_star: 900 },
    { diff: 0, p: 1 },
  ],
  ['n too small for a bound: null', 'quantile_ci', { x: [1, 2, 3], q: 0.99, alpha: 0.05 }, { hi: null }],
  [
    'n too small for a bound: null',
    'quantile_ci',
    { x: [1, 2, 3], q: 0.5, alpha: 0.05 },
    { estimate: 2, lo: null, hi: null },
  ],
  [
    'a stage that lacks an arm is left out and named',
    'stage_cs',
    { stages: [{ ...summary(9, 1, 9, 1), ...empty }, summary(9, 1, 9, 1)], alpha: 0.05, n_star: 9, v_ref: 1 },
    { left_out: [0], n_used: 18 },
  ],
  [
    'control ratio 0: no relative change',
    'ratio_delta',
    { num0: [0, 0], den0: [1, 2], num1: [1, 3], den1: [2, 4], alpha: 0.05 },
    { ratio0: 0, rel: null, rel_se: null },
  ],
  [
    'constant judge: not trusted at all',
    'ppi_mean',
    { y: [0, 1], yhat: [1, 1], yhat_unlabeled: [1, 1], alpha: 0.05 },
    { lambda_: 0, estimate: 0.5 },
  ],
  [
    'judge against the labels: not trusted',
    'ppi_mean',
    { y: [0, 1], yhat: [1, 0], yhat_unlabeled: [1, 0], alpha: 0.05 },
    { lambda_: 0, estimate: 0.5 },
  ],
  [
    'constant covariate: nothing adjusted',
    'cuped',
    { y0: [1, 2], x0: [3, 3], y1: [2, 4], x1: [3, 3], alpha: 0.05 },
    { theta: 0, var_reduction: 0, diff: 1.5 },
  ],
  [
    'ratio 1 by default',
    'sample_size',
    { delta: 0.05, sd0: 0.3, sd1: 0.3, alpha: 0.05, power: 0.8 },
    { n0: 566, n1: 566 },
  ],
  [
    'rounding adds no unit',
    'sample_size',
    { delta: 1, sd0: 1.1, sd1: 0, alpha: 0.05, power: 0.8, ratio: 1.1 },
    { n0: 10, n1: 11 },
  ],
  ['one arm is surely the best', 'prob_best', { arms: [[3, 4]], prior: [1, 1] }, { prob: [1] }],
  ['one look spends all', 'gst_bounds', { t: [1], alpha: 0.05, spending: 'obf' }, {}],
];

describe.each([
  ['invalid_input', invalid],
  ['insufficient_data', tooFew],
  ['no_variation', flat],
  ['ok', answered],
] as const)('%s', (status, rows) => {
  test.each(rows.map(([rule, kind, input, expected]) => [kind, rule, input, expected] as const))(
    '%s: %s',
    (kind, _rule, input, expected) => {
      const got = ask(kind, input);
      expect(got).toMatchObject({ status, ...expected });
      expect('why' in got).toBe(status !== 'ok');
    },
  );
});

test('a judge no better than chance cannot be corrected, its raw rate is still shown', () => {
  const coin = { pos: 700, n: 1000, tp: 50, fn: 50, tn: 50, fp: 50, alpha: 0.05 };
  expect(ask('rogan_gladen', coin)).toMatchObject({ status: 'uninformative_judge', raw: 0.7, estimate: null });
  expect(ask('rogan_gladen', { ...coin, tp: 51 }).status).toBe('ok');
});

test('a corrected rate outside [0, 1] is clipped, with its interval', () => {
  const got = ask('rogan_gladen', { pos: 5, n: 1000, tp: 90, fn: 10, tn: 80, fp: 20, alpha: 0.05 });
  expect(got).toMatchObject({ status: 'ok', estimate: 0, ci_lo: 0 });
});

test('a query without relevant documents has no score', () => {
  for (const relevant of [{}, { a: 0 }, { a: -1 }]) {
    expect(ask('rank_metrics', { retrieved: ['a'], relevant, k: 3 })).toMatchObject({
      status: 'no_relevant',
      recall: null,
      ndcg: null,
    });
  }
});

test('the breaker keeps its digits where the distribution functions underflow', () => {
  // Without failures and with a uniform mixture the e-value is 1/(n + 1), whatever the ceiling.
  for (const p0 of [0.01, 0.5, 0.9]) {
    for (const n of [1, 50, 3000, 100_000]) {
      expect(ask('breaker', { s: 0, n, p0 }).log_e).toBeCloseTo(-Math.log(n + 1), 7);
    }
  }
});
