/** Finding experiments by their id or the beginning of it, and saying which was meant when there is none, or several. */
import { SluiceError } from '../errors.ts';
import { LIVE_STATES } from '../experiment/spec.ts';
import { suggest } from '../nearest.ts';
import type { Queries } from './database.ts';
import type { ExperimentRow } from './experiments.ts';

/** The columns under the names that `ExperimentRow` gives them. */
export const EXPERIMENT_COLUMNS = `experiment_id as "experimentId", name, pipeline, kind, spec, settings, state, reason,
  json_build_array(range_from, range_to) as "range", stopped, winner, ramp, stage, rollout_stage as "rolloutStage",
  watermark, started_by as "startedBy", started_at as "startedAt", ended_at as "endedAt"`;
/** SQL: whether it is live. */
export const IS_LIVE = `state in (${LIVE_STATES.map((state) => `'${state}'`).join(', ')})`;

export const isLive = ({ state }: Pick<ExperimentRow, 'state'>): boolean => LIVE_STATES.some((live) => live === state);

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 1_000;
/** How many of the newest experiments a wrong id is compared with. */
const COMPARED = 500;
/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export async function findExperiment(queries: Queries, idOrPrefix: string): Promise<ExperimentRow> {
  const rows = await queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment
     where experiment_id = $1 or (experiment_id > $1 and experiment_id < $2)
     order by experiment_id limit ${SHOWN + 1}`,
    [idOrPrefix, idOrPrefix + LAST_CHARACTER],
  );
  const [first, second] = rows;
  if (first === undefined || idOrPrefix === '') throw await unknownExperiment(queries, idOrPrefix);
  if (second === undefined || first.experimentId === idOrPrefix) return first;
  const ids = rows.slice(0, SHOWN).map(({ experimentId }) => experimentId);
  throw new SluiceError('experiment_ambiguous', {
    message: `several experiments begin with '${idOrPrefix}'`,
    remedy: `give more of the id: ${ids.join(', ')}${rows.length > SHOWN ? ', and more' : ''}`,
    data: { prefix: idOrPrefix, experimentIds: ids },
  });
}

/** Its row by its whole id, as it is within a transaction. */
export async function experimentRow(queries: Queries, experimentId: string): Promise<ExperimentRow> {
  const [row] = await queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment where experiment_id = $1`,
    [experimentId],
  );
  if (row === undefined) throw await unknownExperiment(queries, experimentId);
  return row;
}

export interface ExperimentFilter {
  readonly pipeline?: string;
  readonly live?: boolean;
  /** 1 to 1,000; default 20. */
  readonly limit?: number;
}

export function listExperiments(
  queries: Queries,
  { pipeline, live, limit = DEFAULT_PAGE }: ExperimentFilter,
): Promise<readonly ExperimentRow[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw new SluiceError('limit_invalid', {
      message: `a list of ${limit} experiments was asked for`,
      remedy: `ask for 1 to ${LARGEST_PAGE.toLocaleString('en')}`,
    });
  return queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment
     where ($1::text is null or pipeline = $1) and ($2::boolean is null or $2 = (${IS_LIVE}))
     order by started_at desc, experiment_id desc limit $3`,
    [pipeline ?? null, live ?? null, limit],
  );
}

export async function unknownExperiment(queries: Queries, experimentId: string): Promise<SluiceError> {
  const newest = await queries.query<{ id: string }>(
    `select experiment_id as id from experiment order by started_at desc, experiment_id desc limit ${COMPARED}`,
  );
  return new SluiceError('experiment_unknown', {
    message: `there is no experiment '${experimentId}'`,
    remedy: suggest(
      experimentId,
      newest.map(({ id }) => id),
      'none was started yet: `sluice experiment start` starts one',
    ),
    data: { experimentId },
  });
}
