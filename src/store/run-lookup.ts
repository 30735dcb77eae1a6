/** Finding one run by its id or the beginning of it, and saying which was meant when there is none, or several. */
import { SluiceError } from '../errors.ts';
import { suggest } from '../nearest.ts';
import type { Database } from './database.ts';
import { nodeRunsOf } from './node-runs.ts';
import { callsOf } from './provider-calls.ts';
import { RUN_WHOLE } from './run-columns.ts';
import type { RunRow, RunWithNodes } from './runs.ts';
import { spendingOf } from './spending.ts';

/** How many of the newest runs a wrong id is compared with. */
const COMPARED = 500;
/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export async function findRun(database: Database, idOrPrefix: string): Promise<RunWithNodes> {
  const rows = await database.query<RunRow>(
    `select ${RUN_WHOLE} from run where run_id = $1 or (run_id > $1 and run_id < $2)
     order by run_id limit ${SHOWN + 1}`,
    [idOrPrefix, idOrPrefix + LAST_CHARACTER],
  );
  const [first, second] = rows;
  if (first === undefined || idOrPrefix === '') throw await unknownRun(database, idOrPrefix);
  if (second !== undefined && first.runId !== idOrPrefix) throw ambiguous(idOrPrefix, rows);
  const { runId } = first;
  const [nodes, calls, spent] = await Promise.all([
    nodeRunsOf(database, runId),
    callsOf(database, runId),
    spendingOf(database, runId),
  ]);
  return { ...first, nodes, calls, spent };
}

export async function unknownRun(database: Database, runId: string): Promise<SluiceError> {
  const newest = await database.query<{ runId: string }>(
    `select run_id as "runId" from run order by started_at desc, run_id desc limit ${COMPARED}`,
  );
  return new SluiceError('run_unknown', {
    message: `there is no run '${runId}'`,
    remedy: suggest(
      runId,
      newest.map((run) => run.runId),
      'no run was made yet: `sluice ask` makes one',
    ),
    data: { runId },
  });
}

function ambiguous(prefix: string, rows: readonly RunRow[]): SluiceError {
  const ids = rows.slice(0, SHOWN).map((run) => run.runId);
  return new SluiceError('run_ambiguous', {
    message: `several runs begin with '${prefix}'`,
    remedy: `give more of the id: ${ids.join(', ')}${rows.length > SHOWN ? ', and more' : ''}`,
    data: { prefix, runIds: ids },
  });
}
