/** Finding experiments by their id or the beginning of it. */
import type { SluiceError } from '../base/errors.ts';
import { LIVE_STATES } from '../model/experiment-spec.ts';
import type { Queries } from './database.ts';
import type { ExperimentRow } from './experiments.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought, unknownId } from './find-by-id.ts';

/** The columns under the names that `ExperimentRow` gives them. */
export const EXPERIMENT_COLUMNS = `experiment_id as "experimentId", name, pipeline, kind, spec, settings, state, reason,
  json_build_array(range_from, range_to) as "range", stopped, winner, ramp, stage, rollout_stage as "rolloutStage",
  watermark, started_by as "startedBy", started_at as "startedAt", ended_at as "endedAt"`;
/** SQL: whether it is live. */
export const IS_LIVE = `state in (${LIVE_STATES.map((state) => `'${state}'`).join(', ')})`;

const EXPERIMENT: Sought = {
  ...{ table: 'experiment', columns: EXPERIMENT_COLUMNS, idColumn: 'experiment_id', idName: 'experimentId' },
  ...{ newestBy: 'started_at', kind: 'experiment', words: ['experiment', 'experiments'] },
  whenNone: 'none was started yet: `sluice experiment start` starts one',
};

export const findExperiment = (queries: Queries, idOrPrefix: string): Promise<ExperimentRow> =>
  findById(queries, EXPERIMENT, idOrPrefix);

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
  checkPage(limit, EXPERIMENT);
  return queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment
     where ($1::text is null or pipeline = $1) and ($2::boolean is null or $2 = (${IS_LIVE}))
     order by started_at desc, experiment_id desc limit $3`,
    [pipeline ?? null, live ?? null, limit],
  );
}

export const unknownExperiment = (queries: Queries, experimentId: string): Promise<SluiceError> =>
  unknownId(queries, EXPERIMENT, experimentId);
