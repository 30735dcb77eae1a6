/** Scores sampled runs of an experiment until it is cancelled. One that is repeated after a crash goes on where it was. */
import { createScoreExperiment, type ScoreRunsOptions } from '../src/experiment/score-runs.ts';
import type { ExperimentActivities } from '../src/model/experiment-messages.ts';
import { asActivity, BEAT_MS } from './as-activity.ts';

export function createScoreRuns(options: ScoreRunsOptions): ExperimentActivities['scoreRuns'] {
  const score = createScoreExperiment(options);
  return ({ experimentId }) =>
    asActivity(BEAT_MS, async (signal) => {
      const scored = await score(experimentId, signal);
      signal.throwIfAborted();
      return scored;
    });
}
