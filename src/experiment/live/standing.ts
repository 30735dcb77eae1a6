/** What the workflows of an experiment have to know of its state. */
import type { Phase, Standing } from '../../../workflows/experiment-messages.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import { isLive } from '../spec.ts';

export const phaseOf = ({ state }: Pick<ExperimentRow, 'state'>): Phase =>
  state === 'rolling' ? 'rollout' : 'experiment';

export const standingOf = (row: Pick<ExperimentRow, 'state'>): Standing => ({
  state: row.state,
  isLive: isLive(row),
  phase: phaseOf(row),
});
