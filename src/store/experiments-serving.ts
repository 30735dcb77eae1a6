/** What a pipeline serves, read as it was at one moment. */
import type { Queries } from './database.ts';
import type { DeploymentRow } from './deployments.ts';
import { currentDeployment } from './deployments-read.ts';
import type { ExperimentRow, Serving } from './experiments.ts';
import { EXPERIMENT_COLUMNS, IS_LIVE } from './experiments-find.ts';

export async function servingVersion(queries: Queries, pipeline: string): Promise<number> {
  const [row] = await queries.query<{ version: number }>('select version from serving where pipeline = $1', [pipeline]);
  return row?.version ?? 0;
}

/** Every change raises the version with it: what was read between two equal versions belongs together. */
export async function readServing(queries: Queries, pipeline: string): Promise<Serving | undefined> {
  let version = await servingVersion(queries, pipeline);
  for (;;) {
    const deployment: DeploymentRow | undefined = await currentDeployment(queries, pipeline);
    const experiments = await liveExperiments(queries, pipeline);
    const after = await servingVersion(queries, pipeline);
    if (after === version) return deployment && { version, deployment, experiments };
    version = after;
  }
}

/** In order of their start. */
export function liveExperiments(queries: Queries, pipeline: string): Promise<readonly ExperimentRow[]> {
  return queries.query<ExperimentRow>(
    `select ${EXPERIMENT_COLUMNS} from experiment where pipeline = $1 and ${IS_LIVE}
     order by started_at, experiment_id`,
    [pipeline],
  );
}
