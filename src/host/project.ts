/**
 * A project's own code, by convention: `pipelines/index.ts` exports `pipelines` and, where it has some, `datasets`,
 * `evaluations`, `experiments` and `monitors`; `activities/index.ts` exports `createActivities`, the functions behind the steps. A folder without
 * activities has the built-in ones. This is the one place that imports a user's files, so every fault in them is
 * said here, by file and name.
 */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SluiceError } from '../base/errors.ts';
import type { AnyDataset } from '../dsl/dataset.ts';
import { type AnyPipeline, isVariant } from '../dsl/edit.ts';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { AnyExperiment } from '../dsl/experiment.ts';
import type { AnyMonitor } from '../dsl/monitor.ts';
import type { MakeImplementations } from './runtime.ts';

export interface Project {
  readonly folder: string;
  readonly pipelines: Pipelines;
  readonly createActivities: MakeImplementations;
  /** Where the activities come from: a file, or `built in`. */
  readonly activitiesFrom: string;
}

/** By name: a pipeline's is its id; a variant's is `docs-bot:hyde`, its baseline's and its own. */
export type Pipelines = ReadonlyMap<string, AnyPipeline>;

/** By name, each with its source as a path that can be read. */
export type DefinedDatasets = ReadonlyMap<string, AnyDataset>;

/** By id. */
export type DefinedEvaluations = ReadonlyMap<string, AnyEvaluation>;
export type DefinedExperiments = ReadonlyMap<string, AnyExperiment>;
export type DefinedMonitors = ReadonlyMap<string, AnyMonitor>;

/** In a project of sources, and in one that was built. */
const EXTENSIONS = ['.ts', '.js', '.mjs'] as const;
export const BUILT_IN = 'built in';

/**
 * Loads a folder's pipelines and activities.
 *
 * @throws SluiceError `project_missing` where there are no pipelines, `project_broken` when a file cannot be loaded,
 * `export_missing` or `export_invalid` when it does not export what it should; a pipeline's own mistakes come through
 * as the DefinitionError they are, with the node they name.
 */
export async function loadProject(folder: string): Promise<Project> {
  const [pipelines, activities] = await Promise.all([loadPipelines(folder), loadActivities(folder)]);
  return Object.freeze({ folder, pipelines, ...activities });
}

/** The pipelines alone, for what needs no worker. */
export async function loadPipelines(folder: string): Promise<Pipelines> {
  const file = await findIndex(folder, 'pipelines');
  if (file === undefined)
    throw new SluiceError('project_missing', {
      message: `there is no pipelines/index.ts in ${folder}`,
      remedy: 'go to the folder of your project, or begin one here: sluice init',
      data: { folder },
    });
  const exported = exportOf(await load(file), 'pipelines', file);
  if (exported === null || typeof exported !== 'object') throw invalid(file, 'pipelines', 'is not a list of pipelines');
  const pipelines = new Map<string, AnyPipeline>();
  for (const [key, pipeline] of Object.entries(exported)) {
    if (!isPipeline(pipeline)) throw invalid(file, `pipelines.${key}`, 'is not a pipeline: does it end in .output(…)?');
    const name = isVariant(pipeline) ? `${pipeline.variantOf}:${pipeline.name}` : pipeline.id;
    if (pipelines.has(name)) throw invalid(file, 'pipelines', `has two pipelines named '${name}'`);
    pipelines.set(name, pipeline);
  }
  return pipelines;
}

/** The datasets that are defined; none where there is no project, or it exports none. */
export async function loadDatasets(folder: string): Promise<DefinedDatasets> {
  const { file, list } = await loadOptional(folder, 'datasets');
  const datasets = new Map<string, AnyDataset>();
  for (const [key, dataset] of list) {
    if (!isDataset(dataset)) throw invalid(file, `datasets.${key}`, 'is not a dataset: is it of defineDataset(…)?');
    if (datasets.has(dataset.name)) throw invalid(file, 'datasets', `has two datasets named '${dataset.name}'`);
    datasets.set(dataset.name, { ...dataset, source: join(dirname(file), dataset.source) });
  }
  return datasets;
}

/** The evaluations that are defined; none where there is no project, or it exports none. */
export async function loadEvaluations(folder: string): Promise<DefinedEvaluations> {
  return loadById(folder, 'evaluations', isEvaluation, 'is not an evaluation: is it of defineEvaluation(…)?');
}

/** The experiments that are defined; none where there is no project, or it exports none. */
export async function loadExperiments(folder: string): Promise<DefinedExperiments> {
  return loadById(folder, 'experiments', isExperiment, 'is not an experiment: is it of defineExperiment(…)?');
}

/** The monitors that are defined; none where there is no project, or it exports none. */
export async function loadMonitors(folder: string): Promise<DefinedMonitors> {
  return loadById(folder, 'monitors', isMonitor, 'is not a monitor: is it of defineMonitor(…)?');
}

