/** What each node of a run gave: from any of them on, the run can be made again. What is recorded first stays. */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Json } from '../plan/plan.ts';
import type { Database } from './database.ts';
import { unknownRun } from './run-lookup.ts';

export interface NodeOutput {
  /** The node run, such as `draft[2]`. */
  readonly key: string;
  readonly output: Json;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export async function recordOutputs(database: Database, runId: string, outputs: readonly NodeOutput[]): Promise<void> {
  const body = outputs.length === 0 ? null : await compress(JSON.stringify(outputs));
  const known = await database.query(
    `with recorded as (
       insert into node_output (run_id, nodes, body)
       select run_id, $2, $3 from run where run_id = $1 and $3::bytea is not null on conflict do nothing
     )
     select run_id from run where run_id = $1`,
    [runId, outputs.length, body],
  );
  if (known.length === 0) throw await unknownRun(database, runId);
}

export async function outputsOf(
  database: Database,
  runId: string,
  keys?: readonly string[],
): Promise<ReadonlyMap<string, Json>> {
  const [row] = await database.query<{ body: Buffer }>('select body from node_output where run_id = $1', [runId]);
  const outputs = row === undefined ? [] : (JSON.parse(String(await decompress(row.body))) as readonly NodeOutput[]);
  const wanted = keys === undefined ? outputs : outputs.filter(({ key }) => keys.includes(key));
  return new Map(wanted.map(({ key, output }) => [key, output]));
}
