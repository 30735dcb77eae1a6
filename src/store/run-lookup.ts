/** Finding one run by its id or the beginning of it. */
import type { SluiceError } from '../base/errors.ts';
import type { Database, Queries } from './database.ts';
import { findById, type Sought, unknownId } from './find-by-id.ts';
import { nodeRunsOf } from './node-runs.ts';
import { callsOf } from './provider-calls.ts';
import { RUN_WHOLE } from './run-columns.ts';
import type { RunRow, RunWithNodes } from './runs.ts';
import { spendingOf } from './spending.ts';

const RUN: Sought = {
  ...{ table: 'run', columns: RUN_WHOLE, idColumn: 'run_id', idName: 'runId', newestBy: 'started_at' },
  ...{ kind: 'run', words: ['run', 'runs'], whenNone: 'no run was made yet: `sluice ask` makes one' },
};

export async function findRun(database: Database, idOrPrefix: string): Promise<RunWithNodes> {
  const run = await findById<RunRow>(database, RUN, idOrPrefix);
  const { runId } = run;
  const [nodes, calls, spent] = await Promise.all([
    nodeRunsOf(database, runId),
    callsOf(database, runId),
    spendingOf(database, runId),
  ]);
  return { ...run, nodes, calls, spent };
}

export const unknownRun = (queries: Queries, runId: string): Promise<SluiceError> => unknownId(queries, RUN, runId);
