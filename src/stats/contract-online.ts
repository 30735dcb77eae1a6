/** The contract kinds of live experiments: sequences, breaker, sample ratio, and the gate. */
import * as z from 'zod';
import { aipwCs } from './aipw.ts';
import { bernsteinCs, bernsteinDifference } from './bernstein.ts';
import { breaker } from './breaker.ts';
import { armsOf, type Kind, kind, number, twoSummaries, vector } from './contract.ts';
import { asympCsBinary, asympCsBinaryOneSided, asympCsMean, isRate, summaryOfRate } from './floors.ts';
import { DEFAULT_MAX_DURATION_H, DEFAULT_MIN_DURATION_H, DEFAULT_MIN_UNITS, gate } from './gate.ts';
import { groupSequentialBounds } from './group-sequential.ts';
import { sameRateSequential } from './same-rate.ts';
import { asympCs, asympCsOneSided } from './sequential.ts';
import { srm, srmSequential } from './srm.ts';
import { type Stage, stageCs, stageCsOneSided, stageStratified } from './stages.ts';

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

export const ONLINE_KINDS: Readonly<Record<string, Kind>> = {
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
