/**
 * What `explain` takes: a verdict with everything it rests on. The builder of a report fills all of it, so that counts
 * of what was left out can never be forgotten.
 */

import type { OfflineVerdict } from './compare-scores.ts';
import type { Better, GateVerdict } from './gate.ts';

/** How a metric's values read: a plain number, a share (shown in percent), milliseconds, or US dollars. */
export type ValueFormat = 'number' | 'share' | 'ms' | 'usd';

/** A limit may be null: not known, or no bound. */
export interface ExplainedEffect {
  readonly diff: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
}

/** Where a score came from: human labels behind a judge, a judge alone, or no judge at all (null). */
export type JudgeBasis = { readonly labels: number } | 'uncorrected' | null;

/** A guardrail with its limits turned so that positive = harm; null before there is one. */
export interface ExplainedGuardrail {
  readonly name: string;
  readonly better: Better;
  /** It is harmed by at least this: the rollback bound. */
  readonly lo: number | null;
  /** It is harmed by at most this: the promotion bound. */
  readonly hi: number | null;
  readonly margin: number;
  readonly format: ValueFormat;
}

/** A sample ratio: planned weights, units per arm, and p. */
export interface ExplainedRatio {
  /** Units that met their arm, or units whose value of `metric` was recorded. */
  readonly of: 'exposed' | 'recorded';
  readonly metric: string | null;
  readonly arms: readonly string[];
  readonly weights: readonly number[];
  readonly counts: readonly number[];
  readonly p: number;
}

/** Of the assigned units of each arm, how many were exposed, and p of one rate in all arms. */
export interface ExplainedExposure {
  readonly arms: readonly string[];
  readonly assigned: readonly number[];
  readonly exposed: readonly number[];
  readonly p: number;
}

/** How the events of a metric (feedback, scores) arrived in one arm. */
export interface ExplainedArrival {
  readonly metric: string;
  readonly arm: string;
  readonly window: string;
  /** Units whose window is over, and those of them without an event in time. */
  readonly matured: number;
  readonly silent: number;
  readonly events: number;
  readonly late: number;
  /** Share of events that may be late. */
  readonly maxLate: number;
  readonly status: 'arrived' | 'late' | 'none';
  /** Whether units of this arm give feedback at another rate than those of the baseline, beyond chance. */
  readonly isUneven: boolean;
}

/** A variant that is stopped while others go on: for harm of its own, or because another has won. */
export interface StoppedVariant {
  readonly variant: string;
  readonly verdict: GateVerdict | null;
  readonly guardrail: ExplainedGuardrail | null;
  readonly effect: ExplainedEffect | null;
}

/** What an experiment's verdict rests on; all of it is shown, always. */
export interface ExperimentReport {
  readonly kind: 'experiment';
  /** In a rollout only harm is looked for. */
  readonly phase: 'experiment' | 'rollout';
  readonly verdict: GateVerdict;
  readonly baseline: string;
  readonly variant: string;
  readonly metric: string;
  readonly format: ValueFormat;
  readonly alpha: number;
  /** Effect on the metric in its own direction; null before there is one. */
  readonly effect: ExplainedEffect | null;
  /** The guardrail that decided a rollback; null otherwise. */
  readonly guardrail: ExplainedGuardrail | null;
  /** All guardrails of the variant. */
  readonly guardrails: readonly ExplainedGuardrail[];
  /** Variants that this look stops, but the one that it is about. */
  readonly stopped: readonly StoppedVariant[];
  /** The sample ratio that is furthest off; null when none is computed. */
  readonly srm: ExplainedRatio | null;
  /** Null when it is not computed. */
  readonly exposure: ExplainedExposure | null;
  readonly unit: string;
  readonly units: number;
  readonly unitsMinArm: number;
  readonly minUnits: number;
  readonly days: number;
  /** Days until a decision at this pace; null when unknown. */
  readonly daysLeft: number | null;
  /** When the decision was taken, as it is to be shown. */
  readonly at: string;
  readonly window: string;
  readonly method: string;
  readonly counts: {
    /** Units seen in two arms, and so in neither. */
    readonly excluded: number;
    /** Outcomes received after their unit matured. */
    readonly late: number;
    /** All outcomes received. */
    readonly outcomes: number;
    readonly missing: number;
    readonly capped: number;
  };
  /** Of all arms that are served; absent where events are not checked. */
  readonly arrivals?: readonly ExplainedArrival[];
  readonly isExploratory: boolean;
  readonly judge: JudgeBasis;
}

/** The state of an experiment that is not running, or that somebody changed. */
export interface ExperimentStateReport {
  readonly kind: 'experiment-state';
  readonly state:
    | 'running'
    | 'paused'
    | 'halted'
    | 'approving'
    | 'rolling'
    | 'promoted'
    | 'rolled_back'
    | 'inconclusive'
    | 'aborted'
    | 'superseded';
  readonly pipeline: string;
  /** The winner, or the variant that the state is about; null where it is about none. */
  readonly variant: string | null;
  readonly unit: string;
  /** Who did it, why, and when, as it is to be shown; null: not known. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly at: string | null;
  /** Of a rollout: the part of the traffic outside the experiment that gets the winner. */
  readonly ramp: number;
}

/** A plan before launch. */
export interface PlanReport {
  readonly kind: 'plan';
  readonly metric: string | null;
  /** Null: no effect is declared that would be worth having. */
  readonly mde: number | null;
  readonly format: ValueFormat;
  readonly unit: string;
  readonly units: number | null;
  /** Null: the traffic is not known. */
  readonly days: number | null;
  readonly maxDays: number;
  /** The effect that can be seen by the maximum duration; null where the traffic is not known. */
  readonly mdeAtMax: number | null;
  /** Guardrails that the planned units cannot prove, with the units that would. */
  readonly unprovable: readonly { readonly metric: string; readonly units: number }[];
  /** Metrics whose spread was assumed. */
  readonly assumed: readonly string[];
}

