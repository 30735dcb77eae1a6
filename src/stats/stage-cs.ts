/**
 * Effects over stages: intervals of time in which the split, the index, the models and everything else but the arm
 * were constant. Each stage is compared within itself and the differences are averaged; pooling raw arm means over
 * stages with different splits calls pure drift an effect (100 % false positives in simulation).
 */

import {
  type Bound,
  boundAt,
  type Clock,
  type ConfidenceSequence,
  clockOf,
  type Estimate,
  flawOfBound,
  flooredMeans,
  NO_BOUND,
  NO_SEQUENCE,
  NOT_SETTINGS,
  type SequenceSettings,
  type Side,
  sequenceAt,
} from './asymp-cs.ts';
import type { ArmSummary } from './moments.ts';
import {
  answer,
  isNoVariation,
  isPositive,
  isProbability,
  NOT_ALPHA,
  NOT_FINITE,
  nothing,
  problem,
  type Result,
} from './result.ts';
import { isSummary, zTest } from './t-test.ts';

/** Both arms within one stage. */
export interface Stage {
  readonly arm0: ArmSummary;
  readonly arm1: ArmSummary;
}

/** Units in the stages that were used, and the positions of stages left out because an arm had fewer than two units. */
export interface StageUse {
  readonly nUsed: number;
  readonly leftOut: readonly number[];
}

export interface StageSettings extends SequenceSettings {
  /** Planned n SE^2 of one unit, fixed at start: p(1-p)/(share(1-share)) for a rate, 4p(1-p) at 50/50. */
  readonly vRef: number;
  /** Only for values in [0, 1]: a limit's standard error is that under the limit (`flooredMeans`). */
  readonly nullVariance?: boolean;
}

/** A stage's standard error, and that under other differences. */
type StageError = (stage: Stage) => Pick<Estimate, 'se' | 'squareAt'>;

const plainError: StageError = ({ arm0, arm1 }) => ({
  se: Math.sqrt(arm0.variance / arm0.n + arm1.variance / arm1.n),
});
const flooredError =
  ({ nullVariance }: StageSettings): StageError =>
  ({ arm0, arm1 }) =>
    flooredMeans(arm0, arm1, nullVariance);

/** Weighted average of the stages' differences with weights n_s/n; null when no stage has two units in each arm. */
function combine(stages: readonly Stage[], errorOf: StageError): (Estimate & StageUse) | null {
  const isUsed = ({ arm0, arm1 }: Stage): boolean => arm0.n >= 2 && arm1.n >= 2;
  const used = stages.filter(isUsed);
  const leftOut = stages.flatMap((stage, index) => (isUsed(stage) ? [] : [index]));
  const n = used.reduce((sum, { arm0, arm1 }) => sum + arm0.n + arm1.n, 0);
  if (n === 0) return null;
  let diff = 0;
  let square = 0;
  const squares: ((difference: number, events: number) => number)[] = [];
  for (const stage of used) {
    const weight = (stage.arm0.n + stage.arm1.n) / n;
    diff += weight * (stage.arm1.mean - stage.arm0.mean);
    const { se, squareAt } = errorOf(stage);
    square += (weight * se) ** 2;
    if (squareAt !== undefined) squares.push((difference, events) => weight ** 2 * squareAt(difference, events));
  }
  const squareAt = (difference: number, events: number): number =>
    squares.reduce((sum, each) => sum + each(difference, events), 0);
  const use = { nUsed: n, leftOut: Object.freeze(leftOut) };
  return { diff, se: Math.sqrt(square), n, ...use, ...(squares.length > 0 && { squareAt }) };
}

const areStages = (stages: readonly Stage[]): boolean =>
  stages.every(({ arm0, arm1 }) => isSummary(arm0) && isSummary(arm1));

const NO_STAGE = 'no stage has two units in each arm';

