/** Beginning a queue: which answers of an evaluation people are asked about, and what they fill in, frozen with it. */

import { randomInt } from 'node:crypto';
import type { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import type { AnyScorer } from '../dsl/scorer.ts';
import { fieldsOfScorer, fieldsOfSpec } from '../evaluation/calibration/label-file.ts';
import { type Asked, createPopulation, drawSample, type Population } from '../evaluation/calibration/sample.ts';
import { type ScorerSpec, scorerIdentity } from '../model/evaluation-spec.ts';
import { NewReview, ReviewNote } from '../model/new-review.ts';
import { REVIEW_LIMITS } from '../model/review-queue.ts';
import { hashJson } from '../plan/id.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { QueueRow } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';

const ORDER_SEEDS = 2 ** 31;

export interface Starting {
  readonly store: Pick<Store, 'reviews' | 'evaluations'>;
  /** The project's scorers of a pipeline: questions that accompany scores are in no evaluation. */
  readonly scorersOf: (pipeline: string) => readonly AnyScorer[];
  readonly redaction: Redaction;
}

/**
 * @param by for the audit
 * @throws SluiceError `review_invalid`, `review_exists`, `review_empty`, `reviews_full`, `scorer_unknown`,
 *   `evaluation_unknown`, `evaluation_ambiguous`
 */
export async function startReview(
  { store, scorersOf, redaction }: Starting,
  request: NewReview,
  by: string,
): Promise<QueueRow> {
  const { name, sample, seed, reviewers, question, guidelines, unlabelled, ...asked } = readNewReview(request);
  const evaluation = await store.evaluations.get(asked.evaluation);
  const scorer = findScorer(evaluation, asked.scorer);
  const identity = scorerIdentity(evaluation.spec, scorer);
  const defined = scorersOf(identity.pipeline).find(
    ({ id, spec }) => id === scorer.id && spec.definitionHash === identity.version,
  );
  const { population, same } = await subjectsOf(store, evaluation, scorer);
  const known = new Set(unlabelled ? (await store.evaluations.labels(identity)).map(({ subject }) => subject) : []);
  const open = population.filter(({ subject }) => !known.has(subject));
  if (open.length === 0) throw nothingToAsk(evaluation, scorer, { population: population.length, same });
  const isPair = scorer.kind === 'pair';
  const fields = defined === undefined ? fieldsOfSpec(scorer) : fieldsOfScorer(defined);
  const words = (text: string | undefined): string | null => (text === undefined ? null : redaction.text(text));
  return store.reviews.start({
    ...{ name, evaluationId: evaluation.evaluationId, ...identity, kind: isPair ? 'pair' : 'fields' },
    question: words(question) ?? defined?.rubric?.question ?? null,
    guidelines: words(guidelines),
    fields: isPair ? [] : [...fields.values()],
    // The audit shows the sample's seed. The order of answers has a secret seed of its own.
    ...{ reviewers, sampleSeed: seed, seed: randomInt(ORDER_SEEDS), startedBy: by },
    items: drawSample(open, sample, seed)
      .slice(0, REVIEW_LIMITS.items)
      .map(({ subject, exampleId, variant, repeat }) => ({ subject, exampleId, variant, repeat })),
  });
}

function findScorer({ evaluationId, spec }: EvaluationRow, id: string): ScorerSpec {
  const found = spec.scorers.find((scorer) => scorer.id === id);
  if (found !== undefined) return found;
  const known = spec.scorers.map((scorer) => scorer.id);
  throw new SluiceError('scorer_unknown', {
    message: `${evaluationId} has no scorer '${id}'`,
    remedy: suggest(id, known, 'it has none at all'),
    data: { name: id, known },
  });
}

interface Subjects {
  readonly population: readonly Asked[];
  /** Pairs of which both answers are the same: there is nothing to ask. */
  readonly same: number;
}

async function subjectsOf(
  { evaluations }: Pick<Store, 'evaluations'>,
  { evaluationId }: EvaluationRow,
  { id, kind }: ScorerSpec,
): Promise<Subjects> {
  const population = createPopulation(id);
  if (kind !== 'pair') {
    for await (const row of evaluations.eachResult(evaluationId, { scoresOnly: true })) population.add(row);
    return { population: [...population.subjects.values()], same: 0 };
  }
  return pairsOf(evaluations, evaluationId, population);
}

/** Pairs each variant's row with the baseline's, which comes first. Pairs with a missing answer are left out. */
async function pairsOf(evaluations: Store['evaluations'], evaluationId: string, population: Population) {
  const outputs = new Map<number, string>();
  let exampleId: string | undefined;
  let same = 0;
  for await (const row of evaluations.eachResult(evaluationId)) {
    if (row.exampleId !== exampleId) outputs.clear();
    exampleId = row.exampleId;
    if (row.outcome === 'failed' || row.outcome === 'missing') continue;
    const output = hashJson(row.output);
    if (row.variant === 0) outputs.set(row.repeat, output);
    else if (outputs.get(row.repeat) === output) same += 1;
    else if (outputs.has(row.repeat)) population.add(row);
  }
  return { population: [...population.subjects.values()], same };
}

function nothingToAsk(
  { evaluationId }: EvaluationRow,
  { id }: ScorerSpec,
  { population, same }: { readonly population: number; readonly same: number },
): SluiceError {
  const data = { evaluationId, scorer: id, population, same };
  if (population > 0)
    return new SluiceError('review_empty', {
      message: `all ${population} answers that '${id}' has in ${evaluationId} have labels`,
      remedy: 'ask about labelled ones, too: leave out `unlabelled`',
      data,
    });
  return new SluiceError('review_empty', {
    message:
      same > 0
        ? `all ${same} pairs of ${evaluationId} are of two answers that are the same`
        : `'${id}' has nothing in ${evaluationId} that people could be asked about`,
    remedy: same > 0 ? 'ask about variants that differ' : `see how it stands: sluice eval status ${evaluationId}`,
    data,
  });
}

/** @throws SluiceError `review_invalid`, naming what does not fit */
function readNewReview(given: NewReview): z.output<typeof NewReview> {
  const { data, error } = NewReview.safeParse(given);
  if (data !== undefined) return data;
  const problems = error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new SluiceError('review_invalid', {
    message: `this is no review queue: ${problems.join('; ')}`,
    remedy: 'correct that; sluice review start --help shows what it takes',
    data: { problems },
  });
}

/** @throws SluiceError `note_invalid` */
export function checkNote(note: string): string {
  const { data, error } = ReviewNote.safeParse(note);
  if (data !== undefined) return data;
  throw new SluiceError('note_invalid', {
    message: `what is said beside it cannot be kept: ${error.issues.map(({ message }) => message).join('; ')}`,
    remedy: `say it in 1 to ${showWhole(REVIEW_LIMITS.noteLength)} characters`,
  });
}
