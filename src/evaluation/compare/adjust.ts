/**
 * Many tests at once. What was declared beforehand makes the family, whatever came of it: a test without a p, or one that
 * may not be decided, counts as 1 and so makes the others no easier.
 */
import { type AdjustMethod, adjustP } from '../../stats/multiplicity.ts';

/** The share of false claims among exploratory ones. */
export const EXPLORATORY_RATE = 0.1;

export interface FamilyTest {
  readonly p: number | null;
  /** Whether anything may be claimed of it. */
  readonly isOpen: boolean;
}

/** The adjusted p of each; null where there is none, or nothing may be claimed. */
export function adjustFamily(tests: readonly FamilyTest[], method: AdjustMethod): readonly (number | null)[] {
  const { p } = adjustP(
    tests.map((test) => (test.isOpen ? (test.p ?? 1) : 1)),
    method,
  );
  return tests.map((test, place) => (test.isOpen && test.p !== null ? (p?.[place] ?? null) : null));
}
