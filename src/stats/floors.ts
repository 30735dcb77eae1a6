/**
 * Standard errors that cannot be fooled by a small arm. Ten units without a failure look as if they had no variance;
 * the floor gives each arm at least the variance that both arms show together.
 */
import { areCounts } from './checks.ts';
import { isSummary } from './means.ts';
import type { ArmSummary } from './moments.ts';
import { NOT_COUNTS, NOT_FINITE, problem, type Result } from './result.ts';
import { asympCs, type ConfidenceSequence, type Estimate, NO_SEQUENCE, type SequenceSettings } from './sequential.ts';

/** Successes among units. */
export interface RateSummary {
  readonly n: number;
  readonly successes: number;
}

/** Rates: v = q(1 - q) with q = (x + 1)/(n + 2), per arm and pooled; SE^2 = sum of max(v_a, v_pooled)/n_a. */
export function flooredRates(arm0: RateSummary, arm1: RateSummary): Estimate {
  const smoothed = ({ n, successes }: RateSummary): number => {
    const q = (successes + 1) / (n + 2);
    return q * (1 - q);
  };
  const n = arm0.n + arm1.n;
  const pooled = smoothed({ n, successes: arm0.successes + arm1.successes });
  const square = Math.max(smoothed(arm0), pooled) / arm0.n + Math.max(smoothed(arm1), pooled) / arm1.n;
  return { diff: arm1.successes / arm1.n - arm0.successes / arm0.n, se: Math.sqrt(square), n };
}

/** Means: SE^2 = sum of max(s_a^2, pooled within-arm variance)/n_a. Needs at least two units in each arm. */
export function flooredMeans(arm0: ArmSummary, arm1: ArmSummary): Estimate {
  const n = arm0.n + arm1.n;
  const pooled = ((arm0.n - 1) * arm0.variance + (arm1.n - 1) * arm1.variance) / (n - 2);
  const square = Math.max(arm0.variance, pooled) / arm0.n + Math.max(arm1.variance, pooled) / arm1.n;
  return { diff: arm1.mean - arm0.mean, se: Math.sqrt(square), n };
}

/**
 * Always-valid interval for the difference of two rates with floored variances. Contract kind `asymp_cs_binary`.
 *
 * Errors: `insufficient_data` when an arm is empty. It never lacks variation: the smoothed variance is above 0.
 */
export function asympCsBinary(
  arm0: RateSummary,
  arm1: RateSummary,
  settings: SequenceSettings,
): Result<ConfidenceSequence> {
  const isRate = ({ n, successes }: RateSummary): boolean => areCounts(n, successes) && successes <= n;
  if (!isRate(arm0) || !isRate(arm1)) return problem('invalid_input', NOT_COUNTS, NO_SEQUENCE);
  if (arm0.n === 0 || arm1.n === 0) {
    return problem('insufficient_data', 'each arm needs at least one unit', NO_SEQUENCE);
  }
  return asympCs(flooredRates(arm0, arm1), settings);
}

/**
 * Always-valid interval for the difference of two means with floored variances. Contract kind `asymp_cs_mean`.
 *
 * Errors: `insufficient_data` below two units in an arm; `no_variation` when both arms are constant.
 */
export function asympCsMean(
  arm0: ArmSummary,
  arm1: ArmSummary,
  settings: SequenceSettings,
): Result<ConfidenceSequence> {
  if (!isSummary(arm0) || !isSummary(arm1)) return problem('invalid_input', NOT_FINITE, NO_SEQUENCE);
  if (arm0.n < 2 || arm1.n < 2) {
    return problem('insufficient_data', 'each arm needs at least two units', NO_SEQUENCE);
  }
  return asympCs(flooredMeans(arm0, arm1), settings);
}
