/** How the sentences of `explain` write values, counts and caveats. */
import type { JudgeBasis, ValueFormat } from './explained-report.ts';

/** A value in its metric's format: 3 significant digits, shares as percent. `unknown` for null. */
export function formatValue(value: number | null, format: ValueFormat): string {
  if (value === null) return 'unknown';
  const digits = (shown: number): string => String(Number(shown.toPrecision(3)));
  switch (format) {
    case 'number':
      return digits(value);
    case 'share':
      return `${digits(value * 100)}%`;
    case 'ms':
      return `${digits(value)} ms`;
    case 'usd':
      return `${value < 0 ? '-' : ''}$${digits(Math.abs(value))}`;
  }
}

/** The size of a difference, without its sign: of shares in percentage points, as a percentage would read as relative. */
export function formatDifference(difference: number | null, format: ValueFormat): string {
  if (difference === null) return 'unknown';
  const size = Math.abs(difference);
  return format === 'share' ? points(formatValue(100 * size, 'number')) : formatValue(size, format);
}

/** A difference with its minus sign. */
export const formatSigned = (difference: number | null, format: ValueFormat): string =>
  `${difference !== null && difference < 0 ? '-' : ''}${formatDifference(difference, format)}`;

/** Both ends of an interval of a difference, with their signs and one unit: `-1.2 to 3 percentage points`. */
export function formatRange(lo: number | null, hi: number | null, format: ValueFormat): string {
  if (lo === null && hi === null) return 'unknown';
  const end = (value: number | null): string =>
    value !== null && format === 'share' ? formatValue(100 * value, 'number') : formatValue(value, format);
  return `${end(lo)} to ${format === 'share' ? points(end(hi)) : end(hi)}`;
}

const points = (amount: string): string => `${amount} percentage point${amount === '1' ? '' : 's'}`;

export const plural = (count: number, word: string): string =>
  `${Math.round(count * 10) / 10} ${word}${count === 1 ? '' : 's'}`;

/** `95%` of alpha 0.05. */
export const levelOf = (alpha: number): string => `${Number((100 * (1 - alpha)).toPrecision(4))}%`;

/** What is said of every verdict whose metric is exploratory, or a judge's. */
export function caveats({ isExploratory, judge }: { isExploratory: boolean; judge: JudgeBasis }): readonly string[] {
  const judged =
    judge === null
      ? []
      : [judge === 'uncorrected' ? 'Uncorrected judge.' : `Judge-corrected with ${judge.labels} labels.`];
  return [...(isExploratory ? ['Exploratory.'] : []), ...judged];
}
