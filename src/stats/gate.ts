/**
 * The gate: from one look's intervals to one decision. A pure function whose rules are tried in a fixed order, safety
 * first: the breaker, then guardrails, then the split, then the primary metric. A guardrail that is not proven harmless
 * never promotes. Workflows branch on the recorded decision and never recompute it.
 */
import { isNonNegative, isPositive, problem, type Result } from './result.ts';
import { doRatesDiffer, SRM_HALT_P } from './srm.ts';

export const DEFAULT_MIN_DURATION_H = 168;
export const DEFAULT_MAX_DURATION_H = 672;
export const DEFAULT_MIN_UNITS = 50;

/** An interval whose limits are null before there is one. */
export interface MaybeInterval {
  readonly lo: number | null;
  readonly hi: number | null;
}

/** A guardrail, oriented so that positive = harm. */
export interface GuardrailInterval extends MaybeInterval {
  readonly name: string;
  /** The harm that is tolerated; above 0, since exactly none can never be proven. */
  readonly margin: number;
}

export interface GateInput {
  /** Effect on the primary metric, oriented so that positive = better; null before there is an interval. */
  readonly primary: MaybeInterval | null;
  /** `lo` is the rollback bound, `hi` the promotion bound. */
  readonly guardrails: readonly GuardrailInterval[];
  readonly breakerTripped: boolean;
  /** p of the sample ratio; null when not computed. */
  readonly srmP: number | null;
  /** Below this p of the sample ratio the experiment halts; default: .001. */
  readonly srmHaltsBelow?: number;
  /** p of one rate of exposure in all arms; null when not computed. Default: null. */
  readonly exposureP?: number | null;
  /** Matured units in the smaller arm. */
  readonly unitsMinArm: number;
  readonly minUnits: number;
  readonly elapsedH: number;
  readonly minDurationH: number;
  readonly maxDurationH: number;
  /** Smallest effect worth having; null turns the futility rule off. */
  readonly mde: number | null;
  /**
   * `late` or `none` where the events of the primary metric came too late, or not at all: then it neither promotes nor rules an
   * effect out. Default: `arrived`.
   */
  readonly events?: 'arrived' | 'late' | 'none';
}

export type Decision = 'rollback' | 'halt' | 'promote' | 'continue' | 'inconclusive';

export type GateReason =
  | 'breaker'
  | 'guardrail'
  | 'srm'
  | 'exposure'
  | 'warming_up'
  | 'insufficient_data'
  | 'events_late'
  | 'events_missing'
  | 'worse'
  | 'superior'
  | 'min_duration'
  | 'guardrails_unproven'
  | 'no_effect_proven'
  | 'futile'
  | 'collecting';

export interface GateVerdict {
  readonly decision: Decision;
  /** The rule that decided. */
  readonly reason: GateReason;
  /** Guardrails beyond their margin (rollback), or not proven within it (`guardrails_unproven`); else empty. */
  readonly guardrails: readonly string[];
}

/**
 * The decision of one look. Contract kind `gate`. Comparisons with bounds are strict. Total: every input either has a
 * decision or is `invalid_input` (a value that is not finite, a margin that is not above 0, a probability outside
 * [0, 1]).
 */
export function gate(input: GateInput): Result<GateVerdict> {
  // Before any check: rolling back is safe, and bad numbers elsewhere must not keep a tripped breaker from acting.
  if (input.breakerTripped) return decide('rollback', 'breaker');
  const flaw = flawOf(input);
  if (flaw !== null) return problem('invalid_input', flaw, { decision: null, reason: null, guardrails: null });
  const { primary, guardrails, elapsedH, mde } = input;
  const isAtMaximum = elapsedH >= input.maxDurationH;
  const isBeforeMinimum = elapsedH < input.minDurationH;

  const harmed = guardrails.filter(({ lo, margin }) => lo !== null && lo > margin);
  if (harmed.length > 0) return decide('rollback', 'guardrail', harmed);
  if (input.srmP !== null && input.srmP < (input.srmHaltsBelow ?? SRM_HALT_P)) return decide('halt', 'srm');
  if (doRatesDiffer(input.exposureP ?? null)) return decide('halt', 'exposure');
  const lo = primary?.lo ?? null;
  const hi = primary?.hi ?? null;
  const hasInterval = input.unitsMinArm >= input.minUnits && lo !== null && hi !== null;
  if (hasInterval && hi < 0) return decide('rollback', 'worse');
  if (input.events === 'late' || input.events === 'none') {
    const reason = input.events === 'late' ? 'events_late' : 'events_missing';
    return decide(isAtMaximum ? 'inconclusive' : 'continue', reason);
  }
  if (!hasInterval) {
    return isAtMaximum ? decide('inconclusive', 'insufficient_data') : decide('continue', 'warming_up');
  }
  const unproven = guardrails.filter((guardrail) => guardrail.hi === null || guardrail.hi >= guardrail.margin);
  if (lo > 0 && unproven.length === 0) {
    return isBeforeMinimum ? decide('continue', 'min_duration') : decide('promote', 'superior');
  }
  if (isAtMaximum) {
    return lo > 0
      ? decide('inconclusive', 'guardrails_unproven', unproven)
      : decide('inconclusive', 'no_effect_proven');
  }
  if (mde !== null && hi < mde && !isBeforeMinimum) return decide('inconclusive', 'futile');
  return decide('continue', 'collecting');
}

function decide(
  decision: Decision,
  reason: GateReason,
  guardrails: readonly GuardrailInterval[] = [],
): Result<GateVerdict> {
  const names = Object.freeze(guardrails.map(({ name }) => name));
  return Object.freeze({ status: 'ok', decision, reason, guardrails: names });
}

function flawOf(input: GateInput): string | null {
  const isMaybeFinite = (value: number | null): boolean => value === null || Number.isFinite(value);
  const intervals = [...(input.primary === null ? [] : [input.primary]), ...input.guardrails];
  if (!intervals.every(({ lo, hi }) => isMaybeFinite(lo) && isMaybeFinite(hi))) return 'a limit is not a finite number';
  if (!input.guardrails.every(({ margin }) => isPositive(margin))) return 'a margin must be above 0';
  const isMaybeP = (p: number | null): boolean => p === null || (p >= 0 && p <= 1);
  if (!isMaybeP(input.srmP)) return 'srm_p must lie between 0 and 1';
  if (!isMaybeP(input.exposureP ?? null)) return 'exposure_p must lie between 0 and 1';
  if (!isMaybeFinite(input.mde)) return 'the smallest effect is not a finite number';
  const amounts = [input.unitsMinArm, input.minUnits, input.elapsedH, input.minDurationH, input.maxDurationH];
  return amounts.every(isNonNegative) ? null : 'units and durations must be finite and 0 or more';
}

/** Which direction of a metric is good. */
export type Better = 'higher' | 'lower';

/** A primary's interval turned so that positive = better. */
export function orientPrimary({ lo, hi }: MaybeInterval, better: Better): MaybeInterval {
  return better === 'higher' ? { lo, hi } : { lo: negate(hi), hi: negate(lo) };
}

/** A guardrail's interval turned so that positive = harm. */
export function orientGuardrail(interval: MaybeInterval, better: Better): MaybeInterval {
  return orientPrimary(interval, better === 'higher' ? 'lower' : 'higher');
}

const negate = (value: number | null): number | null => (value === null ? null : -value);
