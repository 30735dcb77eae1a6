/**
 * Does what a look has decided: one guarded change of state. Done twice, it is done once; where somebody has been faster,
 * such as by aborting, what they said stands.
 */
import type { ActInput, Standing } from '../../model/experiment-messages.ts';
import { ITSELF } from '../../model/experiment-spec.ts';
import type { ExperimentRow, Experiments, Move } from '../../store/experiments.ts';
import { standingOf } from './standing.ts';

export async function actOnLook(experiments: Pick<Experiments, 'get' | 'move'>, look: ActInput): Promise<Standing> {
  const row = await experiments.get(look.experimentId);
  const move = moveOf(row, look);
  if (move === undefined) return standingOf(row);
  await experiments.move(row.experimentId, { by: ITSELF, reason: look.reason, ...move });
  return standingOf(await experiments.get(row.experimentId));
}

/** Undefined where the state says that it is done, or that it is no longer to be done. */
function moveOf(
  row: ExperimentRow,
  { decision, reason, arm, stops }: ActInput,
): Omit<Move, 'by' | 'reason'> | undefined {
  const stop = stops.filter((name) => !row.stopped.includes(name));
  // What fails is taken away there, too, whatever else the look says: nobody waits for a person to come.
  if (row.state === 'halted' && stop.length > 0 && decision !== 'rollback')
    return { to: 'halted', from: ['halted'], stop };
  switch (decision) {
    case 'rollback':
      // Counts of runs hold where a split is off, and estimates do not.
      return {
        to: 'rolled_back',
        from: ['running', 'paused', 'approving', 'rolling', ...(reason === 'breaker' ? (['halted'] as const) : [])],
        stop,
      };
    case 'halt':
      return { to: 'halted', from: ['running'], stop };
    case 'promote': {
      const { rollout, target } = row.spec;
      // What is promoted everybody gets, and a target has kept some from being asked: that is for somebody to want.
      const to = rollout.approval === 'manual' || target !== null ? 'approving' : 'rolling';
      return { to, from: ['running'], stop, winner: arm!, ...(to === 'rolling' && { beginsRollout: true }) };
    }
    case 'inconclusive':
      return { to: 'inconclusive', from: ['running'], stop };
    case 'continue':
      return stop.length === 0 ? undefined : { to: 'running', from: ['running'], stop };
    default:
      return decision satisfies never;
  }
}
