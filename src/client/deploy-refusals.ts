/** What a deployment is refused for. */
import { SluiceError } from '../base/errors.ts';
import { percent } from '../experiment/report-text.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { Plan } from '../plan/plan.ts';
import type { DeploymentRow, Restaging } from '../store/deployments.ts';
import type { ExperimentRow } from '../store/experiments.ts';

/** A larger one would leave too little to learn from. */
export const MOST_HELD_OUT = 0.5;

/** @throws SluiceError `hold_out_invalid` */
export function checkHoldOut(holdOut: number | undefined): void {
  if (holdOut === undefined || (holdOut >= 0 && holdOut <= MOST_HELD_OUT)) return;
  throw new SluiceError('hold_out_invalid', {
    message: `a hold-out of ${holdOut} is no part of all units that can be held out`,
    remedy: `give a number from 0 to ${MOST_HELD_OUT}, such as 0.05 for 5 %`,
    data: { holdOut: Number.isFinite(holdOut) ? holdOut : null },
  });
}

/**
 * Refuses what would end live experiments that may not end with it.
 *
 * @throws SluiceError `deployment_ends_experiments`
 */
export function checkEnds(
  pipeline: string,
  restaged: readonly Restaging[],
  experiments: readonly ExperimentRow[],
  mayEnd: readonly string[],
): void {
  const ending = restaged.filter(({ to, experimentId }) => to === 'superseded' && !mayEnd.includes(experimentId));
  if (ending.length === 0) return;
  const lines = ending.map(({ experimentId, why }) => {
    const row = experiments.find((each) => each.experimentId === experimentId);
    return `${experimentId}${row?.state === 'rolling' ? `, ${rollingText(row)}` : ''}: ${why}`;
  });
  const many = ending.length > 1;
  throw new SluiceError('deployment_ends_experiments', {
    message: [
      `this would end ${many ? `${ending.length} live experiments` : 'a live experiment'} on '${pipeline}':`,
      ...lines,
    ].join('\n'),
    remedy: `wait for ${many ? 'them' : 'it'} to end, or end ${many ? 'them' : 'it'} with this: --force`,
    data: { pipeline, experiments: ending.map(({ experimentId, why }) => ({ experimentId, why })) },
  });
}

const rollingText = ({ winner, ramp }: ExperimentRow): string =>
  `whose '${winner}' is being rolled out (${percent(ramp)} of the rest)`;

export const notDeployed = (pipeline: string): SluiceError =>
  new SluiceError('not_deployed', {
    message: `nothing is deployed of '${pipeline}'`,
    remedy: `deploy it: sluice deploy ${pipeline}`,
    data: { pipeline },
  });

/** Of an experiment that is to start, or a rollout: there is nothing to compare with. */
export const noBaseline = ({ name, pipeline }: Pick<ExperimentSpec, 'name' | 'pipeline'>): SluiceError =>
  new SluiceError('not_deployed', {
    message: `'${name}' cannot start: nothing is deployed of '${pipeline}', so there is no baseline`,
    remedy: `deploy it first: sluice deploy ${pipeline}`,
    data: { experiment: name, pipeline },
  });

export const planOfOther = (pipeline: string, plan: Plan): SluiceError =>
  new SluiceError('plan_of_other', {
    message: `the plan is of '${plan.pipeline}', and cannot be what '${pipeline}' serves`,
    remedy: `deploy it under its own name: sluice deploy ${plan.pipeline}`,
    data: { pipeline, of: plan.pipeline },
  });

/** Going back further than what the caller saw is for the caller to say. */
export const changedMeanwhile = (
  pipeline: string,
  from: DeploymentRow,
  current: DeploymentRow | undefined,
): SluiceError =>
  new SluiceError('serving_changed', {
    message: `${current?.by ?? 'somebody'} has changed what '${pipeline}' serves meanwhile: ${current?.why ?? 'it serves nothing'}`,
    remedy: `see what it serves, and decide again: sluice deploy ${pipeline} --history`,
    data: { pipeline, from: from.deploymentNo, current: current?.deploymentNo ?? null },
  });
