/**
 * What a comparison of evaluations finds, as frozen JSON: sides against a baseline side, one row per metric and side.
 * Examples are not in it: `comparedExamples` gives them on demand. A number that could not be computed is null, and
 * what is missing is counted, never taken for 0.
 */

import type { EvaluationState } from '../../model/evaluation-result.ts';
import type { DatasetPart } from '../../model/evaluation-spec.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import type { OfflineVerdict } from '../../stats/compare-scores.ts';
import type { ExplainedEffect } from '../../stats/explained-report.ts';
import type { ComparedMetric, MetricSide } from './compared-metric.ts';
import type { CompareWarning } from './warning.ts';

export const COMPARISON_FORMAT = 1;

export interface ComparisonReport {
  readonly format: typeof COMPARISON_FORMAT;
  /** The baseline first. Everything else names sides by their place here. */
  readonly sides: readonly ComparedSide[];
  /** Primaries, then guardrails, then secondary ones; each in the order declared. */
  readonly metrics: readonly ComparedMetric[];
  /** By tag, of the primaries; exploratory. */
  readonly slices: readonly Slice[];
  /** Tags that are not among the slices: the rarest beyond the limit. */
  readonly slicesLeftOut: number;
  readonly warnings: readonly CompareWarning[];
  readonly registrations: readonly RegistrationCheck[];
  /** Of two-sided intervals (never adjusted), and what an adjusted p of a primary must be below. */
  readonly alpha: number;
  readonly multiplicity: Multiplicity;
  /** Comparisons on the baseline's dataset version so far, this one included. */
  readonly comparisons: number;
  /** What to say first: a line per side and primary, then one per guardrail that is not proven. */
  readonly headline: readonly string[];
}

export interface ComparedSide {
  readonly evaluationId: string;
  /** Of the evaluation. */
  readonly name: string;
  readonly mode: 'compare' | 'aa';
  /** Place in its evaluation's variants. */
  readonly variant: number;
  /** As it is shown: `hyde`, or with its evaluation where two sides would be called alike. */
  readonly label: string;
  readonly pipeline: string;
  readonly planId: string;
  readonly state: EvaluationState;
  readonly dataset: DatasetPart;
  readonly snapshots: { readonly [index: string]: string };
  readonly repeats: number;
  /** Runs by how they ended; `missing` with those that are not there yet. */
  readonly runs: { readonly [outcome in RunOutcome | 'missing']: number };
  /** Examples of both this side and the baseline's evaluation, those of one only, and those whose content differs. */
  readonly examples: {
    readonly common: number;
    readonly onlyBaseline: number;
    readonly onlySide: number;
    readonly changed: number;
  };
}

export interface Slice {
  readonly tag: string;
  readonly metric: string;
  readonly side: number;
  readonly verdict: OfflineVerdict | null;
  readonly why: MetricSide['why'];
  readonly pairs: number;
  readonly units: number;
  readonly baseline: number | null;
  readonly variant: number | null;
  readonly effect: ExplainedEffect;
  readonly p: number | null;
  /** Benjamini-Hochberg over all slices. */
  readonly pAdjusted: number | null;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly missing: number;
}

export interface Multiplicity {
  /** Primaries: tests in the family; those without a p count as 1. */
  readonly holm: number;
  /** Secondary metrics, and slices: two families. */
  readonly secondary: number;
  readonly slices: number;
  /** The share of false claims among exploratory ones that Benjamini-Hochberg keeps to. */
  readonly exploratoryRate: number;
}

/** Whether an evaluation is what was locked before the first of its definition. */
export interface RegistrationCheck {
  readonly evaluationId: string;
  /** `unregistered`: nothing is locked for it, or the command line changed what was defined. */
  readonly state: 'kept' | 'changed' | 'unregistered';
  readonly changes: readonly RegistrationChange[];
}

export interface RegistrationChange {
  /** What differs, such as `primary 'recall@10': minimumEffect`. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}
