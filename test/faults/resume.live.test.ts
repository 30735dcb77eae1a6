/** kill -9 between rerank and generate: what was finished is not paid again, and the record knows of what was cut. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { killScript, killWorker } from './resume.ts';
import { ingestDocuments, openStage, type Stage, sayYes } from './stage.ts';
import type { Worker } from './worker.ts';

let stage: Stage;
let worker: Worker;
beforeAll(async () => {
  stage = await openStage({ temporalAddress: inject('temporalAddress'), cache: inject('cache') });
  worker = await stage.startWorker();
  await ingestDocuments(stage);
  await sayYes(stage.standIn);
});
afterAll(() => stage?.stop());

test('a worker that is killed: another goes on where it was, and pays for nothing again', async () => {
  const { before, repeated, inFlightAgain, answer, account } = await killWorker(stage, worker);
  expect({ before, repeated, inFlightAgain }).toEqual({ before: 3, repeated: 0, inFlightAgain: 1 });
  expect(answer).toContain('fourteen days');
  expect(account.problems).toEqual([]);
  // The provider can tell that the second request for the draft is the first one's.
  const drafts = await stage.standIn.requests({ model: 'gpt-5-mini' });
  expect(drafts.map(({ idempotencyKey }) => idempotencyKey)).toEqual(Array(2).fill(drafts[0]!.idempotencyKey));
  expect(drafts[0]!.idempotencyKey).toContain('draft');
});

test('a script of the same steps pays for all of it again', async () => {
  const { before, repeated, inFlightAgain, answer } = await killScript(stage);
  expect({ before, repeated, inFlightAgain }).toEqual({ before: 3, repeated: 3, inFlightAgain: 1 });
  expect(answer).toContain('fourteen days');
});