/** A stratified difference with its normal interval. */
export interface StageStratified extends StageUse {
  readonly diff: number;
  readonly se: number;
  readonly p: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * Post-stratified difference with a normal interval: diff = sum w_s diff_s, SE^2 = sum w_s^2 (v0/n0 + v1/n1),
 * w_s = n_s/n. For display at the end; while looking use `stageCs`. Contract kind `stage_stratified`.
 *
 * Errors: `insufficient_data` when no stage has two units in each arm; `no_variation` when all used stages are constant.
 */
export function stageStratified(stages: readonly Stage[], alpha: number): Result<StageStratified> {
  const none = nothing('diff', 'se', 'p', 'ciLo', 'ciHi', 'nUsed', 'leftOut');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areStages(stages)) return problem('invalid_input', NOT_FINITE, none);
  const combined = combine(stages, plainError);
  if (combined === null) return problem('insufficient_data', NO_STAGE, none);
  const { diff, se, n, nUsed, leftOut } = combined;
  if (isNoVariation(se * Math.sqrt(n), diff)) {
    return problem('no_variation', 'no arm varies', { ...none, diff, se, nUsed, leftOut });
  }
  const { p, ciLo, ciHi } = zTest(diff, se, alpha);
  return answer({ diff, se, p, ciLo, ciHi, nUsed, leftOut });
}

const areStageSettings = ({ alpha, nStar, vRef }: StageSettings): boolean =>
  isProbability(alpha) && isPositive(nStar) && isPositive(vRef);

/** The clock runs on information, n^2 SE^2 / v_ref, since a unit of a lopsided stage is worth less than planned. */
function stageClock({ n, se }: Estimate, { nStar, vRef }: StageSettings, level: number): Clock {
  return clockOf(level, nStar, (n * n * se * se) / vRef);
}

/**
 * Always-valid interval over stages with floored variances: per stage V_s = sum of max(s_a^2, pooled)/n_a, weights
 * n_s/n, clock x = n^2 SE^2/v_ref * rho^2. Contract kind `stage_cs`. An experiment that may see a second stage uses
 * it from its first look.
 *
 * Errors: `insufficient_data` when no stage has two units in each arm; `no_variation` as `asympCs`.
 */
export function stageCs(stages: readonly Stage[], settings: StageSettings): Result<ConfidenceSequence & StageUse> {
  const none = { ...NO_SEQUENCE, nUsed: null, leftOut: null };
  if (!areStageSettings(settings)) return problem('invalid_input', NOT_SETTINGS, none);
  if (!areStages(stages)) return problem('invalid_input', NOT_FINITE, none);
  const combined = combine(stages, flooredError(settings));
  if (combined === null) return problem('insufficient_data', NO_STAGE, none);
  const sequence = sequenceAt(combined, stageClock(combined, settings, settings.alpha), settings.alpha);
  return Object.freeze({ ...sequence, nUsed: combined.nUsed, leftOut: combined.leftOut });
}

/**
 * One-sided always-valid bound over stages, for guardrails; see `stageCs` and `asympCsOneSided`. Contract kind
 * `stage_cs_one_sided`.
 */
export function stageCsOneSided(
  stages: readonly Stage[],
  settings: StageSettings,
  side: Side,
): Result<Bound & StageUse> {
  const none = { ...NO_BOUND, nUsed: null, leftOut: null };
  const flaw = areStageSettings(settings) ? flawOfBound(settings.alpha, side) : NOT_SETTINGS;
  if (flaw !== null) return problem('invalid_input', flaw, none);
  if (!areStages(stages)) return problem('invalid_input', NOT_FINITE, none);
  const combined = combine(stages, flooredError(settings));
  if (combined === null) return problem('insufficient_data', NO_STAGE, none);
  const bound = boundAt(combined, stageClock(combined, settings, 2 * settings.alpha), settings.alpha, side);
  return Object.freeze({ ...bound, nUsed: combined.nUsed, leftOut: combined.leftOut });
}
