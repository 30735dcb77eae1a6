/**
 * Confidence sequences without asymptotics, for tiny canaries: values in [0, 1], valid at every n from the first unit.
 * Wider than the asymptotic sequence, so it serves before the burn-in is over.
 */
import { answer, areFinite, isProbability, NOT_ALPHA, nothing, problem, type Result } from './result.ts';

const NONE = nothing('lo', 'hi');

/** Lower limit of the mean at one-sided level `alpha`, after all values. */
function lowerLimit(values: readonly number[], alpha: number): number {
  const budget = Math.log(1 / alpha);
  let sum = 0;
  let squares = 0;
  let spread = 1 / 4;
  let lambdas = 0;
  let weighted = 0;
  let penalty = 0;
  for (const [index, value] of values.entries()) {
    const t = index + 1;
    // The bet may use only what was known before this value: the spread and the mean of the earlier ones.
    const lambda = Math.min(1 / 2, Math.sqrt((2 * budget) / (t * Math.log1p(t) * spread)));
    const psi = -Math.log1p(-lambda) - lambda;
    const meanBefore = index === 0 ? 0 : sum / index;
    penalty += psi * (value - meanBefore) ** 2;
    lambdas += lambda;
    weighted += lambda * value;
    sum += value;
    squares += (value - (1 / 2 + sum) / (t + 1)) ** 2;
    spread = (1 / 4 + squares) / (t + 1);
  }
  return Math.max(0, (weighted - budget - penalty) / lambdas);
}

function limits(values: readonly number[], alpha: number): { lo: number; hi: number } {
  const mirrored = values.map((value) => 1 - value);
  return { lo: lowerLimit(values, alpha / 2), hi: 1 - lowerLimit(mirrored, alpha / 2) };
}

const isUnitInterval = (values: readonly number[]): boolean =>
  areFinite(values) && values.every((value) => value >= 0 && value <= 1);

/**
 * Predictable plug-in empirical-Bernstein confidence sequence for the mean of values in [0, 1], within [0, 1]
 * (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", theorem 2; each side at
 * alpha/2). Contract kind `prpl_eb`.
 *
 * Errors: `invalid_input` for values outside [0, 1]; `insufficient_data` without values.
 */
export function bernsteinCs(values: readonly number[], alpha: number): Result<{ lo: number; hi: number }> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NONE);
  if (!isUnitInterval(values)) return problem('invalid_input', 'values must lie between 0 and 1', NONE);
  if (values.length === 0) return problem('insufficient_data', 'there are no values', NONE);
  return answer(limits(values, alpha));
}

/**
 * Always-valid interval for the difference of two such means: each arm at alpha/2, then [L1 - U0, U1 - L0]. Contract
 * kind `prpl_eb_diff`.
 */
export function bernsteinDifference(
  control: readonly number[],
  treatment: readonly number[],
  alpha: number,
): Result<{ lo: number; hi: number }> {
  const arm0 = bernsteinCs(control, alpha / 2);
  const arm1 = bernsteinCs(treatment, alpha / 2);
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NONE);
  if (arm0.status !== 'ok') return arm0;
  if (arm1.status !== 'ok') return arm1;
  return answer({ lo: arm1.lo - arm0.hi, hi: arm1.hi - arm0.lo });
}
