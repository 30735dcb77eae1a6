import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { startClock } from '../../src/client/experiment-clock.ts';
import type { RolloutInput } from '../../src/model/experiment-messages.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import { specOf } from '../experiment/clock-world.ts';

/** Where a rollout goes on whose workflow is started anew. */
async function placeOf(change: Partial<ExperimentRow>): Promise<RolloutInput['at']> {
  const inputs: RolloutInput[] = [];
  const temporal = {
    workflow: { signalWithStart: async (_: string, { args }: { args: [RolloutInput] }) => void inputs.push(args[0]) },
  };
  const spec = specOf('lost', { rollout: { steps: [0.1, 0.5, 1] } });
  const row = { experimentId: 'lost', pipeline: 'lost-on', spec, state: 'rolling', winner: 'warm', ramp: 0, ...change };
  const store = { ledger: { lastLook: async () => undefined } };
  const queues = { control: 'control', eval: 'eval' };
  await startClock(
    { temporal: temporal as unknown as Client, store: store as never, queues },
    row as unknown as ExperimentRow,
  );
  return inputs[0]!.at;
}

test('a rollout that is started anew is on its step, and stays there where somebody has said so', async () => {
  expect(await placeOf({ reason: 'superior' })).toBeUndefined();
  expect(await placeOf({ ramp: 0.5, reason: 'ramp 50 %' })).toMatchObject({ step: 1, isHeld: false });
  expect(await placeOf({ ramp: 0.5, reason: 'held: over the weekend' })).toMatchObject({ step: 1, isHeld: true });
  expect(await placeOf({ reason: 'held: not yet' })).toMatchObject({ step: -1, isHeld: true });
});
