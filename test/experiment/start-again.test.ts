/** Starting a live experiment again: whether its settings changed, also where an older version stored it. */
import { expect, test } from 'vitest';
import { checkStart } from '../../src/client/experiment-client.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import type { ExperimentRow, Serving } from '../../src/store/experiments.ts';
import { planFor, specOf } from './clock-world.ts';

const helpful: ScorerSpec = {
  ...{ id: 'helpful', kind: 'step', policy: null, input: { $value: null }, definitionHash: 'none' },
  call: { step: 'judge@1', config: { model: 'openai/gpt-4.1-mini' } },
  fields: { score: { better: 'higher', format: 'share', worst: 0, best: 1 } },
};

/** As it was stored before specs had `stop.maxLate` and scorers had `judge`. */
const { metrics, ...rest } = specOf('again');
const [primary, failed] = metrics;
const stored: ExperimentSpec = {
  ...rest,
  metrics: [{ ...primary!, source: { from: 'score', scorer: 'helpful', field: 'score' } }, failed!],
  scorers: [{ spec: helpful, sample: 0.5 }],
};

/** The same definition, as it is written now. */
const written: ExperimentSpec = {
  ...stored,
  scorers: [{ spec: { ...helpful, judge: true }, sample: 0.5 }],
  stop: { ...stored.stop, maxLate: 0.05 },
  rollout: { ...stored.rollout, approval: 'manual' },
};

function startAgain(spec: ExperimentSpec, live: ExperimentSpec = stored) {
  const row = { experimentId: 'again', name: 'again', state: 'running', spec: live } as ExperimentRow;
  const serving = { experiments: [row] } as unknown as Serving;
  return checkStart(spec, serving, planFor('again-on'), async () => undefined);
}

test('an unchanged definition is live already, whichever version stored it', async () => {
  for (const live of [stored, written])
    await expect(startAgain(written, live)).rejects.toMatchObject({
      ...{ code: 'experiment_live', data: { isSame: true } },
      remedy: expect.stringContaining('sluice experiment status again'),
    });
});

test.each<[what: string, change: Partial<ExperimentSpec>]>([
  ['another share of late events', { stop: { ...written.stop, maxLate: 0.2 } }],
  ['a scorer that is no judge', { scorers: [{ spec: { ...helpful, judge: false }, sample: 0.5 }] }],
  ['other metrics', { metrics: [failed!] }],
])('%s is a change', async (_, change) => {
  await expect(startAgain({ ...written, ...change })).rejects.toMatchObject({
    ...{ code: 'experiment_live', data: { isSame: false } },
    remedy: expect.stringContaining('abort'),
  });
});
