/** What the conformance suite does not ask of attempts: slots, and the limit of a whole call. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Attempted, type AttemptsOptions, createSlots, makeCall } from '../../src/evaluation/attempts.ts';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

const failed = (more: { retryAfterMs?: number; lasts?: boolean; retryable?: boolean } = {}): Attempted => ({
  failure: { code: 'overloaded', message: 'busy', details: {}, retryable: true, lasts: false, ...more },
});

function options(make: AttemptsOptions['make'], more: Partial<AttemptsOptions> = {}): AttemptsOptions {
  return {
    policy: { attempts: 3, timeoutMs: 1_000, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
    slots: createSlots(1),
    room: async () => undefined,
    callLimitMs: HOUR_MS,
    signal: never,
    make,
    ...more,
  };
}

describe('slots', () => {
  it('let in so many, and then in order as others leave; each gives its slot back once', async () => {
    const slots = createSlots(2);
    const inside: number[] = [];
    const [leaveOne] = await Promise.all([slots.enter(never), slots.enter(never)]);
    for (const n of [1, 2, 3]) void slots.enter(never).then(() => inside.push(n));
    await setImmediate();
    expect(inside).toEqual([]);
    leaveOne();
    leaveOne();
    await setImmediate();
    expect(inside).toEqual([1]);
  });

  it('are not for those who gave up waiting', async () => {
    const slots = createSlots(1);
    const leave = await slots.enter(never);
    const impatient = new AbortController();
    const [gone, next] = [slots.enter(impatient.signal), slots.enter(never)];
    impatient.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    leave();
    await next;
    await expect(slots.enter(impatient.signal)).rejects.toThrow('enough');
  });
});

describe('a call', () => {
  it('has a slot while an attempt is made, and none while it waits for the next', async () => {
    const slots = createSlots(1);
    const turns: string[] = [];
    const waiting = makeCall(
      options(
        async (attempt) => {
          turns.push(`one ${attempt}`);
          return attempt === 1 ? failed({ retryAfterMs: 50 }) : { value: 'one' };
        },
        { slots },
      ),
    );
    const other = await makeCall(
      options(
        async (attempt) => {
          turns.push(`other ${attempt}`);
          return { value: 'other' };
        },
        { slots },
      ),
    );
    expect(other).toMatchObject({ outcome: { value: 'other' }, attempts: 1, lasts: true });
    expect(await waiting).toMatchObject({ outcome: { value: 'one' }, attempts: 2 });
    expect(turns).toEqual(['one 1', 'other 1', 'one 2']);
  });

  it('waits for room with its slot in hand, and is not made where there will be none', async () => {
    const slots = createSlots(1);
    const room = Promise.withResolvers<void>();
    const turns: string[] = [];
    const make = async () => {
      turns.push('made');
      return { value: 'x' };
    };
    const call = makeCall(options(make, { slots, room: () => room.promise }));
    void slots.enter(never).then(() => turns.push('entered'));
    await setImmediate();
    expect(turns).toEqual([]);
    room.reject(new Error('the database is full'));
    await expect(call).rejects.toThrow('the database is full');
    expect(turns).toEqual(['entered']);
  });

  it('is not tried again where its limit would have passed by then', async () => {
    const made = await makeCall(options(async () => failed({ retryAfterMs: HOUR_MS + 1 })));
    expect(made).toMatchObject({ attempts: 1, lasts: false, outcome: { failure: { code: 'overloaded' } } });
  });

  it('says of its failure whether it lasts, and how often it was tried', async () => {
    const passing = await makeCall(options(async () => failed()));
    expect(passing).toMatchObject({ attempts: 3, lasts: false, outcome: { failure: { retryable: true } } });
    const lasting = await makeCall(options(async () => failed({ retryable: false, lasts: true })));
    expect(lasting).toMatchObject({ attempts: 1, lasts: true, outcome: { failure: { retryable: false } } });
  });

  it('keeps a value that came in spite of a cancellation: it is paid for', async () => {
    const controller = new AbortController();
    const late = async (): Promise<Attempted> => {
      controller.abort(new Error('stop'));
      return { value: 'paid' };
    };
    expect(await makeCall(options(late, { signal: controller.signal }))).toMatchObject({ outcome: { value: 'paid' } });
  });
});
