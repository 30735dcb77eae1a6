/** What each node of a run gave: from any of them on, the run can be made again. The first that is recorded stays. */
import type { Json } from '../plan/plan.ts';
import type { Database } from './database.ts';
import { unknownRun } from './run-lookup.ts';

export interface NodeOutput {
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly output: Json;
}

export async function recordOutputs(database: Database, runId: string, outputs: readonly NodeOutput[]): Promise<void> {
  // In order, so that two who record the same run's wait for each other at the first.
  const known = await database.query(
    `with recorded as (
       insert into node_output (run_id, key, output)
       select run.run_id, o.key, o.output from run, unnest($2::text[], $3::json[]) as o (key, output)
       where run.run_id = $1 order by o.key on conflict do nothing
     )
     select run_id from run where run_id = $1`,
    [runId, outputs.map(({ key }) => key), outputs.map(({ output }) => JSON.stringify(output))],
  );
  if (known.length === 0) throw await unknownRun(database, runId);
}

export async function outputsOf(
  database: Database,
  runId: string,
  keys?: readonly string[],
): Promise<ReadonlyMap<string, Json>> {
  const rows = await database.query<NodeOutput>(
    'select key, output from node_output where run_id = $1 and ($2::text[] is null or key = any($2)) order by key',
    [runId, keys ?? null],
  );
  return new Map(rows.map(({ key, output }) => [key, output]));
}
