/**
 * What `explain` takes: a verdict with everything it rests on. Whoever builds a report fills all of it, so that counts
 * of what was left out can never be forgotten.
 */
import type { Better, GateVerdict } from './gate.ts';
import type { EvaluationGateReport, EvaluationReport, GuardrailReport, NoiseReport } from './reports-offline.ts';

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
