import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Runnable } from '../../src/client/client.ts';
import { beginRun } from '../../src/client/start-run.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { askedFor } from '../../src/model/run-fields.ts';
import type { RunStart } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';

const Text = z.object({ text: z.string() });
const echo = defineStep('echo', {
  ...{ version: 1, input: Text, output: Text, config: z.object({ mark: z.string().default('.') }), effect: 'none' },
  policy: { attempts: 1, timeout: '5 seconds' },
});
const bot = definePipeline('bot', Text)
  .step('draft', echo, ({ input }) => input)
  .output(Text, ({ draft }) => draft);
const loud = bot.variant('loud', (edit) => edit.configure('draft', { mark: '!' }));

/** The name that the run's row is listed under. */
async function nameInRow(pipeline: Runnable): Promise<string> {
  const begun: RunStart[] = [];
  const runs = {
    begin: async (start: RunStart) => {
      begun.push(start);
      return { created: true, run: start };
    },
  };
  const asked = {
    runId: 'r',
    planId: 'p',
    input: { text: '' },
    budget: null,
    askedBudget: null,
    idempotencyKey: null,
    owner: null,
  };
  await beginRun({ runs } as unknown as Store, { ...asked, pipeline });
  const [{ pipeline: id, variant = null }] = begun as [RunStart];
  return askedFor({ pipeline: id, variant });
}

test('a run of a variant is listed under the pipeline and the variant, any other run under the pipeline', async () => {
  expect(await nameInRow(loud)).toBe('bot:loud');
  expect(await nameInRow(bot)).toBe('bot');
});
