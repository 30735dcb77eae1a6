/**
 * `defineEvaluation`: which variants are compared with which baseline, on which examples, by which scores, and what would
 * be concluded from them. All of it is fixed before anything is run.
 */
import type { MetricSpec } from '../model/evaluation-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { type AnyDataset, checkDataset, checkDatasetFits, type Dataset } from './dataset.ts';
import type { AnyPipeline, AnyVariant, Pipeline, Variant } from './edit.ts';
import { readBaseline, readScorers, readVariants } from './evaluation-parts.ts';
import { internalsOf } from './internals.ts';
import { type Goals, type MetricScope, metricRefs, metricSpecs } from './metric-specs.ts';
import { checkAlpha, checkCount, checkKeys, checkName, refuse, show } from './refuse.ts';
import { callWiring } from './scope.ts';
import type { AnyScorer, Scorer } from './scorer.ts';

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

/**
 * Declares an evaluation.
 *
 * @param id letters, digits, '-' and '_'
 * @param evaluation
 *   `baseline`: what variants are compared with, if not the pipeline itself: a variant of it;
 *   `metrics`: what is concluded from which scores and facts of the run; runs once, now;
 *   `repeats`: walks of each example by each variant, from 1 to 20, default 1;
 *   `split`: `'dev'` (the default) for tuning, `'final'` for the decision, or `'all'`;
 *   `alpha`: of two-sided intervals and tests, before correction for many metrics, default 0.05;
 *   `limits.costUsd`: it is stopped, and can be resumed, when it has spent this
 * @throws DefinitionError naming the evaluation and the part that is wrong
 *
 * @example
 * export const beforeRelease = defineEvaluation('before-release', {
 *   pipeline: docsBot,
 *   dataset: questions,
 *   variants: [hyde, wide],
 *   scorers: [grounded, correct, preferred],
 *   metrics: ({ score, run }) => ({
 *     primary: [metric.mean('grounded', score(grounded).score).increase({ minimumEffect: 0.03 })],
 *     guardrails: [metric.rate('correct', score(correct).correct).noWorseThan(0.02)],
 *     secondary: [metric.winRate('preferred', score(preferred)), metric.share('slow', run.latencyMs, { above: 5_000 })],
 *   }),
 *   limits: { costUsd: 20 },
 * });
 */
export function defineEvaluation<
  PipelineId extends string,
  Input,
  Visible,
  Nodes,
  Output,
  Expected,
  Listed extends Scorer<string, PipelineId, Expected, unknown>,
>(
  id: string,
  evaluation: {
    readonly pipeline: Pipeline<PipelineId, Input, Visible, Nodes, Output>;
    readonly baseline?: AnyPipeline & { readonly id: NoInfer<PipelineId> };
    readonly dataset: Dataset<NoInfer<Input>, Expected>;
    readonly variants: readonly Variant<NoInfer<PipelineId>>[];
    readonly scorers: readonly Listed[];
    readonly metrics: (scope: MetricScope<Listed>) => Goals;
    readonly repeats?: number;
    readonly split?: 'dev' | 'final' | 'all';
    readonly alpha?: number;
    readonly limits?: { readonly costUsd?: number };
  },
): AnyEvaluation {
  checkName(id, 'an evaluation named');
  const at = `evaluation '${id}'`;
  checkKeys(evaluation, KEYS, at);
  const { pipeline, dataset, repeats = 1, split = 'dev', alpha = 0.05, limits = {} } = evaluation;
  const internals = internalsOf(pipeline, at);
  checkDataset(dataset, at);
  checkDatasetFits(dataset, internals, at);
  const baseline = readBaseline(evaluation.baseline ?? pipeline, internals, at);
  const variants = readVariants(evaluation.variants, baseline, internals, at);
  const scorers = readScorers(evaluation.scorers, dataset, internals, at);
  checkCount(repeats, 1, LIMITS.repeats, `${at}: repeats`);
  if (!SPLITS.includes(split)) refuse('split_unknown', `${at}: split is ${show(split)}`, "use 'dev', 'final' or 'all'");
  checkAlpha(alpha, `${at}: alpha`);
  const budgetUsd = readBudget(limits, at);
  if (typeof evaluation.metrics !== 'function')
    refuse(
      'metrics_not_function',
      `${at}: metrics is ${show(evaluation.metrics)}`,
      'give a function: ({ score, run }) => ({ primary: [ ... ] })',
    );
  const goals = callWiring(metricRefs(scorers, at), evaluation.metrics, `${at}: metrics`);
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
