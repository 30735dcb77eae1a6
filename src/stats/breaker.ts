/**
 * The breaker: is the failure rate above an absolute ceiling? An exact e-value, valid after every request, that trips
 * before anyone would look. It counts requests, not users, on purpose: dependence among a user's requests can only
 * cause a needless rollback, which is safe.
 */

import { betaLn, betaUpper } from './distributions.ts';
import { answer, areCounts, isPositive, isProbability, NOT_COUNTS, problem, type Result } from './result.ts';

/** Chance of a needless trip over the whole life of an experiment. */
export const BREAKER_ALPHA = 0.01;

export interface BreakerInput {
  /** Failures among requests of the current window. */
  readonly failures: number;
  readonly requests: number;
  /** The ceiling p0. */
  readonly ceiling: number;
  /** Parameters of the Beta mixture over rates above the ceiling; 1 and 1 by default. */
  readonly a?: number;
  readonly b?: number;
}

/**
 * Log e-value against "the failure rate is at most p0", by a Beta(a, b) mixture over (p0, 1): ln B(a+s, b+n-s) -
 * ln B(a, b) + ln SF_{a+s, b+n-s}(p0) - ln SF_{a, b}(p0) - s ln p0 - (n-s) ln(1-p0) (Robbins 1970). Contract kind
 * `breaker`.
 *
 * Errors: `insufficient_data` without requests.
 */
export function breaker({ failures, requests, ceiling, a = 1, b = 1 }: BreakerInput): Result<{ logE: number }> {
  const none = { logE: null };
  if (!areCounts(failures, requests) || failures > requests) return problem('invalid_input', NOT_COUNTS, none);
  if (!isProbability(ceiling) || !isPositive(a) || !isPositive(b)) {
    return problem('invalid_input', 'the ceiling must lie strictly between 0 and 1, and a and b above 0', none);
  }
  if (requests === 0) return problem('insufficient_data', 'there are no requests', none);
  const passes = requests - failures;
  const mixture = logTail(ceiling, a + failures, b + passes) - logTail(ceiling, a, b);
  return answer({ logE: mixture - failures * Math.log(ceiling) - passes * Math.log1p(-ceiling) });
}

/**
 * Whether window k (counted from 1) trips: e >= pi^2 k^2/(6 alpha). Windows restart so that old good traffic cannot
 * hide a new fault; their levels sum to alpha, since the sum of 6/(pi^2 k^2) is 1.
 */
export function breakerTrips(logE: number, window: number, alpha = BREAKER_ALPHA): boolean {
  return logE >= Math.log((Math.PI ** 2 * window ** 2) / (6 * alpha));
}

/** ln of the integral of p^(a-1) (1-p)^(b-1) over (x, 1). */
function logTail(x: number, a: number, b: number): number {
  const share = betaUpper(x, a, b);
  // Close to the smallest double the distribution function loses its digits, and then its value.
  return share > 1e-290 ? Math.log(share) + betaLn(a, b) : logFarTail(x, a, b);
}

/** The number of decay lengths after which the far tail is below double precision, and the steps to cross them. */
const DECAY_LENGTHS = 50;
const STEPS = 4000;

/**
 * The same integral where it is below 1e-290 of the whole: the integrand then falls off exponentially from x on, so a
 * Simpson rule over fifty decay lengths, relative to its value at x, has ten correct digits.
 */
function logFarTail(x: number, a: number, b: number): number {
  const logDensity = (p: number): number => (a - 1) * Math.log(p) + (b - 1) * Math.log1p(-p);
  const decay = (b - 1) / (1 - x) - (a - 1) / x;
  const width = Math.min((1 - x) * (1 - Number.EPSILON), DECAY_LENGTHS / decay);
  const start = logDensity(x);
  let sum = 0;
  for (let step = 0; step <= STEPS; step += 1) {
    const weight = step === 0 || step === STEPS ? 1 : step % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(logDensity(x + (width * step) / STEPS) - start);
  }
  return start + Math.log((sum * width) / (3 * STEPS));
}
