/** The real services, each loaded when it is first asked for. */
import type { Services, Session } from './session.ts';

type Place = Pick<Session, 'folder' | 'environment'>;

export function createServices({ folder, environment }: Place): Services {
  const config = async () => (await import('../config/config.ts')).readConfig(environment);
  const runtime = () => import('../host/runtime.ts');
  const project = () => import('../host/project.ts');
  return {
    config,
    project: async () => (await project()).loadProject(folder),
    pipelines: async () => (await project()).loadPipelines(folder),
    datasets: async () => (await project()).loadDatasets(folder),
    evaluations: async () => (await project()).loadEvaluations(folder),
    experiments: async () => (await project()).loadExperiments(folder),
    monitors: async () => (await project()).loadMonitors(folder),
    connect: async () => (await runtime()).connectRuntime({ folder, config: await config() }),
    start: async ({ serves, project, onProgress }) =>
      (await runtime()).startRuntime({
        folder,
        config: await config(),
        serves,
        ...(project && { implementations: project.createActivities }),
        ...(onProgress && { onProgress }),
      }),
    openStore: async (onProgress) =>
      (await import('../host/store-only.ts')).openStoreOnly({ folder, config: await config(), onProgress }),
    connectWorker: async (project) =>
      (await runtime()).connectRuntime({
        folder,
        config: await config(),
        implementations: project.createActivities,
      }),
  };
}
