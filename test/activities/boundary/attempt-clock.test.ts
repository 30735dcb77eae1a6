/** Whose time an attempt's waiting is: nobody's by its own clock, its own without one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAttemptClock, outOfTime, startTimer, waitsFreely } from '../../../src/boundary/attempt-clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const waits = (ms: number) => outOfTime(() => pause(ms));

/** When the timer of 100 ms was over while `work` went on: null where it was not. */
async function overAt(work: () => Promise<unknown>, isTimed = false) {
  const clock = createAttemptClock();
  const startedAt = Date.now();
  let over: number | null = null;
  const attempt = async () => {
    const timer = startTimer(100, () => {
      over = Date.now() - startedAt;
    });
    await work();
    timer.clear();
  };
  const ended = isTimed ? attempt() : clock.run(attempt);
  await vi.runAllTimersAsync();
  await ended;
  return { over, waitedMs: clock.waitedMs() };
}

describe('an attempt by its own clock', () => {
  it('has no less time for having waited, however often', async () => {
    const work = async () => {
      await waits(5_000);
      await pause(60);
      await waits(5_000);
      await pause(39);
    };
    expect(await overAt(work)).toEqual({ over: null, waitedMs: 10_000 });
  });

  it('is over when its own time is', async () => {
    const work = async () => {
      await pause(60);
      await waits(500);
      await pause(60);
    };
    expect(await overAt(work)).toEqual({ over: 600, waitedMs: 500 });
  });

  it('waits once for what it waits for at once, also where that fails', async () => {
    const fails = () =>
      outOfTime(async () => {
        await pause(200);
        throw new Error('too late');
      }).catch(() => undefined);
    expect(await overAt(() => Promise.all([waits(300), fails(), pause(20)]))).toEqual({ over: null, waitedMs: 300 });
  });

  it('may begin to count while it waits, and begin anew', async () => {
    const timed = async () => {
      const waiting = waits(200);
      const timer = startTimer(50, () => expect.unreachable());
      await waiting;
      await pause(40);
      timer.refresh();
      await pause(40);
      timer.clear();
    };
    expect(await overAt(timed)).toMatchObject({ waitedMs: 200 });
  });

  it('knows that it waits freely, and others that they do not', async () => {
    expect(await createAttemptClock().run(async () => waitsFreely())).toBe(true);
    expect(waitsFreely()).toBe(false);
  });
});

it('an attempt without one takes its waiting for its own time', async () => {
  expect((await overAt(() => waits(150), true)).over).toBe(100);
});
