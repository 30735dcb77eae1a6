/** Starts the evaluation that the rows trouble. */
import { specOf } from '../../src/evaluation/spec-of.ts';
import { speechExamples, speeches } from './evaluation-steps.ts';
import type { Scene } from './scene.ts';

export async function startSpeeches({ runtime }: Scene, dataset: string, examples: number): Promise<string> {
  const { version } = await runtime.store.datasets
    .put(dataset, speechExamples(examples, dataset), 'chaos')
    .then((put) => put.version);
  const definition = { ...speeches, dataset: { ...speeches.dataset, name: dataset }, split: null };
  const { spec, plans } = await specOf({ definition, version, count: async () => examples });
  const asked = { spec: { ...spec, definition: null }, plans, budgetUsd: null, startedBy: 'chaos' };
  return (await runtime.client.startEvaluation(asked)).evaluationId;
}
