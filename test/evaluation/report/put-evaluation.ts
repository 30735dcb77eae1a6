/**
 * An evaluation as if it had been run: four variants on as many examples as one likes, with scores, answers and holes. For
 * tests and benchmarks.
 */
import type { Store } from '../../../src/store/store.ts';
import { makeRows } from './make-rows.ts';

/** Rows of one statement's worth, so that none is larger than a chunk of an evaluation writes. */
const AT_ONCE = 5_000;

/** Resolves with its id. */
export async function putEvaluation({ datasets, evaluations }: Store, examples: number): Promise<string> {
  const { facts, rows } = makeRows({ examples, variants: 4 });
  const { dataset } = facts.spec;
  const { version } = await datasets.put(
    dataset.name,
    facts.examples.map(({ id, tags }, place) => ({
      ...{ id, tags: ['dev', ...tags] },
      input: { question: `How do I stream a response, and what does setting ${place} of the route change?` },
    })),
    'made',
  );
  const spec = { ...facts.spec, dataset: { ...dataset, version: version.version } };
  const { evaluationId } = facts;
  await evaluations.create({ evaluationId, spec, budgetUsd: null, startedBy: 'mo' });
  if (facts.pins !== null) await evaluations.pin(evaluationId, facts.pins);
  for (let from = 0; from < rows.length; from += AT_ONCE)
    await evaluations.putResults(evaluationId, rows.slice(from, from + AT_ONCE));
  await evaluations.setState(evaluationId, 'completed');
  return evaluationId;
}
