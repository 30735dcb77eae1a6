/** Pieces of wording that the commands on experiments and rollouts share. */
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX } from '../model/experiment-messages.ts';
import type { ExperimentState } from '../model/experiment-spec.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { EXIT, type ExitCode } from './session.ts';

export const stateText = (state: ExperimentState): string => state.replaceAll('_', ' ');

/** Of the workflow that looks at it now. */
export function workflowIdOf({ experimentId, kind, rolloutStage }: ExperimentRow): string {
  const isRollout = kind === 'rollout' || rolloutStage !== null;
  return (isRollout ? ROLLOUT_WORKFLOW_PREFIX : EXPERIMENT_WORKFLOW_PREFIX) + experimentId;
}

/** Which of the two commands it is steered by. */
export const groupOf = ({ kind, state }: Pick<ExperimentRow, 'kind' | 'state'>): 'experiment' | 'rollout' =>
  kind === 'rollout' || state === 'rolling' ? 'rollout' : 'experiment';

/** What programs are told of how it stands. */
export function exitOf({ state }: Pick<ExperimentRow, 'state'>): ExitCode {
  if (state === 'rolled_back') return EXIT.worse;
  return state === 'inconclusive' ? EXIT.inconclusive : EXIT.fine;
}
