/** What people have said, from the store, and who has scored the same elsewhere. */
import type { Store } from '../../store/store.ts';
import type { ScorerSpec } from '../spec.ts';
import type { Judgement, Labelled } from './labelled.ts';
import { type Ratings, ratingsOf } from './ratings.ts';

type WithEvaluations = Pick<Store, 'evaluations'>;

/** Of scorers all that people have said, whichever evaluation it was about. */
export async function loadRatings(
  { evaluations }: WithEvaluations,
  scorers: readonly Pick<ScorerSpec, 'id'>[],
): Promise<Ratings> {
  const ids = new Set(scorers.map(({ id }) => id));
  const labels = await Promise.all([...ids].map((id) => evaluations.labels(id)));
  return ratingsOf(labels.flat());
}

/** Labelled subjects that an evaluation's version of a scorer has scored in others only, the newest. */
export async function loadElsewhere(
  { evaluations }: WithEvaluations,
  { facts, ratings, judgements }: Labelled,
  scorer: string,
): Promise<readonly Judgement[]> {
  const version = facts.pins?.scorerVersions[scorer];
  const here = new Set(judgements(scorer).map(({ subject }) => subject));
  const subjects = [...(ratings.get(scorer)?.keys() ?? [])].filter((subject) => !here.has(subject));
  if (version === undefined || subjects.length === 0) return [];
  const found = await evaluations.scored(scorer, subjects, { version, except: facts.evaluationId });
  return found.flatMap(({ subject, exampleId, score }) =>
    score === null ? [] : [{ subject, exampleId, score, variant: ELSEWHERE }],
  );
}

/** No variant of the evaluation that is looked at. */
const ELSEWHERE = -1;
