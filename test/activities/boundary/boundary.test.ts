import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createBoundary } from '../../../src/boundary/boundary.ts';
import { type Attempt, implement, type StepContext } from '../../../src/boundary/implement.ts';
import { defineStep } from '../../../src/index.ts';
import type { Payloads } from '../../../src/store/claims.ts';

const Text = z.object({ text: z.string() });
const echo = defineStep('echo', {
  version: 3,
  input: Text,
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});
const payloads: Payloads = { put: async () => undefined, get: async () => new Map() };

type Run = (input: { text: string }, context: StepContext<unknown>) => { text: string } | Promise<{ text: string }>;

function attemptAt(run: Run, more: Partial<Attempt> = {}) {
  const boundary = createBoundary({ payloads }, implement(echo, run));
  return boundary({
    step: echo,
    config: {},
    input: { text: 'hello' },
    runId: 'run-1',
    key: 'draft[2]',
    call: 'step',
    attempt: 1,
    timeoutMs: 1_000,
    heartbeatMs: undefined,
    beats: 'timer',
    signal: new AbortController().signal,
    heartbeat: () => undefined,
    ...more,
  });
}

/** Node collects garbage on demand only where a flag says so; this one can be set while it runs. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const collected = (held: WeakRef<AbortSignal>): boolean => {
  collectGarbage();
  return held.deref() === undefined;
};

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('the boundary', () => {
  test('gives a step its input and context, and takes its output', async () => {
    const keys: string[] = [];
    const run: Run = ({ text }, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return { text: text.toUpperCase() };
    };
    expect(await attemptAt(run)).toEqual({ text: 'HELLO' });
    await attemptAt(run, { call: 'fallback' });
    expect(keys).toEqual(['run-1:draft[2]', 'run-1:draft[2]:fallback']);
  });

  test('refuses a wrong input before the step is called, and a wrong output after: both for good', async () => {
    const run = vi.fn<Run>(({ text }) => ({ text }));
    await expect(attemptAt(run, { input: { text: 7 } })).rejects.toMatchObject({
      code: 'StepInputInvalid',
      retryable: false,
    });
    expect(run).not.toHaveBeenCalled();
    await expect(attemptAt(() => ({ txt: 'x' }) as never)).rejects.toMatchObject({
      code: 'StepOutputInvalid',
      message: expect.stringContaining("'draft[2]' (echo@3)"),
    });
  });

  test('ends an attempt at its timeout, also when the step ignores its signal', async () => {
    let aborted = false;
    const deaf: Run = (_, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    };
    await expect(attemptAt(deaf, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout', retryable: true });
    expect(aborted).toBe(true);
  });

  test.each([undefined, 500])(
    'leaves nobody who listens to what outlives an attempt (beats: %s)',
    async (heartbeatMs) => {
      const { signal } = new AbortController();
      const inner: AbortSignal[] = [];
      const listening: Run = (input, context) => {
        inner.push(context.signal);
        context.signal.addEventListener('abort', () => undefined);
        return input;
      };
      await attemptAt(listening, { signal, heartbeatMs, beats: 'progress' });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      const held = new WeakRef(inner.pop()!);
      // Node would keep it, were it one of several signals in one.
      await expect.poll(() => collected(held)).toBe(true);
    },
  );

  test('ends a cancelled attempt at once, also when the step ignores its signal', async () => {
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const deaf: Run = () => {
      begun.resolve();
      return new Promise(() => undefined);
    };
    const waiting = attemptAt(deaf, { signal: controller.signal });
    await begun.promise;
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  test('hands on cancellation from outside', async () => {
    const controller = new AbortController();
    const waiting = attemptAt((_, { signal }) => untilAborted(signal), { signal: controller.signal });
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  test('beats on a timer while the step works', async () => {
    const { promise: beaten, resolve } = Promise.withResolvers<void>();
    const run: Run = async (input) => {
      await beaten; // three beats, or the test times out
      return input;
    };
    let beats = 0;
    const heartbeat = () => {
      if (++beats === 3) resolve();
    };
    expect(await attemptAt(run, { heartbeatMs: 15, heartbeat, timeoutMs: 30_000 })).toEqual({ text: 'hello' });
  });

  test('aborts a step that beats on its own progress and falls silent', async () => {
    const beats: unknown[] = [];
    const run: Run = async (_, { heartbeat, signal }) => {
      heartbeat(1);
      return untilAborted(signal);
    };
    const options = {
      beats: 'progress',
      heartbeatMs: 30,
      timeoutMs: 30_000,
      heartbeat: (progress: unknown) => beats.push(progress),
    } as const;
    await expect(attemptAt(run, options)).rejects.toMatchObject({ code: 'heartbeat_lost', retryable: true });
    expect(beats).toEqual([1]);
  });
});
