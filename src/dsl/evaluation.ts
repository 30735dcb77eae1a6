/**
 * `defineEvaluation`: which variants are compared with which baseline, on which examples, by which scores, and what would
 * be concluded from them. All of it is fixed before anything is run.
 */
import type { MetricSpec } from '../model/evaluation-spec.ts';
import { sourcesOf } from '../plan/nodes.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { type AnyDataset, checkDataset, checkDatasetFits, type Dataset } from './dataset.ts';
import { type Internals, internalsOf } from './draft.ts';
import { type AnyPipeline, type AnyVariant, isVariant, type Pipeline, type Variant } from './edit.ts';
import { callWiring } from './lower.ts';
import { type Goals, type MetricScope, metricRefs, metricSpecs } from './metric-specs.ts';
import { checkAlpha, checkCount, checkKeys, checkName, refuse, show } from './refuse.ts';
import type { AnyScorer, Scorer } from './scorer.ts';
import { fieldAt } from './shape.ts';

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

// What an evaluation is made of, checked against each other: variants and scorers are of its pipeline, and its dataset has
// what its scorers read. Nodes of equal name in another pipeline may mean something else, so equal shape is not enough.

/** Refuses a list that is empty or too long. */
export function checkList(list: unknown, most: number, at: string): asserts list is readonly unknown[] {
  if (!Array.isArray(list)) refuse('not_a_list', `${at} is ${show(list)}`, 'write a list: [ ... ]');
  if (list.length > most) refuse('limit_exceeded', `${at}: there are ${list.length}`, `use at most ${most}`);
}

function readBaseline(given: unknown, pipeline: Internals, at: string): AnyPipeline {
  const baseline = internalsOf(given, `${at}: baseline`);
  checkSamePipeline(baseline.id, pipeline, `${at}: its baseline`);
  return given as AnyPipeline;
}

export function readVariants(
  given: unknown,
  baseline: AnyPipeline,
  pipeline: Internals,
  at: string,
  most: number = LIMITS.evaluatedVariants,
): readonly AnyVariant[] {
  checkList(given, most, `${at}: variants`);
  const taken = new Set(isVariant(baseline) ? [baseline.name] : []);
  const variants = given.map((each): AnyVariant => {
    const { id } = internalsOf(each, `${at}: variants`);
    const variant = each as AnyPipeline;
    if (!isVariant(variant))
      return refuse(
        'not_a_variant',
        `${at}: variants holds '${id}' itself`,
        isVariant(baseline)
          ? `name it, so that results can: .variant('plain', (edit) => edit)`
          : 'leave it out: it is the baseline',
      );
    checkSamePipeline(id, pipeline, `${at}: variant '${variant.name}'`);
    if (taken.has(variant.name))
      refuse(
        'variant_twice',
        `${at}: '${variant.name}' is there twice${isVariant(baseline) && baseline.name === variant.name ? ', as its baseline and as a variant' : ''}`,
        'leave one out, or give one another name',
        { variant: variant.name },
      );
    taken.add(variant.name);
    return variant;
  });
  return Object.freeze(variants);
}

function readScorers(given: unknown, dataset: AnyDataset, pipeline: Internals, at: string): readonly AnyScorer[] {
  checkList(given, LIMITS.scorers, `${at}: scorers`);
  const taken = new Set<string>();
  const scorers = given.map((each): AnyScorer => {
    const scorer = readScorer(each, taken, pipeline, at);
    checkExpected(scorer, dataset, at);
    return scorer;
  });
  return Object.freeze(scorers);
}

/** One of several scorers; its id is added to those that are taken. */
export function readScorer(given: unknown, taken: Set<string>, pipeline: Internals, at: string): AnyScorer {
  if (!isScorer(given))
    return refuse('not_a_scorer', `${at}: scorers holds ${show(given)}`, 'give what defineScorer returned');
  checkSamePipeline(given.pipelineId, pipeline, `${at}: scorer '${given.id}'`);
  if (taken.has(given.id))
    refuse('scorer_twice', `${at} has two scorers '${given.id}'`, 'give one another id', { scorer: given.id });
  taken.add(given.id);
  return given;
}

function checkSamePipeline(id: string, pipeline: Internals, at: string): void {
  if (id !== pipeline.id)
    refuse('pipeline_other', `${at} is of '${id}', not of '${pipeline.id}'`, `use one of '${pipeline.id}'`, {
      pipeline: id,
    });
}

/** A scorer may have been written against another dataset: this one has to have each field that it reads. */
function checkExpected(scorer: AnyScorer, dataset: AnyDataset, at: string): void {
  for (const source of sourcesOf(scorer.spec.input))
    if (source[0] === 'expected' && fieldAt(dataset.expected, source.slice(1)) === undefined)
      refuse(
        'expected_missing',
        `${at}: scorer '${scorer.id}' reads '${source.join('.')}', which dataset '${dataset.name}' does not have`,
        "declare it in the dataset's expected, or use another scorer",
        { scorer: scorer.id, dataset: dataset.name },
      );
}

function isScorer(value: unknown): value is AnyScorer {
  return typeof value === 'object' && value !== null && 'pipelineId' in value && 'spec' in value;
}
