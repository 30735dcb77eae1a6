/**
 * Do all arms have the same rate, whatever it is? For events that cannot depend on the arm, such as that an assigned unit
 * was exposed: if they do, no number of the experiment can be trusted.
 */
import { areCounts } from './checks.ts';
import { betaLn } from './distributions.ts';
import { answer, LENGTHS_DIFFER, NOT_COUNTS, nothing, problem, type Result } from './result.ts';
import { MAX_ARMS } from './srm.ts';

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
