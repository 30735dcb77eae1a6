/**
 * What an experiment is asked to do, as frozen JSON: which arms get which traffic, what is measured of whom, and what is
 * decided from it. The store keeps it with the experiment, so that every verdict can be read, and recomputed, without the
 * code that asked.
 */

import type { NodeEdit, Wiring } from '../plan/plan.ts';
import type { ValueFormat } from '../stats/explained-report.ts';
import type { Better } from '../stats/gate.ts';
import type { AnalysisSettings } from '../stats/interim-analysis.ts';
import { isJudge, type RunField, type ScorerSpec } from './evaluation-spec.ts';

export const EXPERIMENT_FORMAT = 1;

/** Outcomes are kept as whole numbers of millionths: sums of those do not depend on the order in which they came. */
export const VALUE_SCALE = 1_000_000;

export interface ExperimentSpec {
  readonly format: typeof EXPERIMENT_FORMAT;
  /** The id of the `defineExperiment` that it is. */
  readonly name: string;
  readonly pipeline: string;
  /** Of `assign`. */
  readonly assignVersion: number;
  /** Who is randomised, read from the run's input; null: the unit that the caller names. */
  readonly unit: Wiring | null;
  /** One of them in words: `user`. */
  readonly unitName: string;
  /** Only runs whose input makes this true are in it; null: all. */
  readonly target: Wiring | null;
  /** Experiments of one layer exclude each other; null: it overlaps with all others. */
  readonly layer: string | null;
  /** The part of all units that is in it, above 0 and at most 1. */
  readonly share: number;
  /** The baseline first, named `baseline`, without edits; weights sum to 1. */
  readonly arms: readonly SpecArm[];
  /** Units that get an arm by name instead of by hash, and are not analysed. */
  readonly overrides: { readonly [unit: string]: string };
  readonly scorers: readonly OnlineScorer[];
  /** Declared ones by role, then those that every experiment has: `failed`, `latency`, `cost`. */
  readonly metrics: readonly OnlineMetric[];
  readonly breaker: BreakerSettings;
  readonly stop: StopSettings;
  readonly rollout: RolloutSettings;
}

export interface SpecArm {
  readonly name: string;
  readonly weight: number;
  readonly edits: readonly NodeEdit[];
}

/** Scores runs in the background. Its wiring reads `input`, `output`, `run` and nodes; there is nothing to expect. */
export interface OnlineScorer {
  readonly spec: ScorerSpec;
  /** The part of the runs that is scored. */
  readonly sample: number;
}

export const FEEDBACK_FIELDS = ['thumb', 'up', 'down', 'score', 'rated'] as const;
/**
 * `thumb` is +1 or -1, `up` and `down` whether it was that, `score` a number that people gave, `rated` whether anything was
 * said at all.
 */
export type FeedbackField = (typeof FEEDBACK_FIELDS)[number];

export type OnlineSource =
  | { readonly from: 'run'; readonly field: RunField }
  /** `output`, or a node that the pipeline shows. */
  | { readonly from: 'value'; readonly wiring: Wiring }
  | { readonly from: 'score'; readonly scorer: string; readonly field: string }
  | { readonly from: 'feedback'; readonly field: FeedbackField };

/**
 * How the outcomes of a unit in its window become one number: `mean` of them, `share` of them above a threshold, `rate`
 * whether any was true, `sum` of them, capped. `ratio` is the sum of one over the sum of another, over all units. `quantile`
 * is of units' means, and is only shown.
 */
export type OnlineKind = 'mean' | 'share' | 'rate' | 'sum' | 'ratio' | 'quantile';

export interface OnlineMetric {
  readonly name: string;
  readonly role: 'primary' | 'guardrail' | 'secondary';
  readonly kind: OnlineKind;
  /** A ratio's numerator. */
  readonly source: OnlineSource;
  /** Of `ratio` only. */
  readonly denominator: OnlineSource | null;
  /** Of `share` only. */
  readonly above: number | null;
  /** Of `sum` only: the most that one unit counts, above 0 and below. */
  readonly cap: number | null;
  /** Of `quantile` only, between 0 and 1. */
  readonly quantile: number | null;
  readonly better: Better;
  readonly format: ValueFormat;
  /** Of a primary, in the metric's unit; null: not declared. */
  readonly minimumEffect: number | null;
  /** Of a guardrail, above 0, in the metric's unit; null for others. */
  readonly margin: number | null;
  /** Outcomes count that happen within this of the unit's exposure; when it has passed, the unit is mature. */
  readonly windowMs: number;
  /** What a unit without outcomes is: people who say nothing count as 0, a run that left no record is missing. */
  readonly absent: 'zero' | 'missing';
}

/** Whether its data are events that come by themselves after the run: feedback and scores, which may be late, or never come. */
export const isOfEvents = ({ source, denominator }: Pick<OnlineMetric, 'source' | 'denominator'>): boolean =>
  [source, denominator].some((each) => each?.from === 'feedback' || each?.from === 'score');