async function loadById<Defined extends { readonly id: string }>(
  folder: string,
  name: 'evaluations' | 'experiments' | 'monitors',
  isDefined: (value: unknown) => value is Defined,
  isNone: string,
): Promise<ReadonlyMap<string, Defined>> {
  const { file, list } = await loadOptional(folder, name);
  const byId = new Map<string, Defined>();
  for (const [key, defined] of list) {
    if (!isDefined(defined)) throw invalid(file, `${name}.${key}`, isNone);
    if (byId.has(defined.id)) throw invalid(file, name, `has two ${name} named '${defined.id}'`);
    byId.set(defined.id, defined);
  }
  return byId;
}

/** A list that pipelines/index.ts may export. */
async function loadOptional(folder: string, name: 'datasets' | 'evaluations' | 'experiments' | 'monitors') {
  const file = await findIndex(folder, 'pipelines');
  const module = file === undefined ? {} : await load(file);
  if (file === undefined || !(name in module)) return { file: '', list: [] };
  const exported: unknown = Reflect.get(module, name);
  if (exported === null || typeof exported !== 'object') throw invalid(file, name, `is not a list of ${name}`);
  return { file, list: Object.entries(exported) as [string, unknown][] };
}

/** The activities alone, for a worker. */
export async function loadActivities(folder: string): Promise<Pick<Project, 'createActivities' | 'activitiesFrom'>> {
  const file = await findIndex(folder, 'activities');
  if (file === undefined) {
    const builtIn = await import('../steps/implementations.ts');
    return { createActivities: builtIn.createActivities, activitiesFrom: BUILT_IN };
  }
  const createActivities = exportOf(await load(file), 'createActivities', file);
  if (typeof createActivities !== 'function') throw invalid(file, 'createActivities', 'is not a function');
  return { createActivities: createActivities as MakeImplementations, activitiesFrom: file };
}

async function findIndex(folder: string, part: 'pipelines' | 'activities'): Promise<string | undefined> {
  for (const extension of EXTENSIONS) {
    const file = join(folder, part, `index${extension}`);
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) return file;
  }
  return undefined;
}

async function load(file: string): Promise<object> {
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    // A project has its own copy of the package, hence its own class: what the error says of itself decides.
    const definition = definitionErrorOf(error);
    if (definition !== undefined) throw definition;
    throw new SluiceError('project_broken', {
      message: `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'correct it; npx tsc --noEmit shows the place, --debug the stack',
      data: { file },
      cause: error,
    });
  }
}

function definitionErrorOf(error: unknown): SluiceError | undefined {
  if (!(error instanceof Error) || error.name !== 'DefinitionError') return undefined;
  const { code, remedy, message, data } = error as SluiceError;
  if (typeof code !== 'string' || typeof remedy !== 'string') return undefined;
  return new SluiceError(code, { message, remedy, data, cause: error });
}

function exportOf(module: object, name: string, file: string): unknown {
  if (name in module) return Reflect.get(module, name);
  const exported = Object.keys(module);
  throw new SluiceError('export_missing', {
    message: `${file} does not export '${name}'`,
    remedy:
      exported.length === 0 ? `it exports nothing yet: export const ${name} = …` : `it exports ${exported.join(', ')}`,
    data: { file, exported },
  });
}

function invalid(file: string, name: string, why: string): SluiceError {
  return new SluiceError('export_invalid', {
    message: `${file}: '${name}' ${why}`,
    remedy:
      'pipelines/index.ts exports `pipelines` and may export `datasets`, `evaluations`, `experiments` and `monitors`, all of them lists; activities/index.ts exports `createActivities`, a function',
    data: { file, export: name },
  });
}

// Whether what a project's file exports is a definition. By its shape: a project has its own copy of the package, hence its
// own classes and registries.

export function isPipeline(value: unknown): value is AnyPipeline {
  if (value === null || typeof value !== 'object') return false;
  const { id, plan, input, steps } = value as Partial<AnyPipeline>;
  return typeof id === 'string' && typeof plan === 'object' && typeof input === 'object' && Array.isArray(steps);
}

export function isDataset(value: unknown): value is AnyDataset {
  if (value === null || typeof value !== 'object') return false;
  const { name, input, source } = value as Partial<AnyDataset>;
  return typeof name === 'string' && typeof input === 'object' && typeof source === 'string';
}

export function isEvaluation(value: unknown): value is AnyEvaluation {
  if (value === null || typeof value !== 'object') return false;
  const { id, pipeline, dataset, scorers, metrics } = value as Partial<AnyEvaluation>;
  const hasParts = isPipeline(pipeline) && isDataset(dataset) && Array.isArray(scorers) && Array.isArray(metrics);
  return typeof id === 'string' && hasParts;
}

export function isExperiment(value: unknown): value is AnyExperiment {
  if (value === null || typeof value !== 'object') return false;
  const { id, pipeline, variants, scorers, spec } = value as Partial<AnyExperiment>;
  const hasParts = isPipeline(pipeline) && Array.isArray(variants) && Array.isArray(scorers);
  return typeof id === 'string' && hasParts && spec !== null && typeof spec === 'object';
}

export function isMonitor(value: unknown): value is AnyMonitor {
  if (value === null || typeof value !== 'object') return false;
  const { id, pipeline, scorer, spec } = value as Partial<AnyMonitor>;
  const hasParts = isPipeline(pipeline) && typeof scorer === 'object' && scorer !== null;
  return typeof id === 'string' && hasParts && spec !== null && typeof spec === 'object';
}
