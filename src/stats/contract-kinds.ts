/**
 * The kinds of `stats-case`: how other programs reach a method by name with JSON. A kind has the schema of its input, the
 * fields of its answer, and the method. Input that does not fit the schema is `invalid_input` with all fields null, as if
 * the method itself had refused it.
 */
import * as z from 'zod';
import { aipwCs, groupSequentialBounds, probabilityBest } from './adaptive-designs.ts';
import { cuped, ratioDelta, relativeLift } from './adjusted-effects.ts';
import { kappa, krippendorff } from './agreement.ts';
import {
  asympCs,
  asympCsBinary,
  asympCsBinaryOneSided,
  asympCsMean,
  asympCsOneSided,
  isRate,
  summaryOfRate,
} from './asymp-cs.ts';
import { bernsteinCs, bernsteinDifference } from './bernstein.ts';
import { bootstrapInterval } from './bootstrap.ts';
import { breaker } from './breaker.ts';
import { DEFAULT_MAX_DURATION_H, DEFAULT_MIN_DURATION_H, DEFAULT_MIN_UNITS, gate } from './gate.ts';
import { ppiMean, roganGladen } from './judges.ts';
import { type ArmSummary, describeValues } from './moments.ts';
import { adjustP, eBh } from './multiplicity.ts';
import { quantileInterval } from './quantiles.ts';
import { rankMetrics } from './ranking.ts';
import { mcnemarExact, pairwise, twoProportions, wilson } from './rates.ts';
import { LENGTHS_DIFFER } from './result.ts';
import { minimumDetectableEffect, sampleSize, sequentialSampleSize } from './sample-size.ts';
import { signFlip } from './sign-flip.ts';
import { sameRateSequential, srm, srmSequential } from './srm.ts';
import { type Stage, stageCs, stageCsOneSided, stageStratified } from './stage-cs.ts';
import { clusterDiff, clusterPaired, differences, pairedT, welch, welchFromSummaries } from './t-test.ts';

/** One kind of request: from parsed JSON to an answer with `status` and snake_case fields. */
export type Kind = (input: unknown) => Readonly<Record<string, unknown>>;

/** A method under a schema. `fields` lists what the answer always has, in snake_case. */
function kind<Schema extends z.ZodType>(
  schema: Schema,
  fields: readonly string[],
  method: (input: z.output<Schema>) => object,
): Kind {
  return (input) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) return refusal(describeIssue(parsed.error), fields);
    const given = snakeCased(method(parsed.data));
    const asked = Object.fromEntries(fields.map((field) => [field, given.get(field) ?? null]));
    return { status: given.get('status'), ...(given.has('why') ? { why: given.get('why') } : {}), ...asked };
  };
}

/** An `invalid_input` answer with its fields null. */
export function refusal(why: string, fields: readonly string[] = []): Readonly<Record<string, unknown>> {
  return { status: 'invalid_input', why, ...Object.fromEntries(fields.map((field) => [field, null])) };
}

function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}

function snakeCased(result: object): ReadonlyMap<string, unknown> {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return new Map(Object.entries(result).map(([name, value]) => [snake(name), value]));
}

/** zod refuses NaN and infinities as numbers, so a vector is finite once it is parsed. */
const number = z.number();
const vector = z.array(number);
const names = z.array(z.union([z.string(), number]));

/** Two arms by count, mean and variance; an arm with fewer than two units has no variance, and an empty one no mean. */
const twoSummaries = z.object({
  n0: number,
  mean0: number.nullable(),
  var0: number.nullable(),
  n1: number,
  mean1: number.nullable(),
  var1: number.nullable(),
});

/** The arms of `twoSummaries` as the methods take them. */
function armsOf(input: z.output<typeof twoSummaries>): readonly [ArmSummary, ArmSummary] {
  return [armOf(input.n0, input.mean0, input.var0), armOf(input.n1, input.mean1, input.var1)];
}

/** What is null for want of units becomes 0, which methods never read; any other null becomes NaN, which they refuse. */
function armOf(n: number, mean: number | null, variance: number | null): ArmSummary {
  return { n, mean: mean ?? (n === 0 ? 0 : Number.NaN), variance: variance ?? (n < 2 ? 0 : Number.NaN) };
}

