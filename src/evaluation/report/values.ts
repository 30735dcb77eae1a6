/** How values, differences and verdicts are written in tables, the same in every report. */

import type { OfflineVerdict } from '../../stats/compare-scores.ts';
import type { ExplainedEffect, ValueFormat } from '../../stats/explained-report.ts';
import { formatDifference, formatValue } from '../../stats/format-value.ts';
import type { Better } from '../../stats/gate.ts';
import type { ComparedMetric, ExplainedMean, MetricSide, Slice } from '../compare/comparison-report.ts';

/** Never 0, and never nothing. */
export const MISSING = '–';

export const showValue = (value: number | null, format: ValueFormat): string =>
  isNumber(value) ? formatValue(value, format) : MISSING;

/** With its sign; of shares in percentage points, as a percentage would read as relative. */
export function showDifference(difference: number | null, format: ValueFormat): string {
  return isNumber(difference) ? signed(difference, formatDifference(difference, format)) : MISSING;
}

/** A difference as an axis tick; `differenceUnit` names the axis. */
export function showTick(difference: number, format: ValueFormat): string {
  if (format !== 'share') return showDifference(difference, format);
  return signed(difference, formatValue(Math.abs(100 * difference), 'number'));
}

/** The unit shown once for differences on an axis; empty where each value has its unit. */
export const differenceUnit = (format: ValueFormat): string => (format === 'share' ? 'percentage points' : '');

/** A difference that is shown as 0 has no sign. */
function signed(difference: number, size: string): string {
  if (/^\D?0( |$)/.test(size)) return size;
  return `${difference < 0 ? '-' : '+'}${size}`;
}

/** `0.82 [0.79, 0.85]`. */
export function showMean({ mean, lo, hi }: ExplainedMean, format: ValueFormat): string {
  const interval = isNumber(lo) && isNumber(hi) ? ` [${showValue(lo, format)}, ${showValue(hi, format)}]` : '';
  return showValue(mean, format) + interval;
}

/** `+0.08 [+0.03, +0.13]`; of shares `+8 [+3, +13] percentage points`. */
export function showEffect({ diff, lo, hi }: ExplainedEffect, format: ValueFormat): string {
  if (!isNumber(diff) || !isNumber(lo) || !isNumber(hi)) return showDifference(diff, format);
  return `${showTick(diff, format)} ${showRange(lo, hi, format)}`;
}

/** The effect to show first: as labels correct it, where there are any. */
export const leadingEffect = ({ effect, corrected }: Pick<MetricSide, 'effect' | 'corrected'>): ExplainedEffect =>
  corrected === null ? effect : { diff: corrected.effect, lo: corrected.lo, hi: corrected.hi };

/** The uncorrected effect, shown smaller next to the corrected one; null without a correction. */
export const showScoresAlone = (
  { effect, corrected }: Pick<MetricSide, 'effect' | 'corrected'>,
  format: ValueFormat,
): string | null => (corrected === null ? null : `scores alone ${showEffect(effect, format)}`);

export const showRange = (lo: number, hi: number, format: ValueFormat): string =>
  `[${showTick(lo, format)}, ${showTick(hi, format)}] ${differenceUnit(format)}`.trimEnd();

const isNumber = (value: number | null): value is number => value !== null && Number.isFinite(value);

/** `harm`: proven, by what was declared beforehand and may decide; the only one that is shown in red. */
export type Tone = 'good' | 'harm' | 'open' | 'none';

export interface VerdictWord {
  readonly word: string;
  readonly tone: Tone;
}

type Judged = Pick<MetricSide, 'verdict' | 'guardrail'>;

export function verdictWord(
  { verdict, guardrail }: Judged,
  metric: Pick<ComparedMetric, 'role' | 'judge'>,
): VerdictWord {
  // An uncalibrated judge, or an undeclared metric, proves nothing.
  const proves = metric.role !== 'secondary' && metric.judge?.state !== 'uncalibrated';
  const toned = (word: string, tone: Tone): VerdictWord => ({ word, tone: proves ? tone : 'open' });
  if (metric.role === 'guardrail') {
    if (guardrail === null) return { word: 'no verdict', tone: 'none' };
    if (guardrail.status === 'unproven') return { word: 'not proven harmless', tone: 'open' };
    return guardrail.status === 'proven' ? toned('harmless', 'good') : toned('harmed', 'harm');
  }
  if (verdict === null) return { word: 'no verdict', tone: 'none' };
  return toned(VERDICTS[verdict], verdict === 'better' ? 'good' : verdict === 'worse' ? 'harm' : 'open');
}

const VERDICTS: { readonly [verdict in OfflineVerdict]: string } = {
  better: 'better',
  worse: 'worse',
  equivalent: 'equivalent',
  inconclusive: 'not proven',
};

/** Of a slice, which is exploratory. */
export const sliceWord = ({ verdict, why }: Pick<Slice, 'verdict' | 'why'>): string =>
  verdict === null ? `no verdict: ${why?.words ?? 'the numbers are missing'}` : VERDICTS[verdict];

export const betterWords = (better: Better): string => `${better} is better`;

/** `smallest effect 3 percentage points`, `margin 200 ms`; empty where nothing was declared. */
export function declaredWords({
  minimumEffect,
  margin,
  format,
}: Pick<ComparedMetric, 'minimumEffect' | 'margin' | 'format'>): string {
  if (margin !== null) return `margin ${formatDifference(margin, format)}`;
  return minimumEffect === null ? '' : `smallest effect ${formatDifference(minimumEffect, format)}`;
}
