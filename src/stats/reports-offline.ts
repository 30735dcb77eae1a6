/** What `explain` takes of offline evaluations: verdicts, guardrails, the gate, and what an A/A has shown. */
import type { Better } from './gate.ts';
import type { OfflineVerdict } from './offline.ts';
import type { ExplainedEffect, JudgeBasis, ValueFormat } from './reports.ts';

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
  /** Examples beside them that have nothing for the metric to score. */
  readonly inapplicable: number;
  /** The effect if what is missing were as bad, or as good, for the variant as can be; null without a scale, or a hole. */
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
  /** Why it cannot be told, as a clause; null where the bounds tell. */
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
  /** Why nothing can be told, as a clause; null where something can. */
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
