/** What is, and was, deployed. */
import type { Queries } from './database.ts';
import type { DeploymentRow } from './deployments.ts';

/** The columns under the names that `DeploymentRow` gives them. */
export const DEPLOYMENT_COLUMNS = `pipeline, deployment_no as "deploymentNo", plan_id as "planId", variant, promoted,
  hold_out as "holdOut", kind, by, why, at`;
/** Far more than anybody reads at once. */
const LARGEST_PAGE = 1_000;

export function deploymentsOf(queries: Queries, pipeline: string, limit: number): Promise<readonly DeploymentRow[]> {
  return queries.query<DeploymentRow>(
    `select ${DEPLOYMENT_COLUMNS} from deployment where pipeline = $1 order by deployment_no desc limit $2`,
    [pipeline, Math.min(limit, LARGEST_PAGE)],
  );
}

export async function currentDeployment(queries: Queries, pipeline: string): Promise<DeploymentRow | undefined> {
  return (await deploymentsOf(queries, pipeline, 1))[0];
}

export function currentDeployments(queries: Queries): Promise<readonly DeploymentRow[]> {
  return queries.query<DeploymentRow>(
    `select distinct on (pipeline) ${DEPLOYMENT_COLUMNS} from deployment order by pipeline, deployment_no desc`,
  );
}
