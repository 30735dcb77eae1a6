/**
 * `sluice/stats`: the statistics engine. Pure functions without I/O, importable alone. Every method answers its
 * numbers, or a status and why there are none; NaN and Infinity never leave. Arm 0 is the control; a difference is arm
 * 1 minus arm 0.
 */
export * from './adaptive-designs.ts';
export * from './adjusted-effects.ts';
export * from './agreement.ts';
export {
  asympCs,
  asympCsBinary,
  asympCsBinaryOneSided,
  asympCsMean,
  asympCsOneSided,
  type Bound,
  type ConfidenceSequence,
  DEFAULT_N_STAR,
  type Estimate,
  flooredMeans,
  flooredRates,
  isRate,
  type RateSummary,
  ROLLBACK_N_STAR,
  type SequenceSettings,
  type Side,
  summaryOfRate,
} from './asymp-cs.ts';
export * from './bernstein.ts';
export * from './bootstrap.ts';
export * from './breaker.ts';
export * from './compare-scores.ts';
export * from './explain.ts';
export * from './explained-report.ts';
export { formatValue } from './format-value.ts';
export * from './gate.ts';
export * from './interim-analysis.ts';
export * from './judges.ts';
export * from './moments.ts';
export * from './multiplicity.ts';
export { type QuantileInterval, quantileInterval } from './quantiles.ts';
export * from './ranking.ts';
export * from './rates.ts';
export type { Problem, Result } from './result.ts';
export * from './sample-size.ts';
export * from './sign-flip.ts';
export * from './srm.ts';
export * from './stage-cs.ts';
export { clusterDiff, clusterPaired, differences, pairedT, welch, welchFromSummaries } from './t-test.ts';
