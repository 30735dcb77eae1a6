/** What charts show, as numbers: before it is known where on the screen, and in which colours. */
import type { ExplainedMean } from '../../../src/evaluation/compare/comparison-report.ts';
import type { PageMetric } from '../../../src/evaluation/report/page-data.ts';
import type { Tone } from '../../../src/evaluation/report/values.ts';

export interface MeanRow extends ExplainedMean {
  readonly label: string;
  /** The baseline's mean over the same pairs; null in its own row. */
  readonly beside: number | null;
  readonly tone: Tone | 'baseline';
  readonly pairs: number;
  readonly missing: number;
}

/** The baseline over the pairs of the side that has most of them. */
export function meanRows(metric: PageMetric, labels: readonly string[]): readonly MeanRow[] {
  const [widest] = [...metric.sides].sort((one, other) => other.pairs - one.pairs);
  const baseline: MeanRow = {
    ...(widest?.baseline ?? { mean: null, lo: null, hi: null }),
    label: labels[0]!,
    beside: null,
    tone: 'baseline',
    pairs: widest?.pairs ?? 0,
    missing: widest?.missing.baseline.cells ?? 0,
  };
  const others = metric.sides.map(
    ({ side, variant, baseline: own, pairs, missing }, place): MeanRow => ({
      ...variant,
      label: labels[side]!,
      beside: own.mean,
      tone: metric.words[place]!.tone,
      pairs,
      missing: missing.variant.cells,
    }),
  );
  return [baseline, ...others];
}

/** On both sides of 0 for a smallest effect; from 0 into the harm for a margin. */
export function bandOf({
  minimumEffect,
  margin,
  better,
}: Pick<PageMetric, 'minimumEffect' | 'margin' | 'better'>): readonly [number, number] | null {
  if (margin !== null) return better === 'higher' ? [-margin, 0] : [0, margin];
  return minimumEffect === null ? null : [-minimumEffect, minimumEffect];
}

/** 0 worst to 1 best; what lies beyond the ends is drawn at them. Null is missing, or without a scale. */
export function scaled(value: number | null, { scale }: Pick<PageMetric, 'scale'>): number | null {
  if (value === null || scale === null) return null;
  const share = (value - scale.worst) / (scale.best - scale.worst);
  return Math.min(1, Math.max(0, share));
}

/** A label whose beginning is another's, too, is cut in its middle: what tells them apart is most often at the end. */
export function toldApart(label: string, labels: readonly string[], letters: number): string {
  if (label.length <= letters) return label;
  const begins = label.slice(0, letters - 1);
  if (labels.every((other) => other === label || !other.startsWith(begins))) return label;
  const first = Math.floor((letters - 1) / 3);
  return `${label.slice(0, first)}…${label.slice(first + 1 - letters)}`;
}
