/** The rate limiter, by the store's clock, which tests set; and by the database's own, with two processes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Allowance } from '../../src/model/limit-rules.ts';
import type { Ask, Slot } from '../../src/store/rate-limits.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** What tests of properties take of the seconds that there are. */
const RUNS = 25;

export function describeRateLimits(subject: Subject): void {
  let scopes = 0;
  const newScope = () => `scope-${scopes++}`;
  const take = (scope: string, allowance: Allowance, more: Partial<Ask> = {}): Promise<Slot> =>
    subject.store.rateLimits.take({
      scope,
      callId: 'a call',
      allowance,
      tokens: 0,
      isServing: true,
      longestWaitMs: DAY_MS,
      leaseMs: DAY_MS,
      standBackMs: 400,
      ...more,
    });
  const waitOf = (slot: Slot) => ('waitMs' in slot ? Math.round(slot.waitMs) : slot.kind);

  describe('rate limits', () => {
    test('calls leave one by one, evenly; an idle scope lets one out at once, not many', async () => {
      const scope = newScope();
      const waits = async () => {
        const slots = [];
        for (const _ of [1, 2, 3]) slots.push(await take(scope, { requestsPerMinute: 60 }));
        return slots.map(waitOf);
      };
      expect(await waits()).toEqual([0, 1_020, 2_040]);
      subject.at += MINUTE_MS;
      expect(await waits()).toEqual([0, 1_020, 2_040]);
    });

    test('tokens are paid off before the next call; what was not taken comes back, once', async () => {
      const { rateLimits } = subject.store;
      const scope = newScope();
      const allowance = { tokensPerMinute: 10_200 };
      expect(waitOf(await take(scope, allowance, { tokens: 1_000 }))).toBe(0);
      expect(waitOf(await take(scope, allowance, { tokens: 0, callId: 'next' }))).toBe(6_000);
      for (const _ of ['once', 'and again']) await rateLimits.leave(scope, 'a call', allowance, 500);
      expect(waitOf(await take(scope, allowance, { tokens: 0 }))).toBe(3_000);
      await rateLimits.leave(scope, 'next', allowance, -500);
      expect(waitOf(await take(scope, allowance, { tokens: 0 }))).toBe(6_000);
    });

    test('a slot too far away is not taken, and others do not wait for it', async () => {
      const scope = newScope();
      const allowance = { requestsPerMinute: 60 };
      await take(scope, allowance);
      expect(await take(scope, allowance, { longestWaitMs: 1_000 })).toEqual({ kind: 'later', waitMs: 1_020 });
      expect(await take(scope, allowance)).toMatchObject({ kind: 'taken', waitMs: 1_020 });
    });

    test('calls under way have places; one that is not renewed comes back', async () => {
      const { rateLimits } = subject.store;
      const scope = newScope();
      const allowance = { concurrency: 2 };
      const ask = (callId: string) => take(scope, allowance, { callId, leaseMs: 1_000 });
      for (const callId of ['a', 'b', 'a']) expect(await ask(callId)).toMatchObject({ kind: 'taken', waitMs: 0 });
      expect(await ask('c')).toEqual({ kind: 'full' });
      await rateLimits.leave(scope, 'b', allowance, 0);
      expect(await ask('c')).toMatchObject({ kind: 'taken' });
      subject.at += 900;
      await rateLimits.renew(scope, 'a', 1_000);
      await rateLimits.renew(scope, 'b', 1_000);
      subject.at += 200;
      expect(await ask('d')).toMatchObject({ kind: 'taken' });
      expect(await ask('e')).toEqual({ kind: 'full' });
    });

    test('what a provider asks for holds up everybody: also who had a slot before the end of it', async () => {
      const { rateLimits } = subject.store;
      const scope = newScope();
      const allowance = { requestsPerMinute: 60 };
      const before = [];
      for (const _ of [1, 2, 3, 4]) before.push(await take(scope, allowance));
      const at = subject.at;
      await rateLimits.hold(scope, 2_500);
      await rateLimits.hold(scope, 100);
      const held = await Promise.all(
        before.map((slot) => slot.kind === 'taken' && rateLimits.isHeld(scope, slot.slotAt)),
      );
      expect(held).toEqual([true, true, true, false]);
      subject.at += 2_400;
      const after = [await take(scope, allowance), await take(scope, allowance)];
      const slots = [before[3]!, ...after].map((slot) => slot.kind === 'taken' && Math.round(slot.slotAt - at));
      expect(slots).toEqual([3_060, 4_080, 5_100]);
      const unlimited = newScope();
      await rateLimits.hold(unlimited, 2_500);
      const first = await take(unlimited, {});
      expect(waitOf(first)).toBe(2_500);
      expect(first.kind === 'taken' && (await rateLimits.isHeld(unlimited, first.slotAt))).toBe(false);
    });

    test('evaluation takes what no serving call waits for', async () => {
      const scope = newScope();
      const allowance = { requestsPerMinute: 60, concurrency: 1 };
      const evaluate = () => take(scope, allowance, { callId: 'evaluation', isServing: false });
      expect(await evaluate()).toMatchObject({ kind: 'taken', waitMs: 0 });
      expect(await take(scope, allowance, { callId: 'serving' })).toEqual({ kind: 'full' });
      await subject.store.rateLimits.leave(scope, 'evaluation', allowance, 0);
      // The serving call will ask again: until it has, evaluation stands back.
      subject.at += 399;
      expect((await evaluate()).kind).toBe('later');
      subject.at += 700;
      expect(await take(scope, allowance, { callId: 'serving' })).toMatchObject({ kind: 'taken' });
      await subject.store.rateLimits.leave(scope, 'serving', allowance, 0);
      expect(await evaluate()).toEqual({ kind: 'later', waitMs: 1_020 });
      subject.at += 1_020;
      expect(await evaluate()).toMatchObject({ kind: 'taken', waitMs: 0 });
    });

    test('whatever is asked, and when: no minute holds more than the limit, nor starts before its time', async () => {
      const event = fc.record({
        passedMs: fc.nat({ max: 4_000 }),
        tokens: fc.nat({ max: 3_000 }),
        isServing: fc.boolean(),
        holdMs: fc.option(fc.integer({ min: 1, max: 8_000 }), { freq: 12 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 5, max: 120 }),
          fc.integer({ min: 2_000, max: 60_000 }),
          fc.array(event, { minLength: 20, maxLength: 60 }),
          async (requestsPerMinute, tokensPerMinute, events) => {
            const [scope, leaves] = [newScope(), [] as { at: number; tokens: number }[]];
            for (const { passedMs, tokens, isServing, holdMs } of events) {
              subject.at += passedMs;
              if (holdMs !== null) await subject.store.rateLimits.hold(scope, holdMs);
              const slot = await take(scope, { requestsPerMinute, tokensPerMinute }, { tokens, isServing });
              if (slot.kind !== 'taken') {
                expect(isServing).toBe(false);
                continue;
              }
              expect(await subject.store.rateLimits.isHeld(scope, slot.slotAt)).toBe(false);
              expect(isServing || slot.waitMs === 0).toBe(true);
              leaves.push({ at: subject.at + slot.waitMs, tokens });
            }
            for (const [index, { at }] of leaves.entries()) {
              const minute = leaves.slice(index).filter((other) => other.at < at + MINUTE_MS);
              expect(minute.length).toBeLessThanOrEqual(requestsPerMinute);
              // The last one's tokens are paid off after it.
              const tokens = minute.slice(0, -1).reduce((sum, each) => sum + each.tokens, 0);
              expect(tokens).toBeLessThanOrEqual(tokensPerMinute);
            }
            // In the order of asking, however they were asked.
            const serving = leaves.map(({ at }) => at);
            expect(serving).toEqual(serving.toSorted((one, other) => one - other));
          },
        ),
        { numRuns: RUNS, seed: 7 },
      );
    });

    test('two processes share one limit, and one number of places', async () => {
      const slots = (await together<number[]>(subject.url, 'slots', { name: newScope(), count: 40 })).flat();
      const gaps = slots.sort((one, other) => one - other).map((at, index) => at - (slots[index - 1] ?? 0));
      expect(slots.length).toBe(80);
      // 6,000 a minute: 10.2 ms apart, in whole milliseconds.
      expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(10);
      const places = await together<number>(subject.url, 'places', { name: newScope(), count: 20 });
      expect(places[0]! + places[1]!).toBe(7);
    });
  });
}
