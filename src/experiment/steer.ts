/**
 * Applies a person's action to an experiment as one guarded change of its state. Repeated, or by two people at once, it is
 * applied once. It needs only the store, so a live experiment can be stopped while Temporal is down.
 */

import { SluiceError } from '../base/errors.ts';
import type { Steer } from '../model/experiment-messages.ts';
import { type ExperimentState, isLive } from '../model/experiment-spec.ts';
import type { ExperimentRow, Experiments, Move } from '../store/experiments.ts';

/** Others may change the state between reading and writing: so often it is read again. */
const TRIES = 10;

/**
 * Gives the experiment as it then is.
 *
 * @throws SluiceError `experiment_ended`, `experiment_halted`, `experiment_won`, `experiment_not_won` where its state does not allow it;
 *   `experiment_busy` where others change it all the time
 */
export async function steer(
  experiments: Pick<Experiments, 'get' | 'move'>,
  experimentId: string,
  { action, by, why }: Steer,
): Promise<ExperimentRow> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const row = await experiments.get(experimentId);
    const target = targetOf(row, action);
    if (target === undefined) return row;
    const { note, ...move } = target;
    const reason = note === undefined ? why : `${note}: ${why}`;
    if (await experiments.move(row.experimentId, { from: [row.state], by, reason, ...move }))
      return experiments.get(row.experimentId);
  }
  throw new SluiceError('experiment_busy', {
    message: `${experimentId} was changed by others ${TRIES} times while '${action}' was applied`,
    remedy: `see who changes it (sluice experiment status ${experimentId}), and say it again`,
    retryable: true,
    data: { experimentId, action },
  });
}

type Target = Pick<Move, 'to' | 'beginsRollout'> & { readonly note?: string };

/** Where the action takes it; undefined where it is there already. */
function targetOf(row: ExperimentRow, action: Steer['action']): Target | undefined {
  const { state } = row;
  switch (action) {
    case 'abort':
      if (state === 'aborted') return undefined;
      return isLive(row) ? { to: 'aborted' } : refuse(row, 'it has ended');
    case 'pause':
      return isLive(row) ? pauseOf(row) : refuse(row, 'it has ended');
    case 'resume':
      return isLive(row) ? resumeOf(row) : refuse(row, 'it has ended');
    case 'approve':
      if (state === 'rolling') return undefined;
      return state === 'approving'
        ? { to: 'rolling', beginsRollout: true }
        : refuse(row, 'it has no winner that waits');
    default:
      return action satisfies never;
  }
}

/** A rollout stays as far as it is, and its state with it: it is its workflow that waits. What was said is kept. */
function pauseOf(row: ExperimentRow): Target | undefined {
  switch (row.state) {
    case 'paused':
      return undefined;
    case 'rolling':
      return isHeld(row) ? undefined : { to: 'rolling', note: HELD };
    case 'halted':
      return refuse(row, 'it would no longer be when it is resumed');
    case 'approving':
      return refuse(row, 'it waits already');
    default:
      return { to: 'paused' };
  }
}

function resumeOf(row: ExperimentRow): Target | undefined {
  switch (row.state) {
    case 'paused':
      return { to: 'running' };
    case 'rolling':
      return isHeld(row) ? { to: 'rolling' } : undefined;
    case 'halted':
      return refuse(row, 'its split is off, and its numbers cannot be trusted');
    default:
      return undefined;
  }
}

const HELD = 'held';
/** Whether a rollout is held on its step. */
export const isHeld = ({ reason }: Pick<ExperimentRow, 'reason'>): boolean => reason?.startsWith(`${HELD}: `) ?? false;

function refuse(row: ExperimentRow, why: string): never {
  const { experimentId, state } = row;
  const { ended, [state]: known = refusals(experimentId).others } = refusals(experimentId);
  const [code, remedy] = isLive(row) ? known : ended;
  throw new SluiceError(code, {
    message: `${experimentId} is ${wordsOf(state)}: ${why}`,
    remedy,
    data: { experimentId, state },
  });
}

type Refusal = readonly [code: string, remedy: string];

const refusals = (
  experimentId: string,
): { readonly [state in ExperimentState]?: Refusal } & { readonly ended: Refusal; readonly others: Refusal } => ({
  ended: ['experiment_ended', `see how: sluice experiment status ${experimentId}; and start another`],
  halted: [
    'experiment_halted',
    `find the cause, abort it (sluice experiment abort ${experimentId}), and start another`,
  ],
  approving: ['experiment_won', `roll its winner out (sluice experiment approve ${experimentId}), or abort it`],
  others: ['experiment_not_won', `see how far it is: sluice experiment status ${experimentId}`],
});

const wordsOf = (state: ExperimentState): string => state.replaceAll('_', ' ');
