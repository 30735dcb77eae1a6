/** Paid calls, what a run may spend on them, and what they cost together. */
import { describe, expect, test } from 'vitest';
import type { RunBudget } from '../../src/store/runs.ts';
import { NOTHING_SPENT } from '../../src/store/spending.ts';
import { closing, opening, UNKNOWN } from './call-helpers.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

export function describeCalls(subject: Subject): void {
  const begin = (runId: string, budget?: RunBudget) =>
    subject.store.runs.begin({
      runId,
      pipeline: 'bot',
      planId: 'p',
      arms: {},
      unit: null,
      idempotencyKey: null,
      input: 1,
      ...(budget && { budget }),
    });
  const ended = (runId: string) =>
    subject.store.runs.complete(runId, { outcome: 'completed', output: 1, error: null, finishedAt: 1, nodes: [] });

  describe('calls to providers', () => {
    test('a call is there before it leaves, and is completed once', async () => {
      const { calls } = subject.store;
      await begin('calls-1');
      const first = opening('calls-1');
      expect(await calls.open(first)).toEqual({ kind: 'opened' });
      expect(await calls.open(first)).toEqual({ kind: 'opened' });
      expect(await calls.ofRun('calls-1')).toMatchObject([{ status: 'open', usage: 'unknown', costUsd: null }]);
      await calls.close(first.callId, closing({ cachedInputTokens: 7 }));
      await calls.close(first.callId, closing({ costUsd: 5 }));
      const [call, ...others] = await calls.ofRun('calls-1');
      expect(others).toEqual([]);
      expect(call).toMatchObject({ ...closing({ cachedInputTokens: 7 }), key: 'draft', attempt: 1, kind: 'text' });
      expect(call!.finishedAt).toBeGreaterThanOrEqual(call!.startedAt);
    });

    test('a call left open is cut once another attempt has begun, or the run is over', async () => {
      const { calls } = subject.store;
      const states = async () => (await calls.ofRun('calls-2')).map(({ key, status }) => `${key} ${status}`);
      await begin('calls-2');
      await calls.open(opening('calls-2'));
      await calls.open(opening('calls-2'));
      await calls.open(opening('calls-2', { key: 'ranked' }));
      expect(await states()).toEqual(['draft open', 'draft open', 'ranked open']);
      await calls.open(opening('calls-2', { attempt: 2 }));
      expect(await states()).toEqual(['draft cut', 'draft cut', 'ranked open', 'draft open']);
      await calls.open(opening('calls-2', { key: 'ranked', idempotencyKey: 'calls-2:ranked:fallback' }));
      expect(await states()).toContain('ranked cut');
      await ended('calls-2');
      expect(new Set((await states()).map((state) => state.split(' ')[1]))).toEqual(new Set(['cut']));
    });

    test('what a node run and a run have cost is the exact sum of their calls, and says what it does not know', async () => {
      const { calls, runs } = subject.store;
      await begin('calls-3');
      for (const key of ['draft', 'ranked'])
        for (const costUsd of [0.1, 0.2, 0.000_000_000_3]) {
          const call = opening('calls-3', { key });
          await calls.open(call);
          await calls.close(call.callId, closing({ costUsd }));
        }
      for (const more of [
        { ...UNKNOWN, status: 'cut' },
        { usage: 'estimated', costUsd: 0.3 },
      ] as const) {
        const call = opening('calls-3');
        await calls.open(call);
        await calls.close(call.callId, closing(more));
      }
      const { byKey, ...all } = await runs.spending('calls-3');
      // In binary floats 0.1 + 0.2 is not 0.3.
      expect(byKey.get('ranked')).toEqual({
        ...NOTHING_SPENT,
        paidCalls: 3,
        costUsd: 0.300_000_000_3,
        inputTokens: 300,
        outputTokens: 60,
      });
      expect(all).toEqual({
        paidCalls: 8,
        costUsd: 0.900_000_000_6,
        unknownCalls: 1,
        estimatedCalls: 1,
        inputTokens: 700,
        outputTokens: 140,
      });
      expect(await runs.get('calls-3')).toMatchObject({ spent: all, calls: Array(8).fill({ model: 'gpt-5-mini' }) });
      expect(await runs.spending('nothing')).toEqual({ ...NOTHING_SPENT, byKey: new Map() });
    });

    test('a budget has room for what is spent and what is under way at most', async () => {
      const { calls } = subject.store;
      await begin('calls-4', { usd: 0.03 });
      const [first, second] = [opening('calls-4'), opening('calls-4')];
      for (const call of [first, second]) expect(await calls.open(call)).toEqual({ kind: 'opened' });
      const large = opening('calls-4', { reservedUsd: 0.010_001 });
      expect(await calls.open(large)).toEqual({
        kind: 'exceeded',
        scope: 'run',
        limit: 'usd',
        budget: 0.03,
        committed: 0.02,
      });
      await calls.close(first.callId, closing({ costUsd: 0.009 }));
      expect(await calls.open(large)).toEqual({ kind: 'opened' });
      expect(await calls.open(opening('calls-4'))).toMatchObject({ kind: 'exceeded', limit: 'usd' });
      // Nothing is known of this one's cost: it is held to have cost what it could.
      await calls.close(second.callId, closing({ ...UNKNOWN, status: 'failed' }));
      expect(await calls.open(opening('calls-4', { reservedUsd: 0.001 }))).toMatchObject({ kind: 'exceeded' });
    });

    test('so has one of tokens; and dollars ask for a price', async () => {
      const { calls } = subject.store;
      await begin('calls-5', { tokens: 2_500 });
      const first = opening('calls-5', { reservedUsd: null });
      await calls.open(first);
      await calls.open(opening('calls-5'));
      expect(await calls.open(opening('calls-5'))).toEqual({
        kind: 'exceeded',
        scope: 'run',
        limit: 'tokens',
        budget: 2_500,
        committed: 2_000,
      });
      await calls.close(first.callId, closing());
      expect(await calls.open(opening('calls-5'))).toEqual({ kind: 'opened' });
      await begin('calls-6', { usd: 1 });
      expect(await calls.open(opening('calls-6', { reservedUsd: null }))).toEqual({
        kind: 'price-unknown',
        scope: 'run',
        budget: 1,
      });
      expect(await calls.open(opening('no-such-run', { reservedUsd: null }))).toEqual({ kind: 'opened' });
    });

    test('two processes cannot both take the last of it', async () => {
      await begin('raced-budget', { usd: 0.1 });
      const counts = await together<number>(subject.url, 'spend', { name: 'raced-budget', count: 16 });
      expect(counts[0]! + counts[1]!).toBe(10);
      expect((await subject.store.calls.ofRun('raced-budget')).length).toBe(10);
    });
  });
}
