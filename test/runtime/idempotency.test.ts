/** A request that is repeated with its idempotency key, over a store with its real tables. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Runnable } from '../../src/client/client.ts';
import { beginRun, runIdOf } from '../../src/client/start-run.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { planId } from '../../src/plan/id.ts';
import type { RunBudget } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { startStore, type TestStore } from '../support/test-store.ts';

const Text = z.object({ text: z.string() });
const echo = defineStep('echo', {
  ...{ version: 1, input: Text, output: Text, effect: 'none' },
  policy: { attempts: 1, timeout: '5 seconds' },
});
const bot = definePipeline('bot', Text)
  .step('said', echo, ({ input }) => input)
  .output(Text, ({ said }) => said);

let running: TestStore;
let store: Store;
beforeAll(async () => {
  running = await startStore();
  store = running.store;
  await store.plans.put(planId(bot.plan), bot.plan);
});
afterAll(() => running?.stop());

interface Request {
  readonly key: string;
  readonly text?: string;
  readonly unit?: string;
  /** The unit that an experiment reads off the input. */
  readonly read?: string;
  /** As the request has it. */
  readonly budget?: RunBudget;
  /** Of the environment, for requests without one. */
  readonly settings?: RunBudget;
}

const send = ({ key, text = 'hello', unit, read, budget, settings = {} }: Request) =>
  beginRun(store, {
    ...{ runId: runIdOf(bot.id, key), planId: planId(bot.plan), input: { text }, idempotencyKey: key, owner: 'mo' },
    pipeline: {
      ...bot,
      served: { unit: unit ?? read ?? null, isUnitGiven: unit !== undefined, assignments: [] },
    } as unknown as Runnable,
    budget: { ...settings, ...budget },
    askedBudget: budget ?? null,
  });

const conflict = (about: string) => ({
  code: 'idempotency_conflict',
  message: expect.stringContaining(`with another ${about}`),
});

describe('an idempotency key', () => {
  test('finds the run of the same request', async () => {
    const request = { key: 'same', unit: 'user-7', budget: { usd: 1, tokens: 5 } };
    const { row } = await send(request);
    expect((await send({ ...request, budget: { tokens: 5, usd: 1 } })).row.runId).toBe(row.runId);
  });

  test('finds it after the settings that complete its budget have changed', async () => {
    const { row } = await send({ key: 'settings', budget: { tokens: 5 }, settings: { usd: 1 } });
    const again = await send({ key: 'settings', budget: { tokens: 5 }, settings: { usd: 2 } });
    expect(again.row).toMatchObject({ runId: row.runId, budget: { usd: 1, tokens: 5 } });
  });

  test('finds it when an experiment that began since reads the unit off the input', async () => {
    const { row } = await send({ key: 'experiment' });
    const again = await send({ key: 'experiment', read: 'user-7' });
    expect(again.row.runId).toBe(row.runId);
  });

  test.each([
    ['input', { text: 'other' }],
    ['unit', { unit: 'user-8' }],
    ['unit', { unit: undefined }],
    ['budget', { budget: { usd: 2 } }],
    ['budget', { budget: { usd: 1, tokens: 5 } }],
    ['budget', { budget: undefined }],
  ])('is refused with another %s: %j', async (about, other) => {
    const request = { key: `other-${JSON.stringify(other)}-${about}`, unit: 'user-7', budget: { usd: 1 } };
    await send(request);
    await expect(send({ ...request, ...other } as Request)).rejects.toMatchObject(conflict(about));
  });

  test('of a run from before budgets were kept as asked finds the same request, and refuses another budget', async () => {
    const request = { key: 'before', unit: 'user-7', budget: { usd: 1 }, settings: { tokens: 9 } };
    const { row } = await send(request);
    await running.database.query('update run set request = null where run_id = $1', [row.runId]);
    expect((await send({ ...request, settings: {} })).row.runId).toBe(row.runId);
    await expect(send({ ...request, budget: { usd: 2 } })).rejects.toMatchObject(conflict('budget'));
    await expect(send({ ...request, unit: 'user-8' })).rejects.toMatchObject(conflict('unit'));
  });

  test('of a run from before units of variants were kept finds the same request', async () => {
    const request = { key: 'unitless', unit: 'user-7' };
    const { row } = await send(request);
    await running.database.query('update run set request = null, unit = null where run_id = $1', [row.runId]);
    expect((await send(request)).row.runId).toBe(row.runId);
  });
});
