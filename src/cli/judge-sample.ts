/** What raters are given: subjects of one scorer, drawn at random, with all that there is to read about them, as text. */
import { SluiceError } from '../base/errors.ts';
import { count } from '../base/format.ts';
import type { LabelFields } from '../evaluation/calibration/label-file.ts';
import { loadRatings } from '../evaluation/calibration/labelled.ts';
import {
  type Asked,
  createPopulation,
  drawSample,
  readContents,
  type ShownSubject,
  toLabelCsv,
  toLabelLines,
  type WithContents,
} from '../evaluation/calibration/sample.ts';
import type { FileFormat } from '../evaluation/dataset-file.ts';
import { type ScorerSpec, scorerIdentity } from '../model/evaluation-spec.ts';
import { describeField, WINNERS } from '../model/review-queue.ts';
import { randomFrom } from '../stats/random.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { fieldsFor, findJudged, findScorer } from './judge-scorers.ts';
import type { Session } from './session.ts';

export interface SampleRequest {
  readonly evaluation: string;
  readonly scorer: string;
  readonly sample: number;
  readonly seed: number;
  readonly format: FileFormat;
  readonly unlabelled: boolean;
  readonly showsVerdicts: boolean;
}

export interface DrawnSample {
  readonly evaluationId: string;
  readonly scorer: string;
  readonly text: string;
  /** Those drawn, of those that there are. */
  readonly subjects: number;
  readonly population: number;
  /** What raters fill in, in words. */
  readonly toFillIn: string;
}

/** @throws SluiceError `nothing_to_export`; those of `findJudged` and `findScorer` */
export async function sampleToLabel(
  session: Session,
  store: Pick<Store, 'evaluations' | 'datasets'>,
  request: SampleRequest,
): Promise<DrawnSample> {
  const { sample, seed, format, unlabelled, showsVerdicts } = request;
  const evaluation = await findJudged(store, request.evaluation);
  const scorer = findScorer(evaluation, request.scorer);
  const { population, open } = await subjectsOf(store, evaluation, scorer, unlabelled);
  if (open.length === 0) throw nothingToLabel(evaluation, scorer, population);
  const fields = await fieldsFor(session, scorer);
  const subjects = await readSubjects(store, evaluation, scorer, drawSample(open, sample, seed), seed);
  const settings = { ...scorerIdentity(evaluation.spec, scorer), fields: [...fields.keys()], showsVerdicts };
  return {
    evaluationId: evaluation.evaluationId,
    scorer: scorer.id,
    text: format === 'csv' ? toLabelCsv(subjects, settings) : toLabelLines(subjects, settings),
    subjects: subjects.length,
    population,
    toFillIn: toFillIn(scorer, fields),
  };
}

async function subjectsOf(
  store: Pick<Store, 'evaluations'>,
  { evaluationId, spec }: EvaluationRow,
  scorer: ScorerSpec,
  unlabelled: boolean,
): Promise<{ readonly population: number; readonly open: readonly Asked[] }> {
  const population = createPopulation(scorer.id);
  for await (const row of store.evaluations.eachResult(evaluationId, { scoresOnly: true })) population.add(row);
  const all = [...population.subjects.values()];
  const known = unlabelled ? (await loadRatings(store, { ...spec, scorers: [scorer] })).get(scorer.id) : undefined;
  return { population: all.length, open: all.filter(({ subject }) => known?.has(subject) !== true) };
}

/** What there is to read about each, in the order drawn. */
async function readSubjects(
  store: WithContents,
  evaluation: EvaluationRow,
  { kind }: ScorerSpec,
  drawn: readonly Asked[],
  seed: number,
): Promise<readonly ShownSubject[]> {
  const contents = await readContents(store, evaluation, drawn);
  const random = randomFrom(seed);
  return drawn.map((asked) => {
    const baseline = contents.row({ ...asked, variant: 0 });
    const pair = kind === 'pair' && baseline !== undefined ? { baseline, isSwapped: random.index(2) === 1 } : null;
    return { subject: asked.subject, example: contents.example(asked)!, row: contents.row(asked)!, pair };
  });
}

function toFillIn({ kind }: ScorerSpec, fields: LabelFields): string {
  if (kind === 'pair') return `rater; winner (${WINNERS.join(', ')}); note`;
  const named = [...fields.values()].map((field) => `${field.name} (${describeField(field)})`);
  return `rater; ${named.join('; ')}; note`;
}

function nothingToLabel({ evaluationId }: EvaluationRow, { id }: ScorerSpec, population: number): SluiceError {
  return new SluiceError('nothing_to_export', {
    message:
      population === 0
        ? `'${id}' has scored nothing in ${evaluationId}`
        : `all ${count(population, 'answer')} that '${id}' has in ${evaluationId} have labels`,
    remedy: population === 0 ? `see how it stands: sluice eval status ${evaluationId}` : 'leave out --unlabelled',
    data: { evaluationId, scorer: id, population },
  });
}