const T_TEST = ['diff', 'se', 'df', 't', 'p', 'ci_lo', 'ci_hi'];
const summaries = twoSummaries.extend({ alpha: number });
const countPair = z.tuple([number, number]);

/** Single effects and planning: rates, means, ratios, quantiles, sample sizes, moments. */
const EFFECT_KINDS: Readonly<Record<string, Kind>> = {
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

const pair = z.object({ control: vector, treatment: vector, alpha: number });
const label = z.union([z.string(), number, z.boolean()]);

/** Offline evaluation: paired tests, multiplicity, ranking, agreement and judges. */
const OFFLINE_KINDS: Readonly<Record<string, Kind>> = {
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

const INTERVAL = ['half_width', 'ci_lo', 'ci_hi', 'log_e', 'p'];
const estimate = z.object({ diff: number, se: number, n: number, alpha: number, n_star: number });
const stages = z.object({ stages: z.array(twoSummaries), alpha: number });
const counts = z.object({ counts: vector, weights: vector });
const interval = z.object({ lo: number.nullable(), hi: number.nullable() });
/** A guardrail's limit that is left out and one that is null say the same: there is none yet. */
const limit = number.nullable().default(null);
const guardrail = z.object({ name: z.string(), margin: number, lo: limit, hi: limit });

const side = z.enum(['lower', 'upper']);
const rates = z.object({ x0: number, n0: number, x1: number, n1: number });
const tuned = z.object({ alpha: number, n_star: number, v_ref: number, side });

const stagesOf = (rows: z.output<typeof stages>['stages']) =>
  rows.map((row) => {
    const [arm0, arm1] = armsOf(row);
    return { arm0, arm1 };
  });

/** Counts that are none have no rate, and the method refuses it. */
function stageOfRates({ x0, n0, x1, n1 }: z.output<typeof rates>): Stage {
  const armOf = (n: number, successes: number) =>
    isRate({ n, successes }) ? summaryOfRate({ n, successes }) : { n, mean: Number.NaN, variance: Number.NaN };
  return { arm0: armOf(n0, x0), arm1: armOf(n1, x1) };
}

/** Live experiments: sequences, breaker, sample ratio, and the gate. */
const ONLINE_KINDS: Readonly<Record<string, Kind>> = {
  asymp_cs: kind(estimate, ['rho', ...INTERVAL], ({ diff, se, n, alpha, n_star }) =>
    asympCs({ diff, se, n }, { alpha, nStar: n_star }),
  ),
  asymp_cs_one_sided: kind(estimate.extend({ side }), ['rho', 'bound'], ({ diff, se, n, alpha, n_star, side }) =>
    asympCsOneSided({ diff, se, n }, { alpha, nStar: n_star }, side),
  ),
  asymp_cs_binary: kind(
    rates.extend({ alpha: number, n_star: number }),
    ['diff', 'se', ...INTERVAL],
    ({ x0, n0, x1, n1, alpha, n_star }) =>
      asympCsBinary({ n: n0, successes: x0 }, { n: n1, successes: x1 }, { alpha, nStar: n_star }),
  ),
  asymp_cs_binary_one_sided: kind(
    rates.extend({ alpha: number, n_star: number, side }),
    ['rho', 'bound'],
    ({ x0, n0, x1, n1, alpha, n_star, side: of }) =>
      asympCsBinaryOneSided({ n: n0, successes: x0 }, { n: n1, successes: x1 }, { alpha, nStar: n_star }, of),
  ),
  asymp_cs_mean: kind(
    twoSummaries.extend({ alpha: number, n_star: number }),
    ['diff', 'se', ...INTERVAL],
    ({ alpha, n_star, ...summaries }) => asympCsMean(...armsOf(summaries), { alpha, nStar: n_star }),
  ),
  aipw_cs: kind(
    z.object({
      events: z.array(z.tuple([number, number, number])),
      alpha: number,
      n_star: number,
      v_ref: number,
      prior_mean: number,
    }),
    ['estimate', 'se', ...INTERVAL],
    ({ events, alpha, n_star, v_ref, prior_mean }) =>
      aipwCs(
        events.map(([arm, value, probability]) => ({ arm, value, probability })),
        { alpha, nStar: n_star, vRef: v_ref, priorMean: prior_mean },
      ),
  ),
  stage_stratified: kind(stages, ['diff', 'se', 'p', 'ci_lo', 'ci_hi', 'n_used', 'left_out'], (input) =>
    stageStratified(stagesOf(input.stages), input.alpha),
  ),
  stage_cs: kind(
    stages.extend({ n_star: number, v_ref: number }),
    ['diff', 'se', 'n_used', 'left_out', ...INTERVAL],
    ({ stages: rows, alpha, n_star, v_ref }) => stageCs(stagesOf(rows), { alpha, nStar: n_star, vRef: v_ref }),
  ),
  stage_cs_one_sided: kind(
    z.union([
      tuned.extend({ stages: z.array(twoSummaries) }).transform((input) => ({
        ...{ ...input, stages: stagesOf(input.stages), nullVariance: false },
      })),
      tuned.extend({ stages: z.array(rates) }).transform((input) => ({
        ...{ ...input, stages: input.stages.map(stageOfRates), nullVariance: true },
      })),
    ]),
    ['rho', 'bound', 'n_used', 'left_out'],
    ({ stages: rows, alpha, n_star, v_ref, side: of, nullVariance }) =>
      stageCsOneSided(rows, { alpha, nStar: n_star, vRef: v_ref, nullVariance }, of),
  ),
  prpl_eb: kind(z.object({ x: vector, alpha: number }), ['lo', 'hi'], ({ x, alpha }) => bernsteinCs(x, alpha)),
  prpl_eb_diff: kind(
    z.object({ control: vector, treatment: vector, alpha: number }),
    ['lo', 'hi'],
    ({ control, treatment, alpha }) => bernsteinDifference(control, treatment, alpha),
  ),
  breaker: kind(
    z.object({ s: number, n: number, p0: number, a: number.default(1), b: number.default(1) }),
    ['log_e'],
    ({ s, n, p0, a, b }) => breaker({ failures: s, requests: n, ceiling: p0, a, b }),
  ),
  srm: kind(counts, ['chi2', 'df', 'p'], (input) => srm(input.counts, input.weights)),
  srm_sequential: kind(counts.extend({ k: number.optional() }), ['log_e', 'p'], (input) =>
    srmSequential(input.counts, input.weights, input.k),
  ),
  same_rate_sequential: kind(z.object({ x: vector, n: vector }), ['log_e', 'p'], ({ x, n }) =>
    sameRateSequential(x, n),
  ),
  gst_bounds: kind(
    z.intersection(
      z.object({ t: vector, alpha: number }),
      z.discriminatedUnion('spending', [
        z.object({ spending: z.literal('obf') }),
        z.object({ spending: z.literal('power'), phi: number }),
      ]),
    ),
    ['z'],
    (input) =>
      groupSequentialBounds(
        input.t,
        input.alpha,
        input.spending === 'obf' ? { kind: 'obf' } : { kind: 'power', phi: input.phi },
      ),
  ),
  gate: kind(
    z.object({
      primary: interval.nullable().default(null),
      guardrails: z.array(guardrail),
      breaker_tripped: z.boolean(),
      srm_p: number.nullish(),
      exposure_p: number.nullish(),
      units_min_arm: number,
      min_units: number.default(DEFAULT_MIN_UNITS),
      elapsed_h: number,
      min_duration_h: number.default(DEFAULT_MIN_DURATION_H),
      max_duration_h: number.default(DEFAULT_MAX_DURATION_H),
      mde: number.nullish(),
    }),
    ['decision', 'reason', 'guardrails'],
    (input) =>
      gate({
        primary: input.primary,
        guardrails: input.guardrails,
        breakerTripped: input.breaker_tripped,
        srmP: input.srm_p ?? null,
        exposureP: input.exposure_p ?? null,
        unitsMinArm: input.units_min_arm,
        minUnits: input.min_units,
        elapsedH: input.elapsed_h,
        minDurationH: input.min_duration_h,
        maxDurationH: input.max_duration_h,
        mde: input.mde ?? null,
      }),
  ),
};

/** Every kind by its name. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({ ...EFFECT_KINDS, ...OFFLINE_KINDS, ...ONLINE_KINDS }),
);
