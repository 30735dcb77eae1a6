/**
 * Closes a run whose workflow has ended without a record (terminated, timed out, never started), and counts it for the
 * experiments that it is in, as a run that recorded itself is: no arm may lose runs by it.
 */

import { withoutNodes } from '../src/model/reached.ts';
import type { FailureData } from '../src/model/run-messages.ts';
import type { Store } from '../src/store/store.ts';
import { type CountRun, TERMINATED } from './count-run.ts';

/** @returns false where it had ended before, and then nothing is changed */
export type CloseRun = (runId: string, outcome: 'failed' | 'cancelled', why: string) => Promise<boolean>;

export function createCloseRun({ runs }: Pick<Store, 'runs'>, countRun: CountRun): CloseRun {
  return async (runId, outcome, why) => {
    const error: FailureData = { code: TERMINATED, message: why };
    if (!(await runs.close(runId, outcome, { ...error }))) return false;
    const { assignments } = await runs.get(runId);
    if (assignments !== null) await countRun(runId, assignments.map(withoutNodes), []);
    return true;
  };
}
