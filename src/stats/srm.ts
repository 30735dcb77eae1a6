/**
 * Sample ratio mismatch: do units arrive in the planned shares? If not, exposures or outcomes are being lost on one
 * side, and no number of the experiment can be trusted. Count exposed units and matured units with a value separately.
 * The same holds for events that cannot depend on the arm, such as exposure: all arms must have one rate of them.
 */

import { betaLn, chiSquareUpper, gammaLn } from './distributions.ts';
import {
  answer,
  areCounts,
  isNonNegative,
  isPositive,
  LENGTHS_DIFFER,
  NOT_COUNTS,
  nothing,
  problem,
  type Result,
} from './result.ts';

/** Below this p an experiment halts. */
export const SRM_HALT_P = 0.001;
/** The same where the sequential test and a chi-square at the end share that level. */
export const SRM_SHARED_HALT_P = SRM_HALT_P / 2;
/**
 * Units that each arm must be expected to have in a stage for its chi-square: at a level of .0005 it raises up to four
 * times as many false alarms with 5, and 1.3 times as many with 50 (exact binomial, splits of 50/50 to 0.1/99.9).
 */
export const SRM_MIN_EXPECTED = 50;
/** Weight of the planned shares in the sequential test's prior. */
export const DEFAULT_SRM_PRIOR = 100;
/** More arms than this are refused. */
export const MAX_ARMS = 1000;

interface PlannedArm {
  readonly count: number;
  readonly share: number;
}

type Flaw = readonly ['invalid_input' | 'insufficient_data', string];

/** Arms with a planned share above 0, and whether units appeared in an arm without one. */
function plannedArms(
  counts: readonly number[],
  weights: readonly number[],
): { arms: readonly PlannedArm[]; hasStrays: boolean; n: number } | Flaw {
  if (counts.length !== weights.length) return ['invalid_input', LENGTHS_DIFFER];
  if (counts.length > MAX_ARMS) return ['invalid_input', `at most ${MAX_ARMS} arms are allowed`];
  if (!areCounts(...counts) || !weights.every(isNonNegative)) return ['invalid_input', NOT_COUNTS];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!isPositive(total)) return ['invalid_input', 'the weights must have a positive, finite sum'];
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (n === 0) return ['insufficient_data', 'there are no units'];
  const all = counts.map((count, index) => ({ count, share: weights[index]! / total }));
  return {
    arms: all.filter(({ share }) => share > 0),
    hasStrays: all.some(({ count, share }) => share === 0 && count > 0),
    n,
  };
}

/** `chi2` is null where units appeared in an arm without a share: the statistic would be infinite. */
export interface SampleRatio {
  readonly chi2: number | null;
  readonly df: number;
  readonly p: number;
}

/**
 * Chi-square test of counts against planned weights (Pearson 1900), for one-off reports. Contract kind `srm`. An arm
 * of weight 0 is dropped, unless it has units: then p = 0. While monitoring use `srmSequential`: repeated chi-square
 * tests raise false alarms. `srmOverStages` is for several stages.
 *
 * Errors: `insufficient_data` without units; `invalid_input` for negative counts or weights.
 */
export function srm(counts: readonly number[], weights: readonly number[]): Result<SampleRatio> {
  const planned = plannedArms(counts, weights);
  if (!('arms' in planned)) return problem(planned[0], planned[1], nothing('chi2', 'df', 'p'));
  const { arms, hasStrays, n } = planned;
  const df = arms.length - 1;
  if (hasStrays) return answer({ chi2: null, df, p: 0 });
  const chi2 = arms.reduce((sum, { count, share }) => sum + (count - n * share) ** 2 / (n * share), 0);
  // A single planned arm that holds every unit cannot be out of ratio.
  return answer({ chi2, df, p: df === 0 ? 1 : chiSquareUpper(chi2, df) });
}

/**
 * The chi-square test over stages: statistics and degrees of freedom add. Stages in which an arm is expected to have
 * fewer than 50 units are left out, unless an arm without a share has units there: then p = 0.
 *
 * Errors: `insufficient_data` when no stage is left; as `srm`.
 */
