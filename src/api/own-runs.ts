/** Whose runs a caller may see: their owner's; with `read`, everybody's. Of others, not even whether they are there is said. */
import { SluiceError } from '../base/errors.ts';
import type { RunWithNodes } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Caller } from './environment.ts';

export const seesAll = ({ scopes }: Caller): boolean => scopes.includes('read') || scopes.includes('operate');

/** @throws SluiceError `run_unknown`, also for a run of somebody else */
export async function visibleRun(store: Store, caller: Caller, runId: string): Promise<RunWithNodes> {
  const run = await store.runs.get(runId).catch((error: unknown) => {
    // The store would name runs that are there.
    throw error instanceof SluiceError && error.code === 'run_unknown' ? unknownRun(runId) : error;
  });
  if (run.runId !== runId || !(seesAll(caller) || run.owner === caller.owner)) throw unknownRun(runId);
  return run;
}

const unknownRun = (runId: string): SluiceError =>
  new SluiceError('run_unknown', {
    message: `there is no run '${runId}'`,
    remedy: 'use the runId of an answer, with a key of the owner who asked, or one that may read all',
    data: { runId },
  });
