/** Restarts of a server that ends by itself: how many, what is reported, and how they are broken off. */
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { keepRunning } from '../../src/embedded/keep-running.ts';

const MINUTE_MS = 60_000;

/** A server whose processes end as the test says, on a clock that the test sets. */
function startFake(restart: (signal: AbortSignal) => Promise<void> = async () => undefined) {
  const clock = { now: 0 };
  const reports: string[] = [];
  let { promise: ended, resolve: end } = Promise.withResolvers<string>();
  let restarted = Promise.withResolvers<void>();
  const kept = keepRunning({
    name: 'fake server',
    folder: tmpdir(),
    server: {
      get ended() {
        return ended;
      },
      async restart(signal) {
        await restart(signal);
        ({ promise: ended, resolve: end } = Promise.withResolvers<string>());
      },
    },
    now: () => clock.now,
    pause: async () => undefined,
    onProgress(message) {
      reports.push(message);
      restarted.resolve();
    },
    onRestarted: async () => undefined,
  });
  return {
    ...{ kept, clock, reports },
    end: (why: string) => end(why),
    /** Resolves when the server runs again. */
    async endAndRestart(why: string) {
      restarted = Promise.withResolvers();
      end(why);
      await restarted.promise;
    },
  };
}

describe('a server that ends by itself', () => {
  test('is restarted 5 times in 10 minutes; then its end is reported', async () => {
    const { kept, end, endAndRestart, reports } = startFake();
    for (let times = 1; times <= 5; times += 1) await endAndRestart(`end ${times}`);
    end('the last end');
    expect(await kept.ended).toBe('it was restarted 5 times in 10 minutes, and ended again: the last end');
    expect(reports).toEqual([1, 2, 3, 4, 5].map((times) => `restarted the fake server: end ${times}`));
  });

  test('is restarted as often again in the next 10 minutes', async () => {
    const { kept, clock, end, endAndRestart, reports } = startFake();
    for (let times = 1; times <= 5; times += 1) await endAndRestart('it ended');
    clock.now += 10 * MINUTE_MS + 1;
    for (let times = 1; times <= 5; times += 1) await endAndRestart('it ended');
    expect(reports).toHaveLength(10);
    end('the last end');
    expect(await kept.ended).toContain('the last end');
  });

  test('counts a restart that fails as one', async () => {
    const { kept, end, reports } = startFake(() => Promise.reject(new Error('no such program')));
    end('it ended');
    expect(await kept.ended).toBe('it was restarted 5 times in 10 minutes, and ended again: no such program');
    expect(reports).toEqual(Array(5).fill('the fake server could not be restarted: no such program'));
  });
});

describe('stopping restarts', () => {
  test('breaks off the one that is under way, and reports nothing', async () => {
    const begun = Promise.withResolvers<void>();
    const { kept, end, reports } = startFake(async (signal) => {
      begun.resolve();
      await once(signal, 'abort');
      throw new Error('broken off');
    });
    end('it ended');
    await begun.promise;
    await kept.stopRestarting();
    expect(await kept.ended).toBe('broken off');
    expect(reports).toEqual([]);
  });

  test('begins none when the server is stopped afterwards', async () => {
    const { kept, end, reports } = startFake();
    await kept.stopRestarting();
    end('stopped');
    expect(await kept.ended).toBe('stopped');
    expect(reports).toEqual([]);
  });
});
