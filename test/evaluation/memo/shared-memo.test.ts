/** One memo for all that a process works on, open while somebody uses it. */
import { expect, test } from 'vitest';
import { createSharedMemo, type Memo } from '../../../src/evaluation/memo/memo.ts';

function opening() {
  const events: string[] = [];
  let opened = 0;
  const shared = createSharedMemo(async () => {
    const name = `memo ${++opened}`;
    events.push(`${name} opened`);
    return { name, close: async () => void events.push(`${name} closed`) } as unknown as Memo;
  });
  const name = (memo: Memo) => (memo as unknown as { readonly name: string }).name;
  return { events, shared, name };
}

test('is closed when the last has done with it, and opened again for the next', async () => {
  const { events, shared, name } = opening();
  const first = Promise.withResolvers<void>();
  const one = shared.use(async (memo) => {
    await first.promise;
    return name(memo);
  });
  expect(await shared.use(async (memo) => name(memo))).toBe('memo 1');
  expect(events).toEqual(['memo 1 opened']);
  first.resolve();
  expect(await one).toBe('memo 1');
  expect(await shared.use(async (memo) => name(memo))).toBe('memo 2');
  expect(events).toEqual(['memo 1 opened', 'memo 1 closed', 'memo 2 opened', 'memo 2 closed']);
});

test('who comes after a failure gets another, and who had the old one ends with it', async () => {
  const { events, shared, name } = opening();
  const first = Promise.withResolvers<void>();
  const one = shared.use(async (memo) => {
    await first.promise;
    return name(memo);
  });
  const failing = shared.use(() => Promise.reject(new Error('full')));
  await expect(failing).rejects.toThrow('full');
  expect(await shared.use(async (memo) => name(memo))).toBe('memo 2');
  first.resolve();
  expect(await one).toBe('memo 1');
  expect(events).toEqual(['memo 1 opened', 'memo 2 opened', 'memo 2 closed', 'memo 1 closed']);
});

test('a memo that could not be opened is asked for again', async () => {
  let tries = 0;
  const shared = createSharedMemo(async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return { close: async () => undefined } as unknown as Memo;
  });
  await expect(shared.use(async () => 'used')).rejects.toThrow('away');
  expect(await shared.use(async () => 'used')).toBe('used');
});
