/**
 * Whether what a project's file exports is a definition. By its shape: a project has its own copy of the package, hence its
 * own classes and registries.
 */
import type { AnyDataset } from '../dsl/dataset.ts';
import type { AnyPipeline, AnyVariant } from '../dsl/edit.ts';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { AnyExperiment } from '../dsl/experiment.ts';
import type { AnyMonitor } from '../dsl/monitor.ts';

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

export function isVariant(pipeline: AnyPipeline): pipeline is AnyVariant {
  return 'variantOf' in pipeline && typeof pipeline.variantOf === 'string';
}
