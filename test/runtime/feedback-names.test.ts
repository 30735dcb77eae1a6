/** Who gives feedback: as they are named, and with which key, over a store with its real tables. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFeedbackClient } from '../../src/client/feedback-client.ts';
import type { Store } from '../../src/store/store.ts';
import { startStore, type TestStore } from '../support/test-store.ts';

const APP = { keyId: 'aaaaaaaaaaaa', name: 'app' };
const OTHER = { keyId: 'bbbbbbbbbbbb', name: 'other' };

let running: TestStore;
let store: Store;
beforeAll(async () => {
  running = await startStore();
  store = running.store;
});
afterAll(() => running?.stop());

async function newRun(runId: string): Promise<string> {
  await store.runs.begin({
    ...{ runId, pipeline: 'named', planId: 'p', arms: {}, unit: null, input: {}, idempotencyKey: null },
  });
  return runId;
}
const give = (runId: string, by?: string, sentWith?: typeof APP) =>
  createFeedbackClient(store).feedback(
    runId,
    { thumb: 'up' },
    { ...(by !== undefined && { by }), ...(sentWith && { sentWith }) },
  );

describe('the name of who gives feedback', () => {
  test.each([
    ...['key:app', 'monitor:grounded@1', 'Key:app', 'MONITOR:x', ' key:app', 'key :app', 'k e y:app', '\tmonitor\n: x'],
    ...['\u200bkey:app', 'ke\u200dy:app', 'key\u2060:app', '\ufeffmonitor:x', 'mon\u00aditor:x', '\u00a0key:app'],
    ...['\uff4b\uff45\uff59:app', 'key\uff1aapp', '\u{1d424}ey:app', 'key\ua789app', 'key\u2236app'],
  ])('%j is refused: only keys and monitors sign so', async (by) => {
    const runId = await newRun(`run-refused-${Buffer.from(by).toString('hex')}`);
    await expect(give(runId, by, APP)).rejects.toMatchObject({ code: 'feedback_invalid', data: { problems: ['by'] } });
    await expect(give(runId, by)).rejects.toMatchObject({ code: 'feedback_invalid' });
  });

  test('has a visible character', async () => {
    await expect(give(await newRun('run-blank'), '\u200b \u2060')).rejects.toMatchObject({ code: 'feedback_invalid' });
  });

  test.each(['ada', 'keynote: ada', 'monitoring', 'Zoë', 'a key: b'])('%j is kept as it is written', async (by) => {
    expect(await give(await newRun(`run-kept-${by.replaceAll(/\W/g, '-')}`), by, APP)).toMatchObject({ by });
  });
});

describe('the key that sends feedback', () => {
  test('is recorded beside the name, and signs where nobody is named', async () => {
    const runId = await newRun('run-recorded');
    await give(runId, 'ada', APP);
    await give(runId, undefined, OTHER);
    await give(runId, 'eve');
    expect((await store.feedback.ofRun(runId)).map(({ by, keyId }) => [by, keyId])).toEqual([
      ['ada', APP.keyId],
      ['key:other', OTHER.keyId],
      ['eve', null],
    ]);
  });

  test('has 20 names for a run, and another key has its own', async () => {
    const runId = await newRun('run-names');
    for (let n = 0; n < 20; n += 1) await give(runId, `person ${n}`, APP);
    await expect(give(runId, 'person 20', APP)).rejects.toMatchObject({
      ...{ code: 'feedback_names_full', data: { most: 20 } },
      message: expect.stringContaining('20 names'),
    });
    expect(await give(runId, 'person 7', APP)).toMatchObject({ by: 'person 7' });
    expect(await give(runId, 'person 20', OTHER)).toMatchObject({ by: 'person 20' });
    expect(await give(await newRun('run-names-2'), 'person 20', APP)).toMatchObject({ by: 'person 20' });
  });

  test('has 20 names for a run also when feedback comes at the same time', async () => {
    const runId = await newRun('run-at-once');
    const given = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => give(runId, `person ${n}`, APP)));
    expect(given.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
  });
});
