/** What the workflows of an experiment have to know of its state. */
import type { Phase, Standing } from '../../model/experiment-messages.ts';
import { isLive } from '../../model/experiment-spec.ts';
import type { ExperimentRow } from '../../store/experiments.ts';

export const phaseOf = ({ state }: Pick<ExperimentRow, 'state'>): Phase =>
  state === 'rolling' ? 'rollout' : 'experiment';

export const standingOf = (row: Pick<ExperimentRow, 'state'>): Standing => ({
  state: row.state,
  isLive: isLive(row),
  phase: phaseOf(row),
});
