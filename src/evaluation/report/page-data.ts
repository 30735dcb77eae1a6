/** What the page's script is given: as JSON, packed. Types only, for both who writes and who reads it. */
import type { ComparedMetric } from '../compare/compared-metric.ts';
import type { ExampleOutputs, ReportedScale } from './data.ts';
import type { VerdictWord } from './values.ts';

export interface PageData {
  readonly alpha: number;
  /** Labels of the sides, the baseline first. */
  readonly sides: readonly string[];
  readonly metrics: readonly PageMetric[];
  readonly ids: readonly string[];
  readonly questions: readonly string[];
  /** Each tag once, and by example the places of its tags. */
  readonly tags: readonly string[];
  readonly tagsOf: readonly (readonly number[])[];
  /** By metric and side. */
  readonly columns: readonly (readonly (PageColumn | null)[])[];
  readonly reasons: readonly string[];
  /** Places of those that are no hole: there is nothing to score. */
  readonly inapplicable: readonly number[];
  readonly outputs: readonly ExampleOutputs[];
}

export interface PageMetric extends Omit<ComparedMetric, 'judge' | 'source' | 'scorer'> {
  readonly scale: ReportedScale | null;
  /** By side but the baseline. */
  readonly words: readonly VerdictWord[];
}

export interface PageColumn {
  /** Null is missing. */
  readonly values: readonly (number | null)[];
  /** Examples with a reason, in order, and the places of their reasons. */
  readonly at: readonly number[];
  readonly why: readonly number[];
}
