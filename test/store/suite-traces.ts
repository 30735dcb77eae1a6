/** Attempts, what calls sent and got, and the outbox of traces. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptRow } from '../../src/store/traces.ts';
import { closing, opening } from './call-helpers.ts';
import type { Subject } from './suite.ts';

const DAY_MS = 86_400_000;

const failed = (more: Partial<AttemptRow> = {}): AttemptRow => ({
  key: 'draft[2]',
  call: 'step',
  attempt: 1,
  step: 'generate@1',
  outcome: 'failed',
  worker: '7@host',
  startedAt: 1_767_225_600_123,
  durationMs: 12.5,
  queuedMs: 1.25,
  error: { code: 'overloaded', message: 'a \0 and half a pair \uD800' },
  ...more,
});

export function describeTraces(subject: Subject): void {
  const begin = (runId: string) =>
    subject.store.runs.begin({
      ...{ runId, pipeline: 'traced', planId: 'p', arms: {}, unit: null, idempotencyKey: null, input: 1 },
    });
  const end = (runId: string, outcome: 'completed' | 'failed' = 'completed') =>
    subject.store.runs.complete(runId, { outcome, output: 1, error: null, finishedAt: 1, nodes: [] });

  describe('traces', () => {
    test('an attempt is kept once, and one of a run that there is not, not at all', async () => {
      const { attempts } = subject.store.traces;
      await begin('traces-1');
      await attempts.record('traces-1', failed());
      await attempts.record('traces-1', failed({ durationMs: 99 }));
      await attempts.record(
        'traces-1',
        failed({ attempt: 2, outcome: 'completed', error: null, startedAt: 1_767_225_601_000 }),
      );
      await attempts.record('traces-none', failed());
      expect(await attempts.ofRun('traces-1')).toEqual([
        failed({ error: { code: 'overloaded', message: 'a \u{FFFD} and half a pair \u{FFFD}' } }),
        failed({ attempt: 2, outcome: 'completed', error: null, startedAt: 1_767_225_601_000 }),
      ]);
      expect(await attempts.ofRun('traces-none')).toEqual([]);
    });

    test('what was sent and what came back are kept with the call, where they are given', async () => {
      const { calls, traces } = subject.store;
      await begin('traces-2');
      const [with_, without] = [opening('traces-2', { request: { messages: ['a'] } }), opening('traces-2')];
      for (const call of [with_, without]) await calls.open(call);
      await calls.close(with_.callId, closing({ response: { text: 'b' } }));
      const { callId, idempotencyKey } = with_;
      expect(await traces.calls('traces-2')).toMatchObject([
        { callId, idempotencyKey, status: 'done', request: { messages: ['a'] }, response: { text: 'b' } },
        { callId: without.callId, status: 'open', request: null, response: null },
      ]);
    });
  });

  describe('the outbox of traces', () => {
    const names = (items: readonly { readonly runId: string; readonly part: string }[]) =>
      items.map(({ runId, part }) => `${runId} ${part}`).sort();
    // Times of what these tests write are no matter of the others.
    let at = 0;
    beforeAll(() => {
      at = subject.at;
    });
    afterAll(() => {
      subject.at = at;
    });
    beforeEach(async () => {
      await subject.database.query('delete from trace_export');
      await subject.database.query(
        "update trace_exporter set wanted_until = '-infinity', exported = 0, left_out = 0, failed = 0",
      );
    });

    test('what ends is noted once, while somebody wants traces', async () => {
      const { traceExports, feedback, runs } = subject.store;
      for (const runId of ['out-1', 'out-2', 'out-3', 'out-4']) await begin(runId);
      await end('out-1');
      expect(await traceExports.counts()).toMatchObject({ waiting: 0, oldestAgeMs: null });
      // The database's own clock: a trigger has no other.
      await subject.database.query("update trace_exporter set wanted_until = clock_timestamp() + interval '1 hour'");
      await end('out-2');
      await end('out-2');
      await runs.close('out-3', 'failed', { code: 'terminated', message: 'gone' });
      const said = { thumb: 1, score: null, note: null, emoji: null, fields: null, by: null } as const;
      for (let twice = 0; twice < 2; twice++)
        await feedback.add({ feedbackId: 'out-said', runId: 'out-2', ...said, isSimulated: false, at: 1 });
      const due = await claimed();
      expect(names(due)).toEqual(['out-2 ', 'out-2 out-said', 'out-3 ']);
      expect(due.find(({ runId }) => runId === 'out-3')).toMatchObject({ state: 'failed', tries: 1 });
    });

    /** Far in the future, so that whatever the database's clock noted is due. */
    const claimed = (limit = 10) => {
      subject.at = Date.now() + DAY_MS;
      return subject.store.traceExports.claim(limit, 60_000);
    };
    const noted = async (...runIds: readonly string[]) => {
      await subject.database.query("update trace_exporter set wanted_until = clock_timestamp() + interval '1 hour'");
      for (const runId of runIds) {
        await begin(runId);
        await end(runId);
      }
    };

    test("each is one worker's at a time, and comes back where it is not settled", async () => {
      const { traceExports } = subject.store;
      await noted('out-5', 'out-6', 'out-7');
      const [one, two] = await Promise.all([claimed(2), claimed(2)]);
      expect(names([...one, ...two])).toEqual(['out-5 ', 'out-6 ', 'out-7 ']);
      expect(await claimed()).toEqual([]);
      await traceExports.settle([{ runId: 'out-5', part: '' }], 'exported');
      await traceExports.settle([{ runId: 'out-5', part: '' }], 'exported');
      await traceExports.settle([{ runId: 'out-6', part: '' }], 'left_out');
      expect(await traceExports.counts()).toMatchObject({ waiting: 1, exported: 1, leftOut: 1, failed: 0 });
      subject.at += 60_001;
      expect(await traceExports.claim(10, 60_000)).toMatchObject([{ runId: 'out-7', tries: 2 }]);
    });

    test('what cannot be sent waits, and is given up when it has waited for too long; a full queue loses its oldest', async () => {
      const { traceExports } = subject.store;
      await noted('out-8', 'out-9', 'out-10');
      const due = await claimed();
      const why = { error: '503', ms: 5_000, mostMs: 3 * DAY_MS };
      expect(await traceExports.postpone(due, why)).toBe(0);
      expect(await traceExports.claim(10, 1)).toEqual([]);
      subject.at += 5_000;
      expect(await traceExports.claim(10, 1)).toHaveLength(3);
      expect(await traceExports.trim(2)).toBe(1);
      expect((await traceExports.counts()).oldestAgeMs).toBeGreaterThan(DAY_MS / 2);
      subject.at += 3 * DAY_MS;
      expect(await traceExports.postpone(due, why)).toBe(2);
      expect(await traceExports.counts()).toMatchObject({ waiting: 0, leftOut: 1, failed: 2, exported: 0 });
    });

    test('wanting is never shortened', async () => {
      const until = async () =>
        (await subject.database.query<{ until: number }>('select wanted_until as until from trace_exporter'))[0]!.until;
      subject.at = Date.UTC(2026, 0, 1);
      await subject.store.traceExports.want(5_000);
      await subject.store.traceExports.want(1_000);
      expect(await until()).toBe(subject.at + 5_000);
    });
  });
}
