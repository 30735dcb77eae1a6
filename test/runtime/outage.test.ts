import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ridingThrough } from '../../src/temporal/outage.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const grpc = (code: number) => Object.assign(new Error('grpc'), { code, details: '', metadata: {} });

/** A call that fails as the list says, each time after so many milliseconds, and then answers. */
function failing(failures: readonly (readonly [code: number, afterMs: number])[]) {
  let made = 0;
  return vi.fn(async () => {
    const failure = failures[made++];
    if (failure === undefined) return 'answer';
    await delay(failure[1]);
    throw grpc(failure[0]);
  });
}

async function ride(limitMs: number, call: () => Promise<string>) {
  const told: string[] = [];
  const ended = ridingThrough(limitMs, call, (message) => told.push(message)).catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return { ended: await ended, told };
}

describe('an outage of Temporal', () => {
  it('is ridden through without a word when it is short, and with one when it is long', async () => {
    expect(
      await ride(
        60_000,
        failing([
          [14, 0],
          [14, 0],
        ]),
      ),
    ).toEqual({ ended: 'answer', told: [] });
    const long = await ride(60_000, failing(Array.from({ length: 9 }, () => [14, 0] as const)));
    expect(long).toEqual({ ended: 'answer', told: [expect.stringContaining('at most 60 s')] });
  });

  it('that outlasts the limit is an error that can be tried again', async () => {
    const { ended } = await ride(5_000, failing(Array.from({ length: 99 }, () => [14, 0] as const)));
    expect(ended).toMatchObject({ code: 'temporal_unreachable', retryable: true });
  });

  it.each([
    [14, 'UpdateWorkflowExecution operation failed. Error: database or disk is full (13)'],
    [14, 'ERROR: could not extend file "base/5/2": No space left on device (SQLSTATE 53100)'],
    [13, 'write /data/temporal.db: no space left on device'],
  ])('by a full disk (gRPC code %d: %s) is named so, and can be tried again', async (code, details) => {
    const call = async () => {
      throw Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
    };
    const { ended } = await ride(5_000, call);
    expect(ended).toMatchObject({ code: 'temporal_full', message: expect.stringContaining('disk'), retryable: true });
  });

  it('is counted from its beginning: a call that had waited long for its answer has the whole limit left', async () => {
    const cut = [14, 3_600_000] as const;
    expect((await ride(5_000, failing([cut, [14, 0], cut, [14, 0]]))).ended).toBe('answer');
  });

  it('is over after the limit also when every call hangs until its deadline', async () => {
    const call = failing(Array.from({ length: 99 }, () => [4, 10_000] as const));
    expect((await ride(60_000, call)).ended).toMatchObject({ code: 'temporal_unreachable' });
    expect(call.mock.calls.length).toBeLessThan(9);
  });

  it('is known also as the cause of what the client says: an update whose call came to its deadline', async () => {
    const call = failing([[4, 0]]);
    const wrapped = () =>
      call().catch((cause: unknown) => {
        throw new WorkflowUpdateRPCTimeoutOrCancelledError('timeout', { cause: cause as Error });
      });
    expect((await ride(60_000, wrapped)).ended).toBe('answer');
  });

  it('is not what other failures are', async () => {
    expect((await ride(60_000, failing([[5, 0]]))).ended).toMatchObject({ code: 5 });
  });
});