export function srmOverStages(stages: readonly (readonly number[])[], weights: readonly number[]): Result<SampleRatio> {
  const none = nothing('chi2', 'df', 'p');
  const rarest = Math.min(...weights.filter((weight) => weight > 0)) / weights.reduce((sum, weight) => sum + weight, 0);
  let [chi2, df] = [0, 0];
  for (const counts of stages) {
    const stage = srm(counts, weights);
    if (stage.status === 'invalid_input') return stage;
    if (stage.status !== 'ok') continue;
    if (stage.chi2 === null) return answer({ chi2: null, df: stage.df, p: 0 });
    if (counts.reduce((sum, count) => sum + count, 0) * rarest < SRM_MIN_EXPECTED) continue;
    chi2 += stage.chi2;
    df += stage.df;
  }
  if (df === 0) return problem('insufficient_data', `no stage expects ${SRM_MIN_EXPECTED} units in each arm`, none);
  return answer({ chi2, df, p: chiSquareUpper(chi2, df) });
}

/** `logE` is null where units appeared in an arm without a share: the e-value is infinite and p is 0. */
export interface SequentialSampleRatio {
  readonly logE: number | null;
  readonly p: number;
}

/**
 * Dirichlet-multinomial e-value against the planned shares, valid after every unit (Lindon and Malek 2022): log e =
 * sum lnG(k th_i + n_i) - lnG(k + n) - sum lnG(k th_i) + lnG(k) - sum n_i ln th_i; p = min(1, 1/e). Contract kind
 * `srm_sequential`. Across stages e-values multiply: add their logarithms.
 *
 * Errors: as `srm`.
 */
export function srmSequential(
  counts: readonly number[],
  weights: readonly number[],
  prior = DEFAULT_SRM_PRIOR,
): Result<SequentialSampleRatio> {
  const none = nothing('logE', 'p');
  if (!isPositive(prior)) return problem('invalid_input', 'the prior weight must be above 0', none);
  const planned = plannedArms(counts, weights);
  if (!('arms' in planned)) return problem(planned[0], planned[1], none);
  const { arms, hasStrays, n } = planned;
  if (hasStrays) return answer({ logE: null, p: 0 });
  const logE = arms.reduce(
    (sum, { count, share }) => sum + gammaLn(prior * share + count) - gammaLn(prior * share) - count * Math.log(share),
    gammaLn(prior) - gammaLn(prior + n),
  );
  return answer({ logE, p: Math.min(1, Math.exp(-logE)) });
}

/** Below this p the rates of exposure differ, and an experiment halts. */
export const EXPOSURE_HALT_P = 0.001;
/** Whether the rates of exposure differ by that much; p is null when not computed. */
export const doRatesDiffer = (p: number | null): boolean => p !== null && p < EXPOSURE_HALT_P;

/** Jeffreys' prior of one arm's rate. */
const PRIOR = 0.5;

export interface SameRate {
  readonly logE: number;
  readonly p: number;
}

/**
 * A sequential test of one common, unknown rate, valid after every unit and at any stopping time. The e-value is that of
 * universal inference (Wasserman, Ramdas and Balakrishnan 2020, section 8): each arm's likelihood averaged over a
 * Beta(1/2, 1/2) prior of its own rate, over the largest likelihood that one common rate can have. log e =
 * sum_k [ln B(x_k + 1/2, n_k - x_k + 1/2) - ln B(1/2, 1/2)] - X ln(X/N) - (N - X) ln(1 - X/N); p = min(1, 1/e). Under any
 * common rate e is at most a martingale that begins at 1. Contract kind `same_rate_sequential`. Across stages e-values
 * multiply: add their logarithms.
 *
 * @param events of each arm
 * @param units of each arm
 *
 * Errors: `insufficient_data` without units; `invalid_input` for negative counts, and for more events than units.
 */
export function sameRateSequential(events: readonly number[], units: readonly number[]): Result<SameRate> {
  const none = nothing('logE', 'p');
  if (events.length !== units.length) return problem('invalid_input', LENGTHS_DIFFER, none);
  if (events.length > MAX_ARMS) return problem('invalid_input', `at most ${MAX_ARMS} arms are allowed`, none);
  if (!areCounts(...events, ...units)) return problem('invalid_input', NOT_COUNTS, none);
  if (events.some((count, arm) => count > units[arm]!))
    return problem('invalid_input', 'an arm has more events than units', none);
  const [allEvents, allUnits] = [sum(events), sum(units)];
  if (allUnits === 0) return problem('insufficient_data', 'there are no units', none);
  const separate = sum(
    events.map((count, arm) => betaLn(count + PRIOR, units[arm]! - count + PRIOR) - betaLn(PRIOR, PRIOR)),
  );
  const logE = separate - logShare(allEvents, allUnits) - logShare(allUnits - allEvents, allUnits);
  return answer({ logE, p: Math.min(1, Math.exp(-logE)) });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const logShare = (count: number, of: number): number => (count === 0 ? 0 : count * Math.log(count / of));
