/** `/v1/pipelines`: what can be asked, what each name serves, and what has been served before; deploying and rolling back. */

import { liveOf } from '../../client/experiment-status.ts';
import { HISTORY } from '../../contract/pipelines.ts';
import type { AnyVariant } from '../../dsl/edit.ts';
import { winnersIn } from '../../experiment/promoted.ts';
import { planId } from '../../plan/id.ts';
import type { DeploymentRow } from '../../store/deployments.ts';
import { type AddRoutes, actor, addRoute, findPipeline, isVariantName } from '../route.ts';

export const addPipelines: AddRoutes = (app, { allow, pipelines, runtime: { client } }) => {
  const viewOf = async (name: string) => {
    const { plan } = findPipeline(pipelines, name);
    const deployed = isVariantName(name) ? undefined : await client.deploymentOf(name);
    const { input, output } = plan.schemas;
    return { name, planId: planId(plan), schemas: { input, output }, deployment: deployed ? shown(deployed) : null };
  };
  addRoute(app, { allow }, 'listPipelines', async () => ({
    pipelines: await Promise.all([...pipelines.keys()].map(viewOf)),
  }));
  addRoute(app, { allow }, 'getPipeline', async (request) => viewOf(request.params.name));
  addRoute(app, { allow }, 'listDeployments', async (request) => {
    const { id } = findPipeline(pipelines, request.params.name);
    return { deployments: (await client.deploymentHistory(id, HISTORY)).map(shown) };
  });
  addRoute(app, { allow }, 'deploy', async (request) => {
    const { name } = request.params;
    const { why, holdOut, force = false } = request.body;
    const { id, plan } = findPipeline(pipelines, name);
    const variant = isVariantName(name) ? name.split(':')[1] : undefined;
    const { deployment } = await client.deploy({
      ...{ pipeline: id, plan, by: actor(request.context), why, force },
      ...(variant !== undefined && { variant }),
      ...(holdOut !== undefined && { holdOut }),
    });
    return shown(deployment);
  });
  addRoute(app, { allow }, 'rollback', async (request) => {
    const { id } = findPipeline(pipelines, request.params.name);
    const { why, to, force = false } = request.body;
    const asked = { by: actor(request.context), why, force, ...(to !== undefined && { to }) };
    const { deployment } = await client.rollbackDeployment(id, asked);
    return shown(deployment);
  });
};

const shown = ({ promoted, ...deployment }: DeploymentRow): Omit<DeploymentRow, 'promoted'> & WonBy => ({
  ...deployment,
  wonBy: winnersIn(promoted),
});

interface WonBy {
  readonly wonBy: readonly string[];
}

export const addPipelineLive: AddRoutes = (app, { allow, pipelines, runtime: { store } }) =>
  addRoute(app, { allow }, 'getLiveSteps', async (request) => {
    const found = findPipeline(pipelines, request.params.name);
    // Of a variant's name, too, it is what its pipeline serves.
    const { id, plan } = pipelines.get(found.id) ?? found;
    return liveOf(store, id, plan);
  });

export const addPipelinePlans: AddRoutes = (app, { allow, pipelines }) =>
  addRoute(app, { allow }, 'getPipelinePlan', (request) => {
    const pipeline = findPipeline(pipelines, request.params.name);
    const { plan } = pipeline;
    const overrides = 'overrides' in pipeline ? (pipeline as AnyVariant).overrides : [];
    return { planId: planId(plan), plan, overrides: overrides.map((override) => ({ ...override })) };
  });

export const addPlans: AddRoutes = (app, { allow, runtime: { store } }) =>
  addRoute(app, { allow }, 'getPlan', async (request) => store.plans.find(request.params.id));
