/**
 * `defineEvaluation`: which variants are compared with which baseline, on which examples, by which scores, and what would
 * be concluded from them. All of it is fixed before anything is run.
 */
import type { MetricSpec } from '../evaluation/spec.ts';
import { LIMITS } from '../plan/limits.ts';
import { type AnyDataset, checkDataset, checkDatasetFits } from './dataset.ts';
import type { AnyPipeline, AnyVariant } from './edit.ts';
import { readBaseline, readScorers, readVariants } from './evaluation-parts.ts';
import { internalsOf } from './internals.ts';
import { type Goals, metricScope, metricSpecs } from './metric-specs.ts';
import { checkCount, checkKeys, checkName, refuse, show } from './refuse.ts';
import { callWiring } from './scope.ts';
import type { AnyScorer } from './scorer.ts';

/** What an evaluation says at run time. */
export interface AnyEvaluation {
  readonly id: string;
  readonly pipeline: AnyPipeline;
  /** What the variants are compared with: the pipeline, or a variant of it. */
  readonly baseline: AnyPipeline;
  readonly variants: readonly AnyVariant[];
  readonly dataset: AnyDataset;
  readonly scorers: readonly AnyScorer[];
  /** Declared ones by role, then a secondary one per score and fact that none of them is of. */
  readonly metrics: readonly MetricSpec[];
  readonly repeats: number;
  /** Null: both. */
  readonly split: 'dev' | 'final' | null;
  readonly alpha: number;
  /** What it may spend, in US dollars; null: no limit. */
  readonly budgetUsd: number | null;
}

interface Written {
  readonly pipeline: AnyPipeline;
  readonly baseline?: AnyPipeline;
  readonly dataset: AnyDataset;
  readonly variants: readonly AnyVariant[];
  readonly scorers: readonly AnyScorer[];
  readonly metrics: (scope: never) => Goals;
  readonly repeats?: number;
  readonly split?: 'dev' | 'final' | 'all';
  readonly alpha?: number;
  readonly limits?: { readonly costUsd?: number };
}

const KEYS = [
  'pipeline',
  'baseline',
  'dataset',
  'variants',
  'scorers',
  'metrics',
  'repeats',
  'split',
  'alpha',
  'limits',
] as const;
const SPLITS: readonly unknown[] = ['dev', 'final', 'all'];

export function defineEvaluation(id: string, evaluation: Written): AnyEvaluation {
  checkName(id, 'an evaluation named');
  const at = `evaluation '${id}'`;
  checkKeys(evaluation, KEYS, at);
  const { pipeline, dataset, repeats = 1, split = 'dev', alpha = 0.05 } = evaluation;
  const internals = internalsOf(pipeline, at);
  checkDataset(dataset, at);
  checkDatasetFits(dataset, internals, at);
  const baseline = readBaseline(evaluation.baseline ?? pipeline, internals, at);
  const variants = readVariants(evaluation.variants, baseline, internals, at);
  const scorers = readScorers(evaluation.scorers, dataset, internals, at);
  checkCount(repeats, 1, LIMITS.repeats, `${at}: repeats`);
  if (!SPLITS.includes(split)) refuse('split_unknown', `${at}: split is ${show(split)}`, "use 'dev', 'final' or 'all'");
  if (!(typeof alpha === 'number' && alpha > 0 && alpha <= 0.5))
    refuse('alpha_invalid', `${at}: alpha is ${show(alpha)}`, 'give a number above 0 and at most 0.5; usual is 0.05');
  const budgetUsd = readBudget(evaluation.limits ?? {}, at);
  const goals = callWiring(metricScope(scorers, at) as never, evaluation.metrics, `${at}: metrics`) as Goals;
  const metrics = metricSpecs(goals, scorers, at);
  return Object.freeze({
    ...{ id, pipeline, baseline, variants, dataset, scorers, metrics, repeats },
    ...{ split: split === 'all' ? null : split, alpha, budgetUsd },
  });
}

function readBudget(limits: { readonly costUsd?: number }, at: string): number | null {
  checkKeys(limits, ['costUsd'], `${at}: limits`);
  const { costUsd } = limits;
  if (costUsd === undefined) return null;
  if (!(Number.isFinite(costUsd) && costUsd > 0))
    refuse(
      'budget_invalid',
      `${at}: costUsd is ${show(costUsd)}`,
      'give US dollars, above 0; leave it out for no limit',
    );
  return costUsd;
}
