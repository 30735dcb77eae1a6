/** Evaluations that the recorded histories hold: a pipeline against a variant of it, without scorers, on numbers. */
import type { Client } from '@temporalio/client';
import { createEvaluationClient, type EvaluationClient } from '../../src/client/evaluation-client.ts';
import type { Config } from '../../src/config/config.ts';
import type { Runtime } from '../../src/host/runtime.ts';
import { definePipeline } from '../../src/index.ts';
import { type EvaluationSpec, SPEC_FORMAT } from '../../src/model/evaluation-spec.ts';
import { planId } from '../../src/plan/id.ts';
import { Amount, add, wait } from './steps.ts';

const quick = definePipeline('evaluated', Amount)
  .step('one', add, ({ input }) => ({ n: input.n }))
  .output(Amount, ({ one }) => ({ n: one.n }));
const slow = definePipeline('evaluated-slowly', Amount)
  .step('one', wait, ({ input }) => ({ n: input.n }))
  .output(Amount, ({ one }) => ({ n: one.n }));

interface Stage {
  readonly runtime: Runtime;
  readonly temporal: Client;
  readonly config: Config;
}

export interface Asked {
  readonly name: string;
  readonly examples: number;
  readonly chunksPerHistory?: number;
  /** Its steps do not end. */
  readonly isSlow?: boolean;
  /** What is declared beforehand: the same name with another number is tampered with. */
  readonly registered?: { readonly as: string; readonly alpha: number };
}

/** Starts it; the client pauses, cancels and follows it. */
export async function startEvaluation(
  { runtime, temporal, config }: Stage,
  { name, examples, chunksPerHistory, isSlow = false, registered }: Asked,
): Promise<{ readonly evaluationId: string; readonly client: EvaluationClient }> {
  const client = createEvaluationClient({
    temporal,
    store: runtime.store,
    queues: config.queues,
    check: runtime.client.check,
    ...(chunksPerHistory !== undefined && { chunksPerHistory }),
  });
  const rows = Array.from({ length: examples }, (_, n) => ({ id: `e${n}`, input: { n } }));
  const { version } = await runtime.store.datasets.put(name, rows, 'recorded').then((put) => put.version);
  const pipeline = isSlow ? slow : quick;
  const spec: EvaluationSpec = {
    format: SPEC_FORMAT,
    definition: registered?.as ?? null,
    name,
    pipeline: pipeline.id,
    dataset: { name, version, split: null, tag: null, examples },
    variants: [{ name: 'baseline', planId: planId(pipeline.plan) }],
    scorers: [],
    metrics: [],
    repeats: 1,
    mode: 'compare',
    alpha: registered?.alpha ?? 0.05,
  };
  const { evaluationId } = await client.startEvaluation({
    spec,
    plans: [pipeline.plan],
    budgetUsd: null,
    startedBy: 'recorded',
  });
  return { evaluationId, client };
}
