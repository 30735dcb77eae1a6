/**
 * What somebody says of an experiment, as one guarded change of its state. Said twice, or by two at once, it is done once:
 * whoever comes second finds it as they want it. Needs the store alone, so that nothing else has to work to stop what is live.
 */
import { SluiceError } from '../base/errors.ts';
import type { Standing, Steer } from '../model/experiment-messages.ts';
import { type ExperimentState, ITSELF, isLive, type SpecArm } from '../model/experiment-spec.ts';
import { composePlan } from '../plan/compose.ts';
import { planId } from '../plan/id.ts';
import type { ExperimentRow, Experiments, Move } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';
import { percent } from './report-text.ts';
import { restagingsOf, servedPlans } from './restage.ts';
import { stageFactsOf, standingOf } from './take-analysis.ts';

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
    message: `${experimentId} was changed by others ${TRIES} times while it was to be told '${action}'`,
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
/** Whether somebody has told a rollout to stay on its step. */
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

/** The steps of a rollout in the store: how far it is, and its end, at which the winner is what is deployed. */
type RolloutStore = Pick<Store, 'experiments' | 'deployments' | 'plans' | 'indexes'>;

/** Gives the winner to so much of the traffic outside the share; one that is no longer rolling stays as it is. */
export async function rampRollout(
  { experiments }: RolloutStore,
  { experimentId, ramp }: { readonly experimentId: string; readonly ramp: number },
): Promise<Standing> {
  const row = await experiments.get(experimentId);
  if (row.state !== 'rolling' || row.ramp === ramp) return standingOf(row);
  const reason = `ramp ${percent(ramp)}`;
  await experiments.move(row.experimentId, { to: 'rolling', from: ['rolling'], by: ITSELF, reason, ramp });
  return standingOf(await experiments.get(row.experimentId));
}

/**
 * Deploys the winner's edits on top of what is deployed now, which ends the experiment and says to the others what that
 * means for them. One that is no longer rolling stays as it is.
 *
 * @throws SluiceError `serving_changed` (retryable) where others change what is served all the time
 */
export async function finishRollout(store: RolloutStore, experimentId: string): Promise<Standing> {
  for (let tries = 1; ; tries += 1) {
    const row = await store.experiments.get(experimentId);
    if (row.state !== 'rolling') return standingOf(row);
    try {
      await deployWinner(store, row);
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'serving_changed') || tries === TRIES) throw error;
    }
  }
}

async function deployWinner(store: RolloutStore, row: ExperimentRow): Promise<void> {
  const { experimentId, pipeline } = row;
  const serving = await store.experiments.serving(pipeline);
  if (serving === undefined) throw broken(row, `nothing is deployed under '${pipeline}'`);
  const { deployment } = serving;
  const { name, edits } = winnerOf(row);
  const before = await store.plans.get(deployment.planId);
  const after = composePlan(before, [{ name: `${experimentId}:${name}`, edits }]);
  await store.plans.put(planId(after), after);
  const facts = await stageFactsOf(servedPlans(serving, after), store.indexes);
  await store.deployments.deploy({
    pipeline,
    planId: planId(after),
    variant: deployment.variant,
    promoted: [...deployment.promoted, { experiment: experimentId, variant: name, edits }],
    holdOut: deployment.holdOut,
    kind: 'promote',
    by: ITSELF,
    why: `'${name}' of ${experimentId} was rolled out`,
    expected: serving.version,
    restaged: restagingsOf(serving, { before, after, facts, promotes: experimentId }),
    ends: { experimentId, reason: 'rolled_out' },
  });
}

function winnerOf(row: ExperimentRow): SpecArm {
  const arm = row.spec.arms.find(({ name }) => name === row.winner);
  if (arm === undefined) throw broken(row, `it has no variant '${row.winner}'`);
  return arm;
}

/** An experiment starts on what is deployed, and rolls out one of its variants: somebody has changed rows by hand. */
const broken = ({ experimentId }: ExperimentRow, why: string): SluiceError =>
  new SluiceError('rollout_broken', {
    message: `the rollout of ${experimentId} cannot end: ${why}`,
    remedy: `abort it: sluice rollout abort ${experimentId}`,
    data: { experimentId },
  });
