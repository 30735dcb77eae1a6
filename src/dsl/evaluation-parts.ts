/**
 * What an evaluation is made of, checked against each other: variants and scorers are of its pipeline, and its dataset has
 * what its scorers read. Nodes of equal name in another pipeline may mean something else, so equal shape is not enough.
 */
import { LIMITS } from '../plan/limits.ts';
import { type Source, sourcesOf } from '../plan/nodes.ts';
import type { AnyDataset } from './dataset.ts';
import type { AnyPipeline, AnyVariant } from './edit.ts';
import { type Internals, internalsOf } from './internals.ts';
import { refuse, show } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';
import { fieldsOf, type Schema } from './shape.ts';

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
): readonly AnyVariant[] {
  checkList(given, LIMITS.evaluatedVariants, `${at}: variants`);
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
    if (!isScorer(each))
      return refuse('not_a_scorer', `${at}: scorers holds ${show(each)}`, 'give what defineScorer returned');
    checkSamePipeline(each.pipelineId, pipeline, `${at}: scorer '${each.id}'`);
    if (taken.has(each.id))
      refuse('scorer_twice', `${at} has two scorers '${each.id}'`, 'give one another id', { scorer: each.id });
    taken.add(each.id);
    checkExpected(each, dataset, at);
    return each;
  });
  return Object.freeze(scorers);
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
    if (source[0] === 'expected' && !hasField(dataset.expected, source))
      refuse(
        'expected_missing',
        `${at}: scorer '${scorer.id}' reads '${source.join('.')}', which dataset '${dataset.name}' does not have`,
        "declare it in the dataset's expected, or use another scorer",
        { scorer: scorer.id, dataset: dataset.name },
      );
}

function hasField(schema: Schema | undefined, [, ...fields]: Source): boolean {
  let inner = schema;
  for (const field of fields) inner = inner && fieldsOf(inner)?.[field];
  return inner !== undefined;
}

function isVariant(pipeline: AnyPipeline): pipeline is AnyVariant {
  return 'variantOf' in pipeline;
}

function isScorer(value: unknown): value is AnyScorer {
  return typeof value === 'object' && value !== null && 'pipelineId' in value && 'spec' in value;
}
