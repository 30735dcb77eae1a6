/** What became of an example, in words: better or worse, and why a value is missing or the worst. */
import type { Column, Page } from '../read-data.ts';
import { BESIDE, BETTER, EQUAL, MISSING, WORSE } from './pairs.ts';

const OUTCOMES = new Map([
  [WORSE, '▼ worse'],
  [EQUAL, '= equal'],
  [BETTER, '▲ better'],
  [MISSING, '– missing'],
  [BESIDE, '– nothing to score'],
]);

export const outcomeWord = (outcome: number): string => OUTCOMES.get(outcome) ?? '';

/** Empty where both values were measured. */
export function reasonWords({ columns, reasons, sides }: Page, metric: number, side: number, example: number): string {
  const told = [0, side].flatMap((of) => {
    const reason = reasonOf(columns[metric]?.[of] ?? null, reasons, example);
    return reason === '' ? [] : [`${sides[of]}: ${reason}`];
  });
  return told.join('; ');
}

function reasonOf(column: Column | null, reasons: readonly string[], example: number): string {
  if (column === null) return 'not compared';
  const reason = reasons[column.reasons[example]!]!;
  if (reason === '' || Number.isNaN(column.values[example])) return reason;
  return `${reason}, counts as the worst`;
}
