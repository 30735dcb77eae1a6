/** Scorers as plans of one step each, so that what they need is looked for as a pipeline's is, and told under their names. */

import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import { PLAN_FORMAT, type Plan } from '../plan/plan.ts';

export function scorerPlans({ scorers }: Pick<EvaluationSpec, 'scorers'>): readonly Plan[] {
  return scorers.flatMap(({ id, call, policy, input }) =>
    call === null || policy === null
      ? []
      : [{ ...EMPTY, pipeline: id, nodes: [{ kind: 'step', id, call, input, policy }] }],
  );
}

const EMPTY = { format: PLAN_FORMAT, schemas: { input: {}, output: {} }, output: { $value: null } } as const;
