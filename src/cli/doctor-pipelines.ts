/** What `doctor` says of the project's pipelines: which models they run on, and whether their indexes have the same. */
import { SluiceError } from '../base/errors.ts';
import { createIndexCheck } from '../client/catalogue.ts';
import type { Config } from '../config/config.ts';
import { readServers } from '../embedded/dev-state.ts';
import { loadPipelines } from '../host/project.ts';
import { keysMissing } from '../models/plan-keys.ts';
import type { Plan } from '../plan/plan.ts';
import { openDatabase } from '../store/database.ts';
import { createStore, type Store } from '../store/store.ts';
import { type Finding, ok, warn } from './finding.ts';
import type { Session } from './session.ts';
import { runnableInstead } from './without-keys.ts';

type Place = Pick<Session, 'folder' | 'environment'>;

export async function lookAtPipelines(place: Place, config: Config): Promise<Finding> {
  const pipelines = await loadPipelines(place.folder);
  if (pipelines.size === 0) return warn('pipelines/index.ts exports none', 'define one: see sluice init');
  const instead = (await plansOf(place, config)).flatMap(({ line }) => line ?? []);
  return ok([[...pipelines.keys()].join(', '), ...instead].join('\n'));
}

/** Names each index whose embedding model differs from the one that a pipeline's search asks for. */
export async function lookAtIndexes(place: Place, config: Config): Promise<Finding> {
  const url = config.databaseUrl ?? (await readServers(place.folder))?.databaseUrl;
  if (url === undefined) return ok('not compared with the pipelines: their database does not run');
  const database = openDatabase(url, { outageMs: 0, connectTimeoutMs: 5_000 });
  try {
    return await comparedIndexes(createStore(database), await plansOf(place, config));
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'database_not_migrated') return ok('there are none yet');
    throw error;
  } finally {
    await database.close();
  }
}

async function comparedIndexes(store: Store, defined: readonly RunPlan[]): Promise<Finding> {
  const deployed = await store.deployments.list();
  const served = await Promise.all(deployed.map(({ planId }) => store.plans.get(planId)));
  const names = new Set(deployed.map(({ pipeline }) => pipeline));
  const others = defined.flatMap(({ name, plan }) => (names.has(name) || plan === undefined ? [] : [plan]));
  const check = createIndexCheck(store.vectorSearch);
  const differing: SluiceError[] = [];
  for (const plan of [...served, ...others])
    await check(plan).catch((error: unknown) => {
      if (!(error instanceof SluiceError) || error.code !== 'embedding_model_differs') throw error;
      differing.push(error);
    });
  if (differing.length === 0) return ok('each has the embedding model that its pipelines ask for');
  const lines = (of: 'message' | 'remedy') => [...new Set(differing.map((error) => error[of]))].join('\n');
  return warn(lines('message'), lines('remedy'));
}

interface RunPlan {
  /** The pipeline's. */
  readonly name: string;
  /** What runs where nothing is deployed; absent where its keys are missing and nothing runs in its place. */
  readonly plan?: Plan;
  /** Says what runs in place of the pipeline. */
  readonly line?: string;
}

/** Of each pipeline, what a worker with the keys of this environment runs. */
async function plansOf({ folder, environment }: Place, config: Config): Promise<readonly RunPlan[]> {
  const pipelines = await loadPipelines(folder);
  const missingOf = async (plan: Plan) => keysMissing(plan, config);
  const named = [...pipelines].filter(([name]) => !name.includes(':'));
  return Promise.all(
    named.map(async ([name, pipeline]): Promise<RunPlan> => {
      const missing = keysMissing(pipeline.plan, config);
      if (missing.length === 0) return { name, plan: pipeline.plan };
      const instead = await runnableInstead(pipelines, pipeline, environment, missingOf);
      const runs = instead ? `${instead.variant} runs, ${instead.why}` : 'it cannot be run';
      const line = `${name} lacks ${missing.join(' and ')}: ${runs}`;
      return { name, line, ...(instead && { plan: instead.pipeline.plan }) };
    }),
  );
}
