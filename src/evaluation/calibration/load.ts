/** What labels say of an evaluation, from the store: the labels, the rows beside them, and who has scored the same elsewhere. */
import type { EvaluationRow } from '../../store/evaluations.ts';
import type { Store } from '../../store/store.ts';
import { examplesOfPart } from '../compare/load.ts';
import { createLabelled, type Judgement, type Labelled, type LabelledFacts } from './labelled.ts';
import { type Ratings, ratingsOf } from './ratings.ts';
import { createPopulation, type Population } from './sample.ts';

type WithEvaluations = Pick<Store, 'evaluations'>;

/** Of scorers all that people have said, whichever evaluation it was about. */
export async function loadRatings(
  { evaluations }: WithEvaluations,
  scorers: Iterable<{ readonly id: string }>,
): Promise<Ratings> {
  const ids = new Set([...scorers].map(({ id }) => id));
  const labels = await Promise.all([...ids].map((id) => evaluations.labels(id)));
  return ratingsOf(labels.flat());
}

/** Labelled subjects that this evaluation's version of a scorer has scored in others, the newest. */
export async function loadElsewhere(
  { evaluations }: WithEvaluations,
  { evaluationId, pins }: Pick<LabelledFacts, 'evaluationId' | 'pins'>,
  ratings: Ratings,
  scorer: string,
): Promise<readonly Judgement[]> {
  const version = pins?.scorerVersions[scorer];
  const subjects = [...(ratings.get(scorer)?.keys() ?? [])];
  if (version === undefined || subjects.length === 0) return [];
  const found = await evaluations.scored(scorer, subjects, { version, except: evaluationId });
  return found.flatMap(({ subject, exampleId, score }) =>
    score === null ? [] : [{ subject, exampleId, score, variant: ELSEWHERE }],
  );
}

/** No variant of the evaluation that is looked at. */
const ELSEWHERE = -1;

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
  const examples: { id: string; tags: readonly string[] }[] = [];
  for await (const { id, tags = [] } of examplesOfPart(store, spec.dataset)) examples.push({ id, tags });
  const labelled = createLabelled({ evaluationId, spec, pins, examples }, ratings);
  const populations = new Map(spec.scorers.map(({ id }) => [id, createPopulation(id)]));
  for await (const row of store.evaluations.eachResult(evaluationId, { scoresOnly: true })) {
    labelled.add(row);
    for (const population of populations.values()) population.add(row);
  }
  return { labelled, populations };
}
