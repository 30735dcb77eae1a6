/** What is made ahead of what is stored is bounded for a process, however many memos it has. */
import { expect, test } from 'vitest';
import { createBacklog } from '../../../src/evaluation/memo/backlog.ts';

test('there is room again as soon as one of too many is written', async () => {
  const backlog = createBacklog(2);
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  backlog.add(one.promise);
  await backlog.room();
  backlog.add(other.promise);
  let hasRoom = false;
  const waiting = backlog.room().then(() => {
    hasRoom = true;
  });
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  other.resolve();
  await waiting;
  one.resolve();
});
