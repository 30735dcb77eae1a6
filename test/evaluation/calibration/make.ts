/** An evaluation whose judge and people are known: what each says of each answer is given by a function. */

import { createLabelled, type Labelled, ratingsOf } from '../../../src/evaluation/calibration/labelled.ts';
import type { EvaluationFacts } from '../../../src/evaluation/compare/comparison-report.ts';
import type { Cell, ResultRow } from '../../../src/model/evaluation-result.ts';
import type { MetricSpec, ScorerSpec } from '../../../src/model/evaluation-spec.ts';
import type { Label } from '../../../src/store/evaluations.ts';
import { examplesOf, factsOf, metricOf, rowOf, specOf } from '../compare/make.ts';

/** A subject as hashes are written: of a variant's answer to an example. */
export const subjectOf = (example: number, variant: number, of = 'a'): string =>
  `${of}${variant}${String(example).padStart(30, '0')}`;

export const JUDGE: ScorerSpec = {
  id: 'judged',
  kind: 'step',
  call: { step: 'judgeAnswer@1', config: { model: 'openai/gpt-5-mini', prompt: 'p' } },
  policy: null,
  input: { $from: ['output'] },
  fields: {
    correct: { better: 'higher', format: 'share', worst: 0, best: 1 },
    score: { better: 'higher', format: 'number', worst: 0, best: 1 },
  },
  definitionHash: 'judged-definition',
};

export const CORRECT: MetricSpec = metricOf('correct', {
  kind: 'rate',
  format: 'share',
  source: { from: 'score', scorer: 'judged', field: 'correct' },
});

export interface JudgedParts {
  readonly examples: number;
  /** What the judge says of a variant's answer; null: the run failed. */
  readonly judge: (example: number, variant: number) => number | null;
  readonly metrics?: readonly MetricSpec[];
  readonly facts?: Partial<EvaluationFacts>;
  readonly subject?: (example: number, variant: number) => string;
  readonly tags?: (example: number) => readonly string[];
}

export interface Judged {
  readonly facts: EvaluationFacts;
  readonly rows: readonly ResultRow[];
}

export function judgedEvaluation(parts: JudgedParts): Judged {
  const { examples, judge, metrics = [CORRECT], subject = subjectOf, tags = () => [] } = parts;
  const spec = specOf({ metrics, scorers: [JUDGE] });
  const facts = factsOf({ spec, examples: examplesOf(examples, (place) => ({ tags: tags(place) })), ...parts.facts });
  const rows = facts.examples.flatMap((_, example) =>
    facts.spec.variants.map((_, variant) => {
      const said = judge(example, variant);
      const cell: Cell =
        said === null
          ? { state: 'failed', reason: 'refused' }
          : { state: 'done', score: { correct: said, score: said }, subject: subject(example, variant) };
      return rowOf(example, variant, { cells: { judged: cell } });
    }),
  );
  return { facts, rows };
}

export const labelOf = (subject: string, value: Label['value'], rater = 'ada', scorer = 'judged'): Label => ({
  ...{ pipeline: 'docs-bot', scorer, version: JUDGE.definitionHash },
  ...{ subject, rater, value, note: null, labelledAt: 1_000 },
});

export function labelledOf({ facts, rows }: Judged, labels: readonly Label[]): Labelled {
  const labelled = createLabelled(facts, ratingsOf(labels));
  for (const row of rows) labelled.add(row);
  return labelled;
}
