/**
 * Writes that a run's unit has met its arms, before the step does anything: in every arm, the baseline included, so that who
 * is compared does not depend on what came of it. A unit that is known to have met its arm in this stage costs nothing more.
 */
import type { RunAssignment } from '../model/assignment.ts';
import type { Outcomes } from '../store/outcomes.ts';
import type { Wrapper } from './attempt.ts';

export type Expose = (runId: string, exposures: readonly RunAssignment[]) => Promise<void>;

/** Units of which a process remembers that they are exposed. */
const REMEMBERED = 20_000;

export function createExpose({ expose }: Pick<Outcomes, 'expose'>): Expose {
  const known = new Set<string>();
  return async (runId, exposures) => {
    const keyOf = ({ experiment, unit, armIndex, stage }: RunAssignment) =>
      [experiment, armIndex, stage, unit].join('\n');
    const news = exposures.filter((each) => !known.has(keyOf(each)));
    if (news.length === 0) return;
    await expose(
      news.map(({ experiment, unit, armIndex, stage, probability, isOverride }) => ({
        ...{ experiment, unit, arm: armIndex, stage, probability, runId },
        ...(isOverride && { excluded: 'override' as const }),
      })),
    );
    for (const each of news) known.add(keyOf(each));
    for (const oldest of known) {
      if (known.size <= REMEMBERED) break;
      known.delete(oldest);
    }
  };
}

export function recordExposures(expose: Expose | undefined): Wrapper {
  return async (attempt, next) => {
    const { runId, exposures } = attempt;
    if (expose !== undefined && exposures !== undefined) await expose(runId, exposures);
    return next(attempt);
  };
}