/** Everything that `explain` has words for. */
export type ExplainedReport =
  | ExperimentReport
  | ExperimentStateReport
  | EvaluationReport
  | GuardrailReport
  | EvaluationGateReport
  | NoiseReport
  | PlanReport;

/** What `nNeeded` examples are needed for: an effect, with 80 % power. */
export interface NeededFor {
  /** In the metric's unit, positive; of a guardrail its margin. */
  readonly effect: number;
  /** Whether it was declared; else it is the one that was seen. */
  readonly isDeclared: boolean;
  /** Clusters that hold the examples, and how many times as many examples they take as independent ones; null without. */
  readonly clusters: number | null;
  readonly designEffect: number | null;
}

/** An offline comparison's verdict. */
export interface EvaluationReport {
  readonly kind: 'evaluation';
  /** Null when no verdict is possible; `why` then says why. */
  readonly verdict: OfflineVerdict | null;
  readonly why: string | null;
  readonly baseline: string;
  readonly variant: string;
  readonly metric: string;
  readonly format: ValueFormat;
  readonly alpha: number;
  readonly effect: ExplainedEffect;
  readonly examples: number;
  /** Pairs that lack a side. */
  readonly missing: number;
  /** Examples in addition to these for which the metric is not applicable. */
  readonly inapplicable: number;
  /**
   * The effect if what is missing were as bad, or as good, for the variant as can be; null without a scale, or without a
   * missing value.
   */
  readonly bounds: { readonly lo: number; readonly hi: number } | null;
  /** Scores that are the worst there is since the run failed. */
  readonly failed: number;
  /** What other tests the p that decides was adjusted for; null where it stands alone. The interval never is. */
  readonly adjusted: { readonly method: 'holm' | 'bh'; readonly tests: number } | null;
  /**
   * As human labels correct it; null where there are none. `isPooled`: by how often the judge errs on both variants together,
   * so that what it does to one of them alone is still there.
   */
  readonly corrected: (ExplainedEffect & { readonly isPooled: boolean }) | null;
  readonly mde: number | null;
  readonly nNeeded: number | null;
  readonly neededFor: NeededFor | null;
  /** Comparisons made on this dataset so far, this one included. */
  readonly comparisons: number;
  /** Whether the dataset has a final split that the baseline did not run on. */
  readonly hasFinal: boolean;
  readonly isExploratory: boolean;
  readonly judge: JudgeBasis;
}

/** Whether a guardrail is harmless. Harm is in the metric's unit, positive = worse; bounds are one-sided. */
export interface GuardrailReport {
  readonly kind: 'evaluation-guardrail';
  readonly status: 'proven' | 'harmed' | 'unproven';
  /** Why it is not known, as a clause; null if the bounds decide it. */
  readonly why: string | null;
  readonly baseline: string;
  readonly variant: string;
  readonly metric: string;
  readonly better: Better;
  readonly format: ValueFormat;
  readonly margin: number;
  /** The least harm, at `loAlpha`, and the most, at `hiAlpha`. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly loAlpha: number;
  readonly hiAlpha: number;
  /** All pairs are equal. */
  readonly isIdentical: boolean;
  /** Harm as labels correct it, as an interval at `alpha`; null where there are none. */
  readonly corrected: { readonly lo: number | null; readonly hi: number | null; readonly alpha: number } | null;
  readonly examples: number;
  readonly nNeeded: number | null;
  readonly neededFor: NeededFor | null;
  readonly judge: JudgeBasis;
}

/** Why a variant passes or does not. `metric` is null where the reason is not one metric's. */
export interface GateFinding {
  readonly code:
    | 'better'
    | 'worse'
    | 'harmed'
    | 'proven'
    | 'unproven'
    | 'none_better'
    | 'no_verdict'
    | 'uncalibrated'
    | 'nothing_declared';
  readonly metric: string | null;
  /** Of `no_verdict`: the clause that says why. */
  readonly why: string | null;
}

export interface EvaluationGateReport {
  readonly kind: 'evaluation-gate';
  readonly status: 'passed' | 'failed' | 'inconclusive' | 'tampered';
  readonly baseline: string;
  readonly variants: readonly {
    readonly variant: string;
    readonly status: 'passed' | 'failed' | 'inconclusive';
    readonly findings: readonly GateFinding[];
  }[];
  /** What was changed after it was locked: `alpha: 0.05 → 0.1`. */
  readonly changes: readonly string[];
}

/** What an A/A evaluation has shown of one metric. */
export interface NoiseReport {
  readonly kind: 'noise';
  readonly metric: string;
  readonly format: ValueFormat;
  readonly examples: number;
  readonly alpha: number;
  readonly power: number;
  /** Why nothing is known, as a clause; null if something is. */
  readonly why: string | null;
  readonly effect: ExplainedEffect;
  /** Share of examples that differ. */
  readonly differing: number | null;
  /** Smallest difference seen by so many examples: of noise alone, and by the correlation of the variants' scores. */
  readonly seen: readonly {
    readonly correlation: number | null;
    readonly mde: number | null;
    readonly nNeeded: number | null;
    readonly clusters: number | null;
  }[];
  /** The effect that is declared worth seeing; null: none. */
  readonly declared: number | null;
}
