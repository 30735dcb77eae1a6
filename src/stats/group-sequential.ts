/**
 * Group-sequential bounds (opt-in): when looks are few and scheduled, spending alpha by a plan costs about 3 % more
 * units than a single look. Looks may be skipped, never added after seeing data.
 */
import { areFinite, isPositive, isProbability } from './checks.ts';
import { standardNormalCdf, standardNormalQuantile, twoSidedZ } from './distributions.ts';
import { answer, NOT_ALPHA, problem, type Result } from './result.ts';

/** Looks are refused beyond this number; an always-valid sequence is the better tool there. */
export const MAX_LOOKS = 100;
/** Looks closer together than this share of the information are refused: they would be one look. */
export const MIN_INFORMATION_STEP = 0.001;

/** How alpha is spent over information time t: O'Brien-Fleming type, or the power t^phi. */
export type Spending = { readonly kind: 'obf' } | { readonly kind: 'power'; readonly phi: number };

/** Fewest grid intervals over the continuation region, and fewest per standard deviation of the next increment. */
const GRID_INTERVALS = 2000;
const INTERVALS_PER_DEVIATION = 8;
const BISECTIONS = 60;
/** No bound of use lies beyond: what is to be spent there is below the smallest double. */
const MAX_BOUND = 40;

/** The density of the score process on the region where the trial goes on, on a grid symmetric about 0. */
interface Continuation {
  readonly limit: number;
  /** Density times Simpson weight and step, at each grid point. */
  readonly mass: Float64Array;
}

/**
 * Two-sided bounds on |z| at information times t (rising, in (0, 1]) that spend alpha/2 per side: Lan and DeMets
 * (1983) spending, `obf` a(t) = 2(1 - Phi(z_{1-a/2}/sqrt t)) or `power` a t^phi with a = alpha/2, and the recursion of
 * Armitage, McPherson and Rowe (1969) over the two-sided continuation region. Contract kind `gst_bounds`.
 *
 * Errors: `invalid_input` when times do not rise or are outside (0, 1].
 */
export function groupSequentialBounds(
  times: readonly number[],
  alpha: number,
  spending: Spending,
): Result<{ z: readonly number[] }> {
  const none = { z: null };
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (spending.kind === 'power' && !isPositive(spending.phi)) {
    return problem('invalid_input', 'phi must be above 0', none);
  }
  if (times.length === 0) return problem('insufficient_data', 'there are no looks', none);
  if (times.length > MAX_LOOKS) return problem('invalid_input', `at most ${MAX_LOOKS} looks are allowed`, none);
  const steps = times.map((time, look) => time - (times[look - 1] ?? 0));
  if (!areFinite(times) || steps.some((step) => step < MIN_INFORMATION_STEP) || times.at(-1)! > 1) {
    return problem('invalid_input', 'information times must rise within (0, 1], by at least 0.001 each', none);
  }
  const spent = times.map((time) => spentPerSide(time, alpha / 2, spending));
  const bounds = [Math.min(MAX_BOUND, -standardNormalQuantile(spent[0]!))];
  let region = firstRegion(bounds[0]! * Math.sqrt(times[0]!), times[0]!, steps[1]);
  for (let look = 1; look < times.length; look += 1) {
    const deviation = Math.sqrt(steps[look]!);
    const limit = limitFor(region, deviation, spent[look]! - spent[look - 1]!, Math.sqrt(times[look]!));
    bounds.push(limit / Math.sqrt(times[look]!));
    if (look + 1 < times.length) region = nextRegion(region, limit, deviation, steps[look + 1]!);
  }
  return answer({ z: Object.freeze(bounds) });
}

function spentPerSide(time: number, level: number, spending: Spending): number {
  switch (spending.kind) {
    case 'obf':
      return 2 * standardNormalCdf(-twoSidedZ(level) / Math.sqrt(time));
    case 'power':
      return level * time ** spending.phi;
  }
}

/** A grid over [-limit, limit], fine enough for an increment of the next step's size, with Simpson weights. */
function gridOver(limit: number, nextStep: number, density: (score: number) => number): Continuation {
  const wanted = Math.max(GRID_INTERVALS, (INTERVALS_PER_DEVIATION * 2 * limit) / Math.sqrt(nextStep));
  const intervals = 2 * Math.ceil(wanted / 2);
  const width = (2 * limit) / intervals;
  const mass = new Float64Array(intervals + 1);
  // The density is symmetric about 0: the upper half mirrors the lower.
  for (let point = 0; point <= intervals / 2; point += 1) {
    const weight = point === 0 ? 1 : point % 2 === 1 ? 4 : 2;
    mass[point] = (density(-limit + point * width) * weight * width) / 3;
    mass[intervals - point] = mass[point]!;
  }
  return { limit, mass };
}

function normalDensity(score: number, deviation: number): number {
  const z = score / deviation;
  return Math.exp((-z * z) / 2) / (deviation * Math.sqrt(2 * Math.PI));
}

function firstRegion(limit: number, time: number, nextStep = 1): Continuation {
  return gridOver(limit, nextStep, (score) => normalDensity(score, Math.sqrt(time)));
}

/** Sum over the region of its mass times a function of the score. */
function integrate({ limit, mass }: Continuation, of: (score: number) => number): number {
  const width = (2 * limit) / (mass.length - 1);
  let sum = 0;
  for (let point = 0; point < mass.length; point += 1) sum += mass[point]! * of(-limit + point * width);
  return sum;
}

function nextRegion(region: Continuation, limit: number, deviation: number, nextStep: number): Continuation {
  return gridOver(limit, nextStep, (score) => integrate(region, (from) => normalDensity(score - from, deviation)));
}

/** The score that the process exceeds with the probability to be spent; found by halving, the tail falls with it. */
function limitFor(region: Continuation, deviation: number, toSpend: number, scale: number): number {
  let low = 0;
  let high = MAX_BOUND * scale;
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (low + high) / 2;
    const tail = integrate(region, (from) => standardNormalCdf((from - middle) / deviation));
    if (tail > toSpend) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
