/** An evaluation of two variants on ten examples, three times each, for tests. */
import type { EvaluationSpec } from '../../src/model/evaluation-spec.ts';
import type { EvaluationRow } from '../../src/store/evaluations.ts';
import type { Subject } from './suite.ts';

export const specOf = (name: string, more: Partial<EvaluationSpec> = {}): EvaluationSpec => ({
  format: 1,
  definition: name,
  name,
  pipeline: 'bot',
  dataset: { name: 'd', version: 'f'.repeat(64), split: 'dev', tag: null, examples: 10 },
  variants: [
    { name: 'baseline', planId: 'p0' },
    { name: 'hybrid', planId: 'p1' },
  ],
  scorers: [],
  metrics: [],
  repeats: 3,
  mode: 'compare',
  alpha: 0.05,
  ...more,
});

export const createEvaluation = (
  { store }: Pick<Subject, 'store'>,
  evaluationId: string,
  budgetUsd: number | null = null,
  spec = specOf(evaluationId),
): Promise<EvaluationRow> => store.evaluations.create({ evaluationId, spec, budgetUsd, startedBy: 'mo' });
