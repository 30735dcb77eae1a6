/** `sluice runs views`: what is kept is what the screen of runs reads. */
import { describe, expect, it, vi } from 'vitest';
import { fakeRuntime, run } from './fakes.ts';

const kept = { screen: 'runs', by: 'kim', at: 0 };
const save = vi.fn(async (view: object) => ({ ...view, at: 0 }));
const remove = vi.fn(async () => true);
const views = {
  save,
  remove,
  list: async () => [
    { ...kept, name: 'dear', view: { sort: { by: 'costUsd', descending: true } } },
    { ...kept, name: 'odd', view: ['no view'] },
  ],
};
const { runtime } = fakeRuntime({ store: { views } });
const sluice = (...words: readonly string[]) =>
  run(['runs', 'views', ...words], { runtime, environment: { USER: 'kim' } });

describe('sluice runs views', () => {
  it('lists what each shows', async () => {
    const { stdout } = await sluice();
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      'dear  all runs; sorted by costUsd, the most first  kim  1970-01-01 00:00:00 UTC',
      'odd   what cannot be read                          kim  1970-01-01 00:00:00 UTC',
    ]);
  });

  it('saves on top of another, as the screen reads it', async () => {
    const line = ['save', 'slow and dear', '--view', 'dear', '--where', 'latency > 2s', '--columns', 'run,costUsd'];
    const { stdout } = await sluice(...line);
    expect(save).toHaveBeenCalledWith({
      ...{ screen: 'runs', name: 'slow and dear', by: 'kim' },
      view: {
        where: [{ field: 'latencyMs', op: '>', value: 2_000 }],
        sort: { by: 'costUsd', descending: true },
        columns: ['run', 'costUsd'],
      },
    });
    expect(stdout).toContain('sluice runs --view "slow and dear"');
  });

  it('removes one by its beginning', async () => {
    const { stdout } = await sluice('remove', 'de');
    expect(remove).toHaveBeenCalledWith('runs', 'dear', 'kim');
    expect(stdout).toContain("removed 'dear'");
  });

  it.each([
    [['remove', 'deer'], "did you mean 'dear'?", 1],
    [['save', 'x', '--view', 'odd'], 'is no view of runs', 1],
    [['save', 'a/b'], 'leave out slashes', 2],
    [['save', 'x'.repeat(101)], 'give 1 to 100 characters', 2],
  ])('refuses %j', async (words, why, exit) => {
    const { code, stderr } = await sluice(...words);
    expect(stderr).toContain(why);
    expect(code).toBe(exit);
  });
});
