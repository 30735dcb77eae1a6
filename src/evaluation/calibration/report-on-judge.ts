/** From an evaluation's rows and people's labels to what they say of one of its scorers. */
import { fieldReport } from './field-report.ts';
import type { JudgeReport } from './judge-report.ts';
import { judgeModel } from './judges.ts';
import type { Judgement, Labelled } from './labelled.ts';
import { votesOf } from './ratings.ts';
import type { Population } from './sample.ts';

export interface JudgeInput {
  readonly scorer: string;
  /** With all rows of the evaluation, as the population. */
  readonly labelled: Labelled;
  readonly population: Population;
  /** Labelled subjects that the same version has scored in other evaluations only. */
  readonly elsewhere: readonly Judgement[];
}

/** Of two-sided intervals. */
const ALPHA = 0.05;

export function reportOnJudge({ scorer: id, labelled, population, elsewhere }: JudgeInput): JudgeReport {
  const { facts, ratings } = labelled;
  const scorer = facts.spec.scorers.find((each) => each.id === id)!;
  const model = judgeModel(scorer);
  const own = [...(ratings.get(id) ?? [])];
  const here = own.filter(([subject]) => population.subjects.has(subject)).length;
  const isLabelled = (field: string): boolean => own.some(([, labels]) => votesOf(labels, field).length > 0);
  const fields = Object.keys(scorer.fields)
    .filter((field) => model !== null || isLabelled(field))
    .map((field) =>
      fieldReport({
        measured: { scorer, field, above: null },
        labelled,
        population: population.subjects,
        elsewhere,
        isJudge: model !== null,
        alpha: ALPHA,
      }),
    );
  return Object.freeze({
    evaluationId: facts.evaluationId,
    scorer: id,
    kind: scorer.kind,
    model,
    version: facts.pins?.scorerVersions[id] ?? null,
    subjects: population.subjects.size,
    labels: Object.freeze({ here, elsewhere: elsewhere.length, unscored: own.length - here - elsewhere.length }),
    fields: Object.freeze(fields),
  });
}
