/**
 * `defineScorer`: a step that is asked about finished runs. It is versioned, retried and remembered as any other step is;
 * what it reads is wired as nodes are, over the run and its example. Pairs and people are beside it.
 */
import { z } from 'zod';
import type { ScorerSpec } from '../evaluation/spec.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { completePolicy } from '../plan/policy.ts';
import type { WiringFunction } from './draft.ts';
import type { Rubric } from './human-scorer.ts';
import { callOf, checkStep, statedPolicy } from './place-step.ts';
import { checkKeys, checkName } from './refuse.ts';
import { scoreFields } from './score-fields.ts';
import { lowerScored, readScored, runScope, type ScoredPipeline } from './scored-scope.ts';
import type { AnyStep } from './step.ts';

/** What a scorer says at run time, whatever its types. */
export interface AnyScorer {
  readonly id: string;
  readonly kind: ScorerSpec['kind'];
  /** The pipeline whose runs it scores, and those of its variants. */
  readonly pipelineId: string;
  /** Name of the dataset whose `expected` it was written against, where it may read one. */
  readonly dataset: string | undefined;
  /** Undefined for a human scorer. */
  readonly step: AnyStep | undefined;
  /** What people are asked; undefined for others. */
  readonly rubric: Rubric | undefined;
  /** Frozen JSON: what an evaluation keeps of it. */
  readonly spec: ScorerSpec;
}

export function defineScorer(
  id: string,
  on: ScoredPipeline,
  step: AnyStep,
  wire: WiringFunction,
  options: { readonly config?: object; readonly scores?: object } = {},
): AnyScorer {
  checkName(id, 'a scorer named');
  const at = `scorer '${id}'`;
  const scored = readScored(on, at);
  checkStep(step, at);
  checkKeys(options, ['config', 'scores'], at);
  return toScorer({
    ...{ id, kind: 'step', step, scored, rubric: undefined },
    call: callOf(step, options.config ?? {}, at),
    policy: completePolicy(statedPolicy(step, {}, at)),
    input: lowerScored(scored, runScope(scored), wire, step.input, at),
    fields: scoreFields(step.output, options.scores, at),
  });
}

type Parts = Omit<ScorerSpec, 'definitionHash'> & {
  readonly step: AnyStep | undefined;
  readonly rubric: Rubric | undefined;
  readonly scored: ReturnType<typeof readScored>;
};

/** The scorer as authors hold it. `asked`: what people read, which is part of what a human scorer is. */
export function toScorer({ step, rubric, scored, ...parts }: Parts, asked?: Json): AnyScorer {
  const { id, kind, call, input, fields } = parts;
  const defined = { kind, call, input, fields, ...(asked !== undefined && { asked }) };
  const spec: ScorerSpec = Object.freeze({ ...parts, definitionHash: hashJson(defined as unknown as Json) });
  const { internals, dataset } = scored;
  return Object.freeze({ id, kind, pipelineId: internals.id, dataset: dataset?.name, step, rubric, spec });
}

/** What its scores are, as a schema: what metrics are made of. */
export function scoreSchema({ kind, step, rubric, spec }: AnyScorer): z.ZodObject {
  const shape = (rubric?.fields ?? step!.output).shape;
  const scores = Object.keys(spec.fields).map((field) => [field, kind === 'pair' ? z.number() : shape[field]!]);
  return z.object(Object.fromEntries(scores));
}
