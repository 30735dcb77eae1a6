/**
 * Deploys plans and rolls deployments back: one write that changes what a pipeline's name serves, with what it means for
 * the experiments that are live. It is worked out from what is served, and again where that changes meanwhile. A rollback
 * asks for no worker: what it goes back to has run before.
 */
import type { Client } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import { checkPromoted, keptPromotions, type UndoneEdit, undoneEdits } from '../experiment/promoted.ts';
import { restagingsOf, servedPlans } from '../experiment/restage.ts';
import { stageFactsOf } from '../experiment/take-analysis.ts';
import { requirePlan } from '../plan/check.ts';
import { planId } from '../plan/id.ts';
import type { Plan } from '../plan/plan.ts';
import { workflowInput } from '../plan/skeleton.ts';
import type { DeploymentRow, Deployments, NewDeployment, Restaging } from '../store/deployments.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';
import { changedMeanwhile, checkEnds, checkHoldOut, notDeployed, planOfOther } from './deploy-refusals.ts';
import { tell } from './experiment-clock.ts';

interface Said {
  readonly by: string;
  readonly why: string;
  /** Undoes what experiments have won, and ends live ones. */
  readonly force?: boolean;
  /** Ids of live experiments that may end with it. */
  readonly mayEnd?: readonly string[];
}

export interface DeployRequest extends Said {
  readonly pipeline: string;
  readonly plan: Plan;
  /** The variant in code that the plan is of. */
  readonly variant?: string;
  /** The part of all units that is in no experiment and no rollout, from 0 to 0.5; default: as it is, 0 at first. */
  readonly holdOut?: number;
}

export interface RollbackRequest extends Said {
  /** The number of a deployment; default: the newest that served something else. */
  readonly to?: number;
}

export interface Deployed {
  /** What is served now. */
  readonly deployment: DeploymentRow;
  /** What was served before it; undefined where nothing was. */
  readonly before: DeploymentRow | undefined;
  /** False: this was served already, and nothing has changed. */
  readonly isChanged: boolean;
  /** What it means for live experiments. */
  readonly restaged: readonly Restaging[];
  /** What experiments had won, and is served no more. */
  readonly undone: readonly UndoneEdit[];
}

export interface DeployClient {
  /**
   * @throws SluiceError `promoted_undone` and `deployment_ends_experiments` unless forced; `hold_out_invalid`,
   *   `plan_of_other`, `plan_invalid`; `no_worker`, `step_unregistered` or `key_missing` where it could not be run;
   *   `serving_changed` where others change what is served all the time
   */
  deploy(request: DeployRequest): Promise<Deployed>;
  /**
   * @throws SluiceError `not_deployed`, `nothing_to_roll_back`, `rolled_back_already` (say to which), `deployment_unknown`,
   *   `deployment_ends_experiments` unless forced, `serving_changed`
   */
  rollbackDeployment(pipeline: string, request: RollbackRequest): Promise<Deployed>;
  deploymentOf(pipeline: string): Promise<DeploymentRow | undefined>;
  /** Newest first. */
  deploymentHistory(pipeline: string, limit: number): Promise<readonly DeploymentRow[]>;
}

export interface DeployClientDependencies {
  readonly store: Pick<Store, 'deployments' | 'experiments' | 'plans' | 'indexes'>;
  readonly temporal: Client;
  /** Whether a plan could be run now. */
  readonly check: (plan: Plan) => Promise<void>;
}

/** What is served may change between working a deployment out and making it: so often it is worked out again. */
const TRIES = 5;

export function createDeployClient(dependencies: DeployClientDependencies): DeployClient {
  const { store, check } = dependencies;
  const { deployments } = store;

  async function deploy(request: DeployRequest): Promise<Deployed> {
    const { pipeline, variant = null, holdOut, force = false } = request;
    checkHoldOut(holdOut);
    const plan = requirePlan(request.plan);
    if (plan.pipeline !== pipeline) throw planOfOther(pipeline, plan);
    workflowInput(plan);
    await check(plan);
    return change(dependencies, pipeline, request, async (current) => {
      const promoted = current?.promoted ?? [];
      if (!force) checkPromoted(plan, promoted);
      const kept = keptPromotions(plan, promoted);
      return { kind: 'deploy', plan, variant, promoted: kept, holdOut: holdOut ?? current?.holdOut ?? 0 };
    });
  }

  async function rollbackDeployment(pipeline: string, request: RollbackRequest): Promise<Deployed> {
    const from = await deployments.current(pipeline);
    if (from === undefined) throw notDeployed(pipeline);
    // Settled once: worked out anew after somebody else's rollback, it would be what that one went away from.
    const { planId: target, variant, promoted, holdOut } = await rollbackTarget(deployments, from, request.to);
    const plan = await store.plans.get(target);
    return change(dependencies, pipeline, request, async (current) => {
      const isServed = current?.planId === target && current.holdOut === holdOut;
      if (!isServed && current?.deploymentNo !== from.deploymentNo) throw changedMeanwhile(pipeline, from, current);
      return { kind: 'rollback', plan, variant, promoted, holdOut };
    });
  }

  return Object.freeze({
    deploy,
    rollbackDeployment,
    deploymentOf: (pipeline) => deployments.current(pipeline),
    deploymentHistory: (pipeline, limit) => deployments.history(pipeline, limit),
  } satisfies DeployClient);
}

