import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createRecordRun } from '../../activities/record-run.ts';
import { SluiceError } from '../../src/base/errors.ts';
import type { RunRecord } from '../../src/model/run-messages.ts';
import type { Json } from '../../src/plan/plan.ts';
import { NOTHING_SPENT } from '../../src/store/spending.ts';
import type { Store } from '../../src/store/store.ts';

const record = (output: Json): RunRecord => ({ outcome: 'completed', output, error: null, finishedAt: 0 });

/** What the activity asks of the store when it records this output. */
async function stored(output: Json, complete: Store['runs']['complete'] = async () => true) {
  const asked: Json[] = [];
  const runs = {
    complete: (runId: string, completion: { readonly output: Json }) => {
      asked.push(completion.output);
      return complete(runId, completion as never);
    },
    spending: async () => NOTHING_SPENT,
  } as unknown as Store['runs'];
  await new MockActivityEnvironment().run(createRecordRun(runs), { nodes: [], run: record(output) });
  return asked;
}

test('text that PostgreSQL cannot hold is recorded without what it cannot hold', async () => {
  expect(await stored({ text: 'a\0b', list: ['\ud800'], fine: 'äö 🙂' })).toEqual([
    { text: 'a\u{FFFD}b', list: ['\u{FFFD}'], fine: 'äö 🙂' },
  ]);
});

test('a run without a row ends all the same; any other failure is tried again', async () => {
  const failWith = (code: string) => async () => {
    throw new SluiceError(code, { message: code, remedy: 'none' });
  };
  await expect(stored('x', failWith('run_unknown'))).resolves.toEqual(['x']);
  await expect(stored('x', failWith('database_unreachable'))).rejects.toMatchObject({ code: 'database_unreachable' });
});

test('what the run has cost comes back once it is recorded, and nothing where nothing is known of it', async () => {
  const costOf = (costUsd: number | null) => {
    const runs = { complete: async () => true, spending: async () => ({ ...NOTHING_SPENT, costUsd }) };
    const recordRun = createRecordRun(runs as unknown as Store['runs']);
    return new MockActivityEnvironment().run(recordRun, { nodes: [], run: record(null) });
  };
  expect(await costOf(0.25)).toEqual({ costUsd: 0.25 });
  expect(await costOf(null)).toBeUndefined();
});
