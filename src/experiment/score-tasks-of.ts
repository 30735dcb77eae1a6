/** Which scores of a recorded run are to be made: a part of the runs, found by hash, so that asking again asks for the same. */

import { isIn } from '../model/assign.ts';
import type { RunAssignment } from '../model/assignment.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { RunOutcome } from '../plan/plan.ts';
import type { NewScoreTask } from '../store/score-tasks.ts';

export interface ScoredRun {
  readonly runId: string;
  readonly outcome: RunOutcome;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  /** In the experiment of the spec. */
  readonly assignment: RunAssignment;
}

/** One task per scorer that the run is sampled for. Runs that were cancelled, and units with an arm by name, are not. */
export function scoreTasksOf(
  { scorers }: Pick<ExperimentSpec, 'scorers'>,
  { runId, outcome, finishedAt, assignment }: ScoredRun,
): readonly NewScoreTask[] {
  const { experiment: experimentId, unit, isOverride } = assignment;
  if (isOverride || outcome === 'cancelled') return [];
  return scorers
    .filter(({ spec, sample }) => isIn(`${experimentId}.score.${spec.id}`, runId, [0, sample]))
    .map(({ spec }) => ({ experimentId, runId, scorer: spec.id, unit, finishedAt }));
}