type Wanted = Pick<NewDeployment, 'kind' | 'variant' | 'promoted' | 'holdOut'> & { readonly plan: Plan };

async function change(
  { store, temporal }: DeployClientDependencies,
  pipeline: string,
  { by, why, force = false, mayEnd = [] }: Said,
  workOut: (current: DeploymentRow | undefined) => Promise<Wanted>,
): Promise<Deployed> {
  for (let tries = 1; ; tries += 1) {
    const serving = await store.experiments.serving(pipeline);
    const before = serving?.deployment;
    const { plan, ...wanted } = await workOut(before);
    const id = planId(plan);
    if (before?.planId === id && before.holdOut === wanted.holdOut)
      return { deployment: before, before, isChanged: false, restaged: [], undone: [] };
    const experiments = serving?.experiments ?? [];
    const restaged = before ? await restage(store, experiments, await store.plans.get(before.planId), plan) : [];
    if (!force) checkEnds(pipeline, restaged, experiments, mayEnd);
    await store.plans.put(id, plan);
    const expected = serving?.version ?? 0;
    try {
      const deployment = await store.deployments.deploy({
        pipeline,
        planId: id,
        ...wanted,
        by,
        why,
        expected,
        restaged,
      });
      const ended = restaged.filter(({ to }) => to === 'superseded');
      // The store has it: their workflows would see it by themselves, later.
      await Promise.all(ended.map(({ experimentId }) => tell(temporal, experimentId)));
      return { deployment, before, isChanged: true, restaged, undone: undoneEdits(plan, before?.promoted ?? []) };
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'serving_changed') || tries === TRIES) throw error;
    }
  }
}

async function restage(
  { indexes }: Pick<Store, 'indexes'>,
  experiments: readonly ExperimentRow[],
  before: Plan,
  after: Plan,
): Promise<readonly Restaging[]> {
  if (experiments.length === 0) return [];
  const facts = await stageFactsOf(servedPlans({ experiments }, after), indexes);
  return restagingsOf({ experiments }, { before, after, facts });
}

/** So far back it goes. */
const HISTORY = 1_000;
/** So many numbers an error shows. */
const SHOWN = 10;

/**
 * The deployment of that number; without one, the newest that served something else than the current one does. After a
 * rollback that would be what was rolled back from, so then it must be said.
 *
 * @throws SluiceError `deployment_unknown`, `nothing_to_roll_back`, `rolled_back_already`
 */
async function rollbackTarget(
  deployments: Pick<Deployments, 'history'>,
  current: DeploymentRow,
  to: number | undefined,
): Promise<DeploymentRow> {
  const { pipeline } = current;
  const history = await deployments.history(pipeline, HISTORY);
  if (to !== undefined) {
    const named = history.find(({ deploymentNo }) => deploymentNo === to);
    if (named === undefined) throw unknown(pipeline, to, history);
    return named;
  }
  if (current.kind === 'rollback') throw rolledBackAlready(current);
  const target = history.find((each) => isEarlier(each, current) && servesOther(each, current));
  if (target === undefined) throw nothingToRollBack(pipeline);
  return target;
}

const isEarlier = (one: DeploymentRow, other: DeploymentRow): boolean => one.deploymentNo < other.deploymentNo;

const servesOther = (one: DeploymentRow, other: DeploymentRow): boolean =>
  one.planId !== other.planId || one.holdOut !== other.holdOut;

function unknown(pipeline: string, to: number, history: readonly DeploymentRow[]): SluiceError {
  const numbers = history.map(({ deploymentNo }) => deploymentNo);
  const shown = numbers.slice(0, SHOWN).join(', ');
  return new SluiceError('deployment_unknown', {
    message: `'${pipeline}' has no deployment ${to}`,
    remedy: `there is ${shown}${numbers.length > SHOWN ? ', …' : ''}: sluice deploy ${pipeline} --history`,
    data: { pipeline, to, known: numbers },
  });
}

const nothingToRollBack = (pipeline: string): SluiceError =>
  new SluiceError('nothing_to_roll_back', {
    message: `'${pipeline}' has served nothing else than it does now`,
    remedy: `see what was deployed: sluice deploy ${pipeline} --history`,
    data: { pipeline },
  });

const rolledBackAlready = ({ pipeline, deploymentNo, by, why }: DeploymentRow): SluiceError =>
  new SluiceError('rolled_back_already', {
    message: `'${pipeline}' was rolled back already, by ${by} (deployment ${deploymentNo}: ${why})`,
    remedy: `name the deployment to go back to: sluice deploy ${pipeline} --rollback NUMBER (sluice deploy ${pipeline} --history)`,
    data: { pipeline, deploymentNo },
  });