/** A variant whose failures pass the ceiling is rolled back without waiting for a look. Counted over runs. */
export interface BreakerSettings {
  /** Share of runs that may fail, between 0 and 1. */
  readonly ceiling: number;
  readonly windowMs: number;
}

export interface StopSettings {
  readonly method: AnalysisSettings['method'];
  /** Two-sided, of the primary. */
  readonly alpha: number;
  /** One-sided, of all rollback bounds together, and of each promotion bound. */
  readonly alphaRollback: number;
  readonly alphaPromotion: number;
  readonly power: number;
  /** Matured units in the smaller arm before anything is decided. */
  readonly minUnits: number;
  readonly minDurationMs: number;
  readonly maxDurationMs: number;
  readonly lookEveryMs: number;
  /** A look leaves out what may still be on its way to the store. */
  readonly graceMs: number;
  /** Share of a metric's events that may come after their window, in each arm. Absent in experiments of method version 1. */
  readonly maxLate?: number;
}

export interface RolloutSettings {
  /** Parts of the traffic outside the experiment's share, rising, the last of them 1. */
  readonly steps: readonly number[];
  /** Each step lasts at least so long, and until so many more units of the share have matured. */
  readonly soakMs: number;
  readonly unitsPerStep: number;
  /** `manual`: a winner waits for `experiment approve`. */
  readonly approval: 'auto' | 'manual';
}

/** `StopSettings.maxLate` of experiments that do not say it. */
export const DEFAULT_MAX_LATE = 0.05;

/** What is fixed when an experiment starts, in addition to its spec. */
export interface FrozenSettings extends AnalysisSettings {
  /** n SE^2 of one unit, by metric (index as in the spec): what `stage_cs` is tuned to. */
  readonly vRefs: readonly number[];
  /** The version of the method (`src/experiment/method.ts`) that decides; absent in experiments of before: 1. */
  readonly methodVersion?: number;
  /** Of spec and the above, sha256 of canonical JSON. */
  readonly hash: string;
}

/** `running` and those up to `rolling` are live; the others are ends. */
export const EXPERIMENT_STATES = [
  'running',
  'paused',
  'halted',
  'approving',
  'rolling',
  'promoted',
  'rolled_back',
  'inconclusive',
  'aborted',
  'superseded',
] as const;
export type ExperimentState = (typeof EXPERIMENT_STATES)[number];

/** The actor of automatic decisions in history and audit. */
export const ITSELF = 'sluice';

/** States in which units are served their arms. A paused one serves everybody the baseline. */
export const SERVED_STATES = [
  'running',
  'halted',
  'approving',
  'rolling',
] as const satisfies readonly ExperimentState[];
export const LIVE_STATES = [...SERVED_STATES, 'paused'] as const satisfies readonly ExperimentState[];

const LIVE: ReadonlySet<ExperimentState> = new Set(LIVE_STATES);

export const isLive = ({ state }: { readonly state: ExperimentState }): boolean => LIVE.has(state);

type Scored = Pick<ExperimentSpec, 'scorers' | 'metrics'>;

/** Whether a judge scores the metric. Online there are no labels, and a judge without labels never promotes. */
export function isJudged({ scorers }: Pick<Scored, 'scorers'>, { source, denominator }: OnlineMetric): boolean {
  const judges = scorers.filter(({ spec }) => isJudge(spec)).map(({ spec }) => spec.id);
  return [source, denominator].some((one) => one?.from === 'score' && judges.includes(one.scorer));
}

/** Names of the primary and guardrail metrics that a judge scores: with one, a win waits for a person. Proven harm still rolls back. */
const decidingJudged = ({ scorers, metrics }: Scored): readonly string[] =>
  metrics.filter((metric) => metric.role !== 'secondary' && isJudged({ scorers }, metric)).map(({ name }) => name);

/** The spec with what older specs lack: `stop.maxLate`, whether a scorer is a judge, and the approval that a judge's score asks for. */
export function completeSpec(spec: ExperimentSpec): ExperimentSpec {
  const { scorers, stop, rollout } = spec;
  const isJudgeDeciding = decidingJudged(spec).length > 0;
  return {
    ...spec,
    scorers: scorers.map((each) => ({ ...each, spec: { ...each.spec, judge: isJudge(each.spec) } })),
    stop: { ...stop, maxLate: stop.maxLate ?? DEFAULT_MAX_LATE },
    rollout: { ...rollout, ...(isJudgeDeciding && { approval: 'manual' }) },
  };
}

/** What to say of them before the start; null where there is none. */
export function judgedWarning(spec: Scored): string | null {
  const names = decidingJudged(spec);
  if (names.length === 0) return null;
  return `${names.join(', ')}: scored by a judge, which no labels correct online. A win waits for approval: sluice experiment approve`;
}
