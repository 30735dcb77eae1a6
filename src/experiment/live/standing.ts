/** What the workflows of an experiment have to know of its state. */
import type { Phase, Standing } from '../../../workflows/experiment-messages.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import { type ExperimentState, LIVE_STATES } from '../spec.ts';

const LIVE: ReadonlySet<ExperimentState> = new Set(LIVE_STATES);

export const isLive = ({ state }: Pick<ExperimentRow, 'state'>): boolean => LIVE.has(state);

export const phaseOf = ({ state }: Pick<ExperimentRow, 'state'>): Phase =>
  state === 'rolling' ? 'rollout' : 'experiment';

export const standingOf = (row: Pick<ExperimentRow, 'state'>): Standing => ({
  state: row.state,
  isLive: isLive(row),
  phase: phaseOf(row),
});
