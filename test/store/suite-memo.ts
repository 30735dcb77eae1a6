/** The memo's rows: who makes which call, what stays of it, and what becomes of the claims of those who are gone. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { Claim, NewRecord } from '../../src/store/memo.ts';
import { connect, next, together } from './processes.ts';
import type { Subject } from './suite.ts';

const LEASE_MS = 5_000;

/** Keys of a test's own, sorted by nothing. */
const keysOf = (name: string, count: number) => [...Array(count).keys()].map((n) => hashJson([name, n]));

const made = (key: string, value: Json, more: Partial<NewRecord> = {}): NewRecord => ({
  key,
  outcome: JSON.stringify({ value }),
  attempts: 1,
  durationMs: 12.5,
  runId: 'an evaluation',
  callKey: 'draft#0',
  ...more,
});

const kinds = (claims: ReadonlyMap<string, Claim>) => [...claims.values()].map(({ kind }) => kind);

export function describeMemo(subject: Subject): void {
  const owner = async () => {
    const ownerId = randomUUID();
    await subject.store.memo.renew(ownerId, LEASE_MS);
    return ownerId;
  };

  describe('the memo', () => {
    test('a key is claimed by one owner, who is told so again when it asks again', async () => {
      const { memo } = subject.store;
      const [one, other] = [await owner(), await owner()];
      const keys = keysOf('claimed once', 3);
      expect(kinds(await memo.claim(one, keys))).toEqual(['mine', 'mine', 'mine']);
      expect(kinds(await memo.claim(other, [...keys, ...keysOf('another', 1)]))).toEqual([
        'taken',
        'taken',
        'taken',
        'mine',
      ]);
      expect(kinds(await memo.claim(one, keys))).toEqual(['mine', 'mine', 'mine']);
    });

    test('what is stored is known to all, as it was made; the first outcome stays', async () => {
      const { memo } = subject.store;
      const [one, other] = [await owner(), await owner()];
      const [key] = keysOf('stored', 1) as [string];
      const value = { b: 1, a: [null, 'é\u0000', { z: 1e-7, y: -1 }] };
      await memo.claim(one, [key]);
      await memo.store(one, [made(key, value, { attempts: 3 })]);
      await memo.store(other, [made(key, 'late')]);
      const [unmade] = keysOf('read, and not made', 1) as [string];
      expect([...(await memo.read([key, unmade]))]).toEqual([
        [key, { ...made(key, value, { attempts: 3 }), outcome: { value }, key: undefined }],
      ]);
      const claim = (await memo.claim(other, [key])).get(key)!;
      expect(claim).toEqual({
        kind: 'known',
        record: {
          outcome: { value },
          attempts: 3,
          durationMs: 12.5,
          runId: 'an evaluation',
          callKey: 'draft#0',
        },
      });
      expect(JSON.stringify(claim)).toContain(JSON.stringify({ value }));
    });

    test('a failure that lasts is kept like a value', async () => {
      const { memo } = subject.store;
      const one = await owner();
      const [key] = keysOf('failed', 1) as [string];
      const outcome = {
        failure: { code: 'context_too_long', message: 'too long', details: { tokens: 9 }, retryable: false },
      };
      await memo.store(one, [made(key, null, { outcome: JSON.stringify(outcome) })]);
      expect((await memo.claim(one, [key])).get(key)).toMatchObject({ kind: 'known', record: { outcome } });
    });

    test('claims are free when the lease has passed, not before; what was stored stays', async () => {
      const { memo } = subject.store;
      const [gone, other] = [await owner(), await owner()];
      const [open, done] = keysOf('left behind', 2) as [string, string];
      await memo.claim(gone, [open, done]);
      await memo.store(gone, [made(done, 'kept')]);
      subject.at += LEASE_MS - 1;
      await memo.renew(other, LEASE_MS);
      expect(kinds(await memo.claim(other, [open, done]))).toEqual(['taken', 'known']);
      subject.at += 1;
      expect(kinds(await memo.claim(other, [open, done]))).toEqual(['mine', 'known']);
      // Back from a long pause: its claim is another's now, and so is what it would give back.
      await memo.renew(gone, LEASE_MS);
      expect(kinds(await memo.claim(gone, [open]))).toEqual(['taken']);
      await memo.release(gone, [open]);
      expect(kinds(await memo.claim(gone, [open]))).toEqual(['taken']);
    });

    test('a lease that is renewed holds; one that is ended frees its claims at once', async () => {
      const { memo } = subject.store;
      const [one, other] = [await owner(), await owner()];
      const keys = keysOf('renewed', 2);
      await memo.claim(one, keys);
      subject.at += LEASE_MS - 1;
      await memo.renew(one, LEASE_MS);
      subject.at += LEASE_MS - 1;
      expect(kinds(await memo.claim(other, keys))).toEqual(['taken', 'taken']);
      await memo.leave(one);
      expect(kinds(await memo.claim(other, keys))).toEqual(['mine', 'mine']);
    });

    test('a claim as young as the statement that meets it is not taken over', async () => {
      const { memo } = subject.store;
      const keys = keysOf('young', 1);
      // Its lease is not there yet for whoever looked before it was opened.
      await memo.claim(randomUUID(), keys);
      expect(kinds(await memo.claim(await owner(), keys))).toEqual(['taken']);
      subject.at += 1;
      expect(kinds(await memo.claim(await owner(), keys))).toEqual(['mine']);
    });

    test('what is given back is free; a stored outcome is not', async () => {
      const { memo } = subject.store;
      const [one, other] = [await owner(), await owner()];
      const keys = keysOf('given back', 2) as [string, string];
      await memo.claim(one, keys);
      await memo.store(one, [made(keys[0], 1)]);
      await memo.release(one, keys);
      expect(kinds(await memo.claim(other, keys))).toEqual(['known', 'mine']);
    });

    test('owners long gone are swept away', async () => {
      const gone = await owner();
      subject.at += 3_600_000 + LEASE_MS + 1;
      await owner();
      const rows = await subject.database.query('select 1 as left from memo_owner where owner_id = $1', [gone]);
      expect(rows).toEqual([]);
    });

    test('a step whose implementation changed is reported until it is accepted; new ones are noted', async () => {
      const { memo } = subject.store;
      const [rerank, draft] = [
        { step: 'rerank@2', digest: 'one' },
        { step: 'draft@1', digest: 'd' },
      ];
      expect(await memo.checkDigests([rerank])).toEqual([]);
      const since = subject.at;
      subject.at += 1_000;
      const changed = [{ step: 'rerank@2', digest: 'two' }, draft];
      const stale = [{ step: 'rerank@2', digest: 'two', knownDigest: 'one', knownSince: since }];
      expect(await memo.checkDigests(changed)).toEqual(stale);
      expect(await memo.checkDigests(changed)).toEqual(stale);
      expect(await memo.checkDigests([rerank, draft])).toEqual([]);
      expect(await memo.checkDigests(changed, true)).toEqual(stale);
      expect(await memo.checkDigests(changed)).toEqual([]);
    });

    test('what calls have cost is the sum of their calls to providers; null where nothing is known', async () => {
      const { calls, memo } = subject.store;
      const pay = async (key: string, costUsd: number | null) => {
        const callId = randomUUID();
        const call = { runId: 'memo-paid', key, attempt: 1, idempotencyKey: key, provider: 'openai', model: 'm' };
        await calls.open({ callId, ...call, kind: 'text', reservedTokens: 9, reservedUsd: 1 });
        const usage = { cachedInputTokens: null, searchUnits: null, requestId: null, errorCode: null };
        await calls.close(callId, {
          status: 'done',
          usage: costUsd === null ? 'unknown' : 'reported',
          inputTokens: costUsd === null ? null : 7,
          outputTokens: costUsd === null ? null : 2,
          costUsd,
          ...usage,
        });
      };
      await pay('a#1', 0.25);
      await pay('a#1', 0.5);
      await pay('b#1', null);
      const of = (callKey: string) => ({ runId: 'memo-paid', callKey });
      expect(await memo.spending([of('b#1'), of('free#1'), of('a#1')])).toEqual([
        { paidCalls: 1, costUsd: null, unknownCalls: 1, estimatedCalls: 0, inputTokens: 0, outputTokens: 0 },
        { paidCalls: 0, costUsd: null, unknownCalls: 0, estimatedCalls: 0, inputTokens: 0, outputTokens: 0 },
        { paidCalls: 2, costUsd: 0.75, unknownCalls: 0, estimatedCalls: 0, inputTokens: 14, outputTokens: 4 },
      ]);
    });

    test('two processes that want the same calls make each once', async () => {
      const made = await together<number[]>(subject.url, 'memo', { name: 'shared calls', count: 300 });
      expect([...made[0]!, ...made[1]!].sort((a, b) => a - b)).toEqual([...Array(300).keys()]);
    });

    test('what a killed process had claimed is made by another when its lease has passed, and only that', async () => {
      const client = await connect(subject.url, 'memoUntilKilled');
      const claimed = next(client);
      client.send({ name: 'killed', count: 20 });
      expect(await claimed).toEqual({ kind: 'inside' });
      client.kill('SIGKILL');
      const made = await together<number[]>(subject.url, 'memo', { name: 'killed', count: 20 });
      // Its first half was stored.
      expect([...made[0]!, ...made[1]!].sort((a, b) => a - b)).toEqual([...Array(20).keys()].slice(10));
    });
  });
}
