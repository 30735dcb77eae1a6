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

/** What an experiment's verdict rests on; all of it is shown, always. */
export interface ExperimentReport {
  readonly kind: 'experiment';
  readonly verdict: GateVerdict;
  readonly baseline: string;
  readonly variant: string;
  readonly metric: string;
  readonly format: ValueFormat;
  readonly alpha: number;
  /** Effect on the metric in its own direction; null before there is one. */
  readonly effect: ExplainedEffect | null;
  /** The guardrail that decided a rollback; null otherwise. */
  readonly guardrail: {
    readonly name: string;
    readonly better: Better;
    readonly lo: number;
    readonly margin: number;
    readonly format: ValueFormat;
  } | null;
  /** Sample ratio: planned weights, units per arm, and p; null when not computed. */
  readonly srm: { readonly weights: readonly number[]; readonly counts: readonly number[]; readonly p: number } | null;
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
  readonly isExploratory: boolean;
  readonly judge: JudgeBasis;
}

/** A plan before launch. */
export interface PlanReport {
  readonly kind: 'plan';
  readonly mde: number;
  readonly format: ValueFormat;
  readonly unit: string;
  readonly units: number;
  readonly days: number;
  /** Guardrails that the planned units cannot prove. */
  readonly unprovable: readonly string[];
}

/** Everything that `explain` has words for. */
export type ExplainedReport =
  | ExperimentReport
  | EvaluationReport
  | GuardrailReport
  | EvaluationGateReport
  | NoiseReport
  | PlanReport;
