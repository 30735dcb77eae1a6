/** The whole path once, on real servers: a run with its record and its trace, and a small evaluation. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadTrace } from '../../src/telemetry/load-trace.ts';
import { example, implementSmall, newWorld, planOf, small, smallSpec } from '../evaluation/small-evaluation.ts';
import { type Live, startLive } from '../support/live.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive(() => implementSmall(newWorld()));
});
afterAll(() => live?.stop());

test('a run > is answered, recorded and shown as a trace', async () => {
  const { runId, ...result } = await live.client.run(small, { text: 'Hello' });
  expect(result).toMatchObject({ outcome: 'completed', output: { text: 'hello.' }, error: null });
  expect(await live.store.runs.get(runId)).toMatchObject({ state: 'completed', pipeline: 'small' });
  const trace = await loadTrace({ store: live.store, urlOf: live.client.urlOf }, runId);
  expect(trace).toMatchObject({
    state: 'completed',
    input: { value: { text: 'Hello' } },
    output: { value: { text: 'hello.' } },
    nodes: [
      { key: 'lower', step: 'lower@1', outcome: 'completed', attempts: [{ attempt: 1, outcome: 'completed' }] },
      { key: 'draft', step: 'draft@1', outcome: 'completed', output: { value: { text: 'hello.' } } },
    ],
  });
});

test('an evaluation > fills each cell of both variants', async () => {
  const examples = ['One', 'Two', 'Three'].map((text) => example(text, text, `${text.toLowerCase()}!`));
  const { version } = (await live.store.datasets.put('texts', examples, 'test')).version;
  const spec = smallSpec(version, examples.length);
  const started = await live.client.startEvaluation({ spec, plans: planOf(), budgetUsd: null, startedBy: 'test' });
  expect(await live.client.followEvaluation(started.evaluationId)).toMatchObject({ state: 'completed' });
  const rows = await Array.fromAsync(live.store.evaluations.eachResult(started.evaluationId));
  const scores = rows.map(({ variant, cells }) => [variant, cells.overlap]);
  expect(scores).toHaveLength(6);
  for (const [variant, cell] of scores) expect(cell).toMatchObject({ state: 'done', score: { score: variant } });
});
