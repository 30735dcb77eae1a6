/** The steps of a rollout in the store: how far it is, and its end, at which the winner is what is deployed. */

import { SluiceError } from '../../base/errors.ts';
import { showPercent } from '../../base/format.ts';
import type { Standing } from '../../model/experiment-messages.ts';
import { ITSELF, type SpecArm } from '../../model/experiment-spec.ts';
import { composePlan } from '../../plan/compose.ts';
import { planId } from '../../plan/id.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import type { Store } from '../../store/store.ts';
import { restagingsOf, servedPlans } from '../restage.ts';
import { stageFactsOf } from '../stage-facts.ts';
import { standingOf } from './standing.ts';

type RolloutStore = Pick<Store, 'experiments' | 'deployments' | 'plans' | 'indexes'>;

/** What is served may change between working a deployment out and making it: so often it is worked out again. */
const TRIES = 10;

/** Gives the winner to so much of the traffic outside the share; one that is no longer rolling stays as it is. */
export async function rampRollout(
  { experiments }: RolloutStore,
  { experimentId, ramp }: { readonly experimentId: string; readonly ramp: number },
): Promise<Standing> {
  const row = await experiments.get(experimentId);
  if (row.state !== 'rolling' || row.ramp === ramp) return standingOf(row);
  const reason = `ramp ${showPercent(ramp)}`;
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
