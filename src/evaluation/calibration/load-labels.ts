/** What people have said, from the store, and who has scored the same elsewhere. */

import { type EvaluationSpec, scorerIdentity } from '../../model/evaluation-spec.ts';
import type { Store } from '../../store/store.ts';
import type { Judgement, Labelled } from './labelled.ts';
import { type Ratings, ratingsOf } from './ratings.ts';

type WithEvaluations = Pick<Store, 'evaluations'>;

/** Of these scorers of a pipeline all that people have said, whichever evaluation it was about. */
export async function loadRatings(
  { evaluations }: WithEvaluations,
  spec: Pick<EvaluationSpec, 'pipeline' | 'scorers'>,
): Promise<Ratings> {
  const labels = await Promise.all(spec.scorers.map((scorer) => evaluations.labels(scorerIdentity(spec, scorer))));
  return ratingsOf(labels.flat());
}

/** Labelled subjects that an evaluation's version of a scorer has scored in others only, the newest. */
export async function loadElsewhere(
  { evaluations }: WithEvaluations,
  { facts, ratings, judgements }: Labelled,
  scorer: string,
): Promise<readonly Judgement[]> {
  const pinned = facts.pins?.scorerVersions[scorer];
  const defined = facts.spec.scorers.find(({ id }) => id === scorer);
  const here = new Set(judgements(scorer).map(({ subject }) => subject));
  const subjects = [...(ratings.get(scorer)?.keys() ?? [])].filter((subject) => !here.has(subject));
  if (pinned === undefined || defined === undefined || subjects.length === 0) return [];
  const found = await evaluations.scored(scorerIdentity(facts.spec, defined), subjects, {
    pinned,
    except: facts.evaluationId,
  });
  return found.flatMap(({ subject, exampleId, score }) =>
    score === null ? [] : [{ subject, exampleId, score, variant: ELSEWHERE }],
  );
}

/** No variant of the evaluation that is looked at. */
const ELSEWHERE = -1;
