/** To which deployment a rollback goes. */
import { SluiceError } from '../base/errors.ts';
import type { DeploymentRow, Deployments } from '../store/deployments.ts';

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
export async function rollbackTarget(
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
