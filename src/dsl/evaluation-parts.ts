/**
 * What an evaluation is made of, checked against each other: variants and scorers are of its pipeline, and its dataset has
 * what its scorers read. Nodes of equal name in another pipeline may mean something else, so equal shape is not enough.
 */

import { sourcesOf } from '../plan/nodes.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { AnyDataset } from './dataset.ts';
import type { AnyPipeline, AnyVariant } from './edit.ts';
import { type Internals, internalsOf } from './internals.ts';
import { refuse, show } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';
import { fieldAt } from './shape.ts';

/** Refuses a list that is empty or too long. */
export function checkList(list: unknown, most: number, at: string): asserts list is readonly unknown[] {
  if (!Array.isArray(list)) refuse('not_a_list', `${at} is ${show(list)}`, 'write a list: [ ... ]');
  if (list.length > most) refuse('limit_exceeded', `${at}: there are ${list.length}`, `use at most ${most}`);
}

export function readBaseline(given: unknown, pipeline: Internals, at: string): AnyPipeline {
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

export function readScorers(
  given: unknown,
  dataset: AnyDataset,
  pipeline: Internals,
  at: string,
): readonly AnyScorer[] {
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

export function isVariant(pipeline: AnyPipeline): pipeline is AnyVariant {
  return 'variantOf' in pipeline;
}

function isScorer(value: unknown): value is AnyScorer {
  return typeof value === 'object' && value !== null && 'pipelineId' in value && 'spec' in value;
}
