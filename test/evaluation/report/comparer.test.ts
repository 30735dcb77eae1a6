/** What asks for a comparison is answered, whatever becomes of the thread. */
import { describe, expect, test } from 'vitest';
import type { AnswerTask } from '../../../src/evaluation/report/answer-thread.ts';
import { type ComparerOptions, createComparer } from '../../../src/evaluation/report/answers.ts';

const filename = new URL('./comparer-thread.ts', import.meta.url).href;

function open(options: Partial<ComparerOptions>) {
  const comparer = createComparer({ filename, ...options });
  return (task: string) => comparer.compare(task as unknown as AnswerTask) as Promise<unknown>;
}

describe('createComparer', () => {
  test('refuses what takes too much memory; those behind it are made in another thread', async () => {
    const ask = open({ limits: { heapMb: 16, taskMs: 30_000 } });
    const [filled, behind, last] = await Promise.allSettled([ask('fills'), ask('fine'), ask('fine')]);
    expect(filled).toMatchObject({ status: 'rejected', reason: { code: 'comparison_too_large' } });
    expect([behind, last]).toEqual(Array(2).fill({ status: 'fulfilled', value: 'fine was done' }));
  });

  test('ends what takes too long', async () => {
    await expect(open({ limits: { taskMs: 1_000 } })('hangs')).rejects.toMatchObject({ code: 'comparison_slow' });
  });

  test('tells why the thread does not start, each time, and the process goes on', async () => {
    const ask = open({ filename: new URL('./none.ts', import.meta.url).href });
    for (const _ of [1, 2]) await expect(ask('fine')).rejects.toThrow('none.ts');
  });
});
