/** An evaluation's rows beside its labels, from the store. */
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { examplesOfPart } from '../compare/load.ts';
import { createLabelled, type Labelled, type LabelledFacts } from './labelled.ts';
import type { Ratings } from './ratings.ts';
import { createPopulation, type Population } from './sample.ts';

export interface JudgedEvaluation {
  readonly labelled: Labelled;
  /** By scorer. */
  readonly populations: ReadonlyMap<string, Population>;
}

/** All rows of an evaluation, of which what labels need is kept. */
export async function loadJudged(
  store: Pick<Store, 'evaluations' | 'datasets'>,
  { evaluationId, spec, pins }: EvaluationRow,
  ratings: Ratings,
): Promise<JudgedEvaluation> {
  const examples: LabelledFacts['examples'][number][] = [];
  for await (const { id, tags = [], cluster = null } of examplesOfPart(store, spec.dataset))
    examples.push({ id, tags, cluster });
  const labelled = createLabelled({ evaluationId, spec, pins, examples }, ratings);
  const populations = new Map(spec.scorers.map(({ id }) => [id, createPopulation(id)]));
  for await (const row of store.evaluations.eachResult(evaluationId, { scoresOnly: true })) {
    labelled.add(row);
    for (const population of populations.values()) population.add(row);
  }
  return { labelled, populations };
}
