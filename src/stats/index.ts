/**
 * `sluice/stats`: the statistics engine. Pure functions without I/O, importable alone. Every method answers its
 * numbers, or a status and why there are none; NaN and Infinity never leave. Arm 0 is the control; a difference is arm
 * 1 minus arm 0.
 */
export * from './agreement.ts';
export * from './aipw.ts';
export * from './bayes.ts';
export * from './bernstein.ts';
export * from './bootstrap.ts';
export * from './breaker.ts';
export { clusterDiff } from './clusters.ts';
export * from './cuped.ts';
export * from './explain.ts';
export * from './floors.ts';
export * from './gate.ts';
export * from './group-sequential.ts';
export * from './judges.ts';
export * from './look.ts';
export * from './mcnemar.ts';
export { RELATIVE_LIFT_MIN_CONTROL_Z, type RelativeLift, relativeLift, welch, welchFromSummaries } from './means.ts';
export * from './moments.ts';
export * from './multiplicity.ts';
export * from './offline.ts';
export { clusterPaired, differences, pairedT } from './paired.ts';
export * from './pairwise.ts';
export * from './planning.ts';
export { type QuantileInterval, quantileInterval } from './quantiles.ts';
export * from './ranking.ts';
export * from './rates.ts';
export * from './ratio.ts';
export * from './repeats.ts';
export * from './reports.ts';
export * from './reports-offline.ts';
export type { Problem, Result } from './result.ts';
export * from './same-rate.ts';
export {
  asympCs,
  asympCsOneSided,
  type Bound,
  type ConfidenceSequence,
  DEFAULT_N_STAR,
  type Estimate,
  ROLLBACK_N_STAR,
  type SequenceSettings,
  type Side,
} from './sequential.ts';
export * from './sign-flip.ts';
export * from './srm.ts';
export * from './stages.ts';
