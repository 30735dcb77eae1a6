/** What is relevant, at the level at which it is looked for. */
import { documentOf } from '../../extractive/titles.ts';
import { cannotScore } from './cannot-score.ts';

export type Level = 'passage' | 'document';

/** Which id a passage counts as. */
export const idAt = (level: Level, passageId: string): string =>
  level === 'document' ? documentOf(passageId) : passageId;

/**
 * Grades by such ids: of several that become one, the highest.
 *
 * @throws StepFailure `no_relevant` where none is above 0
 */
export function gradesAt(
  level: Level,
  relevant: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const grades = new Map<string, number>();
  for (const [given, grade] of Object.entries(relevant)) {
    const id = idAt(level, given);
    grades.set(id, Math.max(grade, grades.get(id) ?? 0));
  }
  if (![...grades.values()].some((grade) => grade > 0)) throw cannotScore('no_relevant');
  return Object.fromEntries(grades);
}
