/** Whether a metric of two sides is the same thing at all, before any number is looked at. */
import type { MetricSource, MetricSpec } from '../../model/evaluation-spec.ts';
import type { MetricSide } from './compared-metric.ts';
import type { SideRef } from './input.ts';
import type { PairedColumns } from './pairs.ts';
import type { Sheet } from './sheet.ts';

export interface PlacedSide extends SideRef {
  readonly sheet: Sheet;
}

export type Comparable = { readonly columns: PairedColumns } | { readonly why: NonNullable<MetricSide['why']> };

/** The metric's columns on both sides, or why they may not be compared. */
export function comparable(metric: MetricSpec, baseline: PlacedSide, side: PlacedSide): Comparable {
  const [left, right] = [baseline, side].map(({ sheet, variant }) => sheet.column(variant, metric.name));
  const lacking = left === undefined ? baseline : right === undefined ? side : undefined;
  if (lacking !== undefined) return not('not_measured', `${lacking.evaluationId} does not have it`);
  const differs = definitionDiffers(left!.metric, right!.metric);
  if (differs !== null) {
    return not(
      'defined_differently',
      `it has another ${differs} in ${side.evaluationId} than in ${baseline.evaluationId}`,
    );
  }
  const scorer = scorerOf(metric);
  if (scorer !== null && scorerChanged(scorer, baseline.sheet, side.sheet)) {
    return not(
      'scorer_versions',
      `scorer '${scorer}' is not the same in ${baseline.evaluationId} and ${side.evaluationId}`,
    );
  }
  if (metric.kind !== 'win-rate') return { columns: { metric, left: left!, right: right! } };
  if (baseline.evaluationId !== side.evaluationId || baseline.variant !== 0) {
    return not('no_common_run', `${side.evaluationId} has it against its own baseline, which is not this one`);
  }
  return { columns: { metric, left: null, right: right! } };
}

const not = (code: NonNullable<MetricSide['why']>['code'], words: string): Comparable => ({
  why: Object.freeze({ code, words }),
});

/** Null: it is of the run itself. */
export const scorerOf = ({ source }: Pick<MetricSpec, 'source'>): string | null =>
  source.from === 'score' ? source.scorer : null;

/** Two versions; in two evaluations that have not begun, nobody knows. */
export function scorerChanged(scorer: string, one: Sheet, other: Sheet): boolean {
  if (one === other) return false;
  const version = one.facts.pins?.scorerVersions[scorer];
  return version === undefined || version !== other.facts.pins?.scorerVersions[scorer];
}

/** What of a metric is not the same; null where it means the same. */
export function definitionDiffers(one: MetricSpec, other: MetricSpec): string | null {
  if (one.kind !== other.kind) return 'kind';
  if (sourceOf(one.source) !== sourceOf(other.source)) return 'source';
  if (one.above !== other.above) return 'threshold';
  return one.better === other.better ? null : 'direction';
}

const sourceOf = (source: MetricSource): string =>
  source.from === 'run' ? `run ${source.field}` : `score ${source.scorer} ${source.field}`;
