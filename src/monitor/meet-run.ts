/** Takes a run that has been recorded into the monitors of its pipeline: those that it matches count it, some sample it. */

import { readWiring } from '../experiment/serve.ts';
import { isIn } from '../model/assign.ts';
import type { MonitorSpec } from '../model/monitor-spec.ts';
import type { MonitoredRun } from '../store/monitors-meet.ts';
import type { Store } from '../store/store.ts';

/** May be done again: a run counts once. @throws what the store throws */
export async function meetRun({ monitors }: Pick<Store, 'monitors'>, runId: string): Promise<void> {
  const run = await monitors.toMeet(runId);
  if (run === undefined) return;
  const met = run.monitors
    .filter(({ spec }) => matches(spec, run))
    .map(({ monitorId, spec }) => ({ monitorId, isSampled: isSampled(spec, runId) }));
  if (met.length > 0) await monitors.takeIn({ runId, finishedAt: run.finishedAt, met });
}

type Matched = Pick<MonitoredRun, 'outcome' | 'assignments' | 'input'>;

/** Whether a run is one of those that the monitor is of. What its input does not say is not true of it. */
export function matches({ when }: Pick<MonitorSpec, 'when'>, { outcome, assignments, input }: Matched): boolean {
  const { outcomes, experiment, arm, target } = when;
  if (!outcomes.some((each) => each === outcome)) return false;
  if (experiment !== null) {
    const given = assignments.find((each) => nameOf(each.experiment) === experiment);
    if (given === undefined || (arm !== null && given.arm !== arm)) return false;
  }
  return target === null || readWiring(target, input) === true;
}

/** From its second time on an experiment's id has a number behind its name: `rerank-online.2`. Names hold no dots. */
const nameOf = (experimentId: string): string => experimentId.split('.', 1)[0]!;

/** By the hash of its id, so that asking again is asking for the same; of the name, so that a larger sample has the smaller in it. */
export const isSampled = ({ name, sample }: Pick<MonitorSpec, 'name' | 'sample'>, runId: string): boolean =>
  isIn(`monitor.${name}`, runId, [0, sample]);
