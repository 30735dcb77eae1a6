/** From an evaluation's rows and people's labels to what they say of one of its scorers. */
import { isJudge, judgeModel, type MetricSpec } from '../../model/evaluation-spec.ts';
import { fieldReport } from './field-report.ts';
import type { JudgeReport } from './judge-report.ts';
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
  /** Labelled subjects of scorers of its id that are of no known pipeline and version. */
  readonly unattributed: number;
}

/** Of two-sided intervals. */
const ALPHA = 0.05;

export function reportOnJudge({ scorer: id, labelled, population, elsewhere, unattributed }: JudgeInput): JudgeReport {
  const { facts, ratings } = labelled;
  const scorer = facts.spec.scorers.find((each) => each.id === id)!;
  const own = [...(ratings.get(id) ?? [])];
  const here = own.filter(([subject]) => population.subjects.has(subject)).length;
  const isLabelled = (field: string): boolean => own.some(([, labels]) => votesOf(labels, field).length > 0);
  const judges = isJudge(scorer);
  const fields = Object.keys(scorer.fields)
    .filter((field) => judges || isLabelled(field))
    .flatMap((field) => thresholdsOf(facts.spec.metrics, id, field).map((above) => ({ field, above })))
    .map(({ field, above }) =>
      fieldReport({
        measured: { scorer, field, above },
        labelled,
        population: population.subjects,
        elsewhere,
        isJudge: judges,
        alpha: ALPHA,
      }),
    );
  return Object.freeze({
    evaluationId: facts.evaluationId,
    scorer: id,
    kind: scorer.kind,
    isJudge: judges,
    model: judgeModel(scorer),
    version: facts.pins?.scorerVersions[id] ?? null,
    subjects: population.subjects.size,
    labels: Object.freeze({
      ...{ here, elsewhere: elsewhere.length, unscored: own.length - here - elsewhere.length },
      unattributed,
    }),
    fields: Object.freeze(fields),
  });
}

/** What metrics ask of a field, as comparisons calibrate it; without a metric the scores themselves. */
function thresholdsOf(metrics: readonly MetricSpec[], scorer: string, field: string): readonly (number | null)[] {
  const own = metrics.filter(
    ({ source }) => source.from === 'score' && source.scorer === scorer && source.field === field,
  );
  return own.length === 0
    ? [null]
    : [...new Set(own.map(({ kind, above }) => (kind === 'share' ? (above ?? 0) : null)))];
}
