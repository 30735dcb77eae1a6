/** Removing what runs were asked and gave: all of that goes, and what statistics rest on stays. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import { createStore } from '../../src/store/store.ts';
import { allText } from '../support/all-text.ts';
import { closing, opening } from './call-helpers.ts';
import { deployNext, lookRequest, MINUTE, repeating, settingsOf, startOf } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

/** In every text of a run that is content. */
const MARK = 'ZINNIA';
const AGE = { by: 'retention', who: 'retention', why: 'too old' } as const;
const WISH = { by: 'erasure', who: 'ada', why: 'asked for' } as const;
/** Long before all other runs of the suite. */
const LONG_AGO = -1_000_000_000_000;

export function describeContent(subject: Subject): void {
  const error = (where: string) => ({ code: 'refused', message: `${MARK} ${where}`, node: 'draft', details: { MARK } });

  /** A run with something in every place where content is kept. */
  const made = async (
    runId: string,
    { unit = 'u-content', endedAt = LONG_AGO }: { unit?: string; endedAt?: number } = {},
  ) => {
    const { runs, calls, feedback, traces, reruns, scoreTasks } = subject.store;
    const start = { planId: 'p', arms: { x: 'wide' }, unit, idempotencyKey: null, pipeline: 'content-bot' };
    await runs.begin({ ...start, runId, input: { question: MARK } });
    const call = opening(runId, { request: { messages: [MARK] } });
    await calls.open(call);
    await calls.close(call.callId, closing({ response: { text: MARK } }));
    const at = { startedAt: endedAt - 5, durationMs: 5, queuedMs: 1 };
    await traces.attempts.record(runId, {
      ...{ key: 'draft', call: 'step', attempt: 1, step: 'generate@1', outcome: 'failed', worker: 'w', ...at },
      error: error('attempt'),
    });
    const node = { key: 'draft', node: 'draft', kind: 'step', step: 'generate@1', call: 'step', attempts: 1 } as const;
    await runs.complete(runId, {
      ...{ outcome: 'failed', output: { text: MARK }, error: error('run'), finishedAt: endedAt },
      nodes: [{ ...node, ...at, outcome: 'failed', error: error('node') }],
    });
    await runs.recordOutputs(runId, [{ key: 'draft', output: { text: MARK } }]);
    await feedback.add({
      ...{ feedbackId: `f-${runId}`, runId, thumb: -1, score: 2, note: MARK, emoji: MARK, fields: { why: MARK } },
      ...{ by: 'u-content', isSimulated: false, at: endedAt },
    });
    await scoreTasks.enqueue([{ experimentId: 'e', runId, scorer: 's', unit, finishedAt: endedAt }]);
    await scoreTasks.finish([{ experimentId: 'e', runId, scorer: 's', state: 'failed', error: error('score') }]);
    const rerunId = `again-${runId}`;
    await reruns.create({
      ...{ rerunId, share: null, budgetUsd: null, startedBy: 'ada', runIds: [runId] },
      spec: {
        ...{ format: 1, kind: 'backtest', pipeline: 'content-bot', variant: 'deep', edits: [], from: null },
        ...{ scorers: [], metrics: [], alpha: 0.05 },
      },
    });
    const facts = { latencyMs: 5, costUsd: null, inputTokens: 1, outputTokens: 2, failed: false, degraded: false };
    const cell = { state: 'done', score: { good: 0.5 }, subject: 's', detail: { reason: MARK } } as const;
    const side = { outcome: 'completed', error: null, output: MARK, run: facts, cells: { judge: cell } } as const;
    await reruns.put(rerunId, [
      {
        ...{ runId, state: 'done', isChanged: true, served: side, variant: side, calls: { reused: 1, made: 1 } },
        error: null,
      },
    ]);
  };
  const tablesWithMark = async () =>
    [...(await allText(subject.database))].filter(([, text]) => text.includes(MARK)).map(([table]) => table);

  describe('the content of runs', () => {
    test('goes from every table, and numbers stay', async () => {
      const { content, runs, feedback, reruns } = subject.store;
      await made('content-1');
      await runs.begin({
        ...{ runId: 'content-2', pipeline: 'content-bot', planId: 'p', arms: {}, unit: 'u-content' },
        ...{ idempotencyKey: null, input: 'under way' },
      });
      expect((await tablesWithMark()).length).toBeGreaterThanOrEqual(8);
      expect(await content.due(LONG_AGO + 1)).toEqual({ runs: 1, oldest: LONG_AGO });
      expect(await content.due(LONG_AGO)).toEqual({ runs: 0, oldest: null });
      expect(await content.dueRuns(LONG_AGO + 1, 10)).toEqual(['content-1']);
      const before = await runs.get('content-1');

      expect(await content.remove(['content-1', 'content-2', 'content-none'], AGE)).toEqual(['content-1']);
      expect(await content.remove(['content-1'], AGE)).toEqual([]);
      expect(await tablesWithMark()).toEqual([]);

      const gone = { code: 'refused', message: 'content removed', node: 'draft' };
      const after = await runs.get('content-1');
      expect(after).toEqual({
        ...before,
        ...{ input: null, output: null, error: gone, contentRemovedAt: subject.at, contentRemovedBy: 'retention' },
        nodes: before.nodes.map((node) => ({ ...node, error: gone })),
      });
      expect(await runs.outputs('content-1')).toEqual(new Map());
      expect(await feedback.ofRun('content-1')).toMatchObject([
        { thumb: -1, score: 2, note: null, emoji: null, fields: null, by: 'u-content' },
      ]);
      expect(await feedback.ratedRuns({ pipeline: 'content-bot', limit: 10 })).toEqual([]);
      const [again] = await Array.fromAsync(reruns.results('again-content-1'));
      expect(again?.variant).toMatchObject({ output: null, cells: { judge: { state: 'done', score: { good: 0.5 } } } });
      expect(await runs.get('content-2')).toMatchObject({ input: 'under way', contentRemovedAt: null });
      expect(
        await subject.database.query(`select who, action, subject, why from audit where subject = 'content-1'`),
      ).toEqual([{ who: 'retention', action: 'content_retention', subject: 'content-1', why: 'too old' }]);
    });

    test('of a unit is erased with who gave feedback; what runs under way is told', async () => {
      const { content, feedback } = subject.store;
      await made('content-3', { unit: 'u-erased' });
      await subject.store.runs.begin({
        ...{ runId: 'content-4', pipeline: 'content-bot', planId: 'p', arms: {}, unit: 'u-erased' },
        ...{ idempotencyKey: null, input: 1 },
      });
      const found = await content.ofUnit('u-erased', 10);
      expect([...found].sort((a, b) => (a.runId < b.runId ? -1 : 1))).toEqual([
        { runId: 'content-3', isRunning: false },
        { runId: 'content-4', isRunning: true },
      ]);
      expect(await content.remove(['content-3'], WISH)).toEqual(['content-3']);
      expect(await feedback.ofRun('content-3')).toMatchObject([{ by: null, thumb: -1 }]);
      expect(await content.ofUnit('u-erased', 10)).toEqual([{ runId: 'content-4', isRunning: true }]);
      expect(await tablesWithMark()).toEqual([]);
    });
  });

  describe('a unit that is erased', () => {
    const UNIT = 'u-zinnia-forgotten';
    /** An experiment with two units, one of which is to be forgotten. */
    const exposed = async (name: string) => {
      await deployNext(subject, name);
      const row = await startOf(subject, name, name);
      const { store, at } = subject;
      const units = [UNIT, 'u-other'];
      const common = { experiment: row.experimentId, arm: 1, runId: `${name}-run` };
      const assignment = {
        experiment: row.experimentId,
        armIndex: 1,
        stage: 1,
        probability: 0.5,
        arm: 'one',
        nodes: [],
      };
      await store.runs.begin({
        ...{ runId: `${name}-run`, pipeline: name, planId: `${name}-0`, arms: {}, unit: UNIT, input: UNIT },
        ...{ idempotencyKey: UNIT, assignments: [{ ...assignment, unit: UNIT, isOverride: false }] },
      });
      await store.outcomes.expose(units.map((unit) => ({ ...common, unit, stage: 1, probability: 0.5, at })));
      await store.outcomes.put(
        units.map((unit) => ({
          ...common,
          unit,
          metric: 0,
          deliveryId: `d-${unit === UNIT}`,
          v: 2_000_000,
          at,
          receivedAt: at,
        })),
        new Map([[row.experimentId, settingsOf(row)]]),
      );
      return row;
    };
    const look = (row: ExperimentRow) =>
      subject.store.outcomes.look(row.experimentId, lookRequest(row, subject.at + 60 * MINUTE));
    const tablesWith = async (word: string) =>
      [...(await allText(subject.database))].filter(([, text]) => text.includes(word)).map(([table]) => table);

    test('has a pseudonym, so that counts and sums stay as they were', async () => {
      const row = await exposed('content-unit');
      const { runs } = subject.store;
      const before = await look(row);
      const { content } = repeating(subject).store;
      // It would be written again.
      expect(await content.replaceUnit(UNIT, WISH)).toBeUndefined();
      const end = { outcome: 'completed', output: UNIT, error: null, finishedAt: subject.at, nodes: [] } as const;
      await runs.complete('content-unit-run', end);
      await subject.store.content.remove(['content-unit-run'], WISH);
      const pseudonym = await content.replaceUnit(UNIT, WISH);
      expect(pseudonym).toMatch(/^erased-[0-9a-f]{32}$/);
      expect(await content.replaceUnit(UNIT, WISH)).toBeUndefined();
      const [assignment] = (await runs.get('content-unit-run')).assignments!;
      expect(assignment).toMatchObject({ unit: pseudonym, arm: 'one' });
      expect(await look(row)).toEqual(before);
      expect(before.exposed).not.toEqual([]);

      expect(await content.erasedAmong(['content-unit-run', 'content-none'])).toEqual(['content-unit-run']);
      const pending = await content.pendingTemporalRewrite();
      await content.rewrite(false);
      await content.endTemporalRewrite(pending!);
      expect(await content.pendingTemporalRewrite()).toBeUndefined();
      expect(await tablesWith(UNIT)).toEqual([]);
      const stats = await subject.database.query(`select most_common_vals::text, histogram_bounds::text from pg_stats`);
      expect(JSON.stringify(stats)).not.toContain(UNIT);
    });

    test('keeps its name while a run of it has content', async () => {
      const { content, runs } = subject.store;
      await made('content-6', { unit: 'u-late' });
      expect(await content.replaceUnit('u-late', WISH)).toBeUndefined();
      expect(await runs.get('content-6')).toMatchObject({ unit: 'u-late' });
      expect(await content.remove(['content-6'], WISH)).toEqual(['content-6']);
      expect(await content.replaceUnit('u-late', WISH)).toMatch(/^erased-/);
    });

    test('loses what retention has left: keys of idempotency, names, and histories by their run ids', async () => {
      const { content, runs } = subject.store;
      const unit = 'u-pruned';
      await runs.begin({
        ...{ runId: 'content-7', pipeline: 'content-bot', planId: 'p', arms: {}, unit, input: 1 },
        idempotencyKey: `${unit}-1`,
      });
      const end = { outcome: 'completed', output: 1, error: null, finishedAt: LONG_AGO, nodes: [] } as const;
      await runs.complete('content-7', end);
      expect(await content.remove(['content-7'], AGE)).toEqual(['content-7']);
      expect(await content.ofUnit(unit, 10)).toEqual([{ runId: 'content-7', isRunning: false }]);
      expect(await content.remove(['content-7'], WISH)).toEqual(['content-7']);
      expect(await content.remove(['content-7'], WISH)).toEqual([]);
      expect(await content.erasedAmong(['content-7'])).toEqual(['content-7']);
      await content.replaceUnit(unit, WISH);
      expect(await tablesWith(unit)).toEqual([]);
    });

    test('loses what it wrote about runs of others', async () => {
      const { content, feedback } = subject.store;
      await made('content-8', { unit: 'u-somebody' });
      await feedback.add({
        ...{ feedbackId: 'f-8', runId: 'content-8', thumb: 1, score: null, note: 'by u-writer', emoji: null },
        ...{ fields: { who: 'u-writer' }, by: 'u-writer', isSimulated: false, at: LONG_AGO },
      });
      await content.replaceUnit('u-writer', WISH);
      expect(await tablesWith('u-writer')).toEqual([]);
      expect(await feedback.ofRun('content-8')).toMatchObject([
        { thumb: 1, note: null, by: expect.stringMatching(/^erased-/) },
        { note: MARK, by: 'u-content' },
      ]);
      await content.remove(['content-8'], WISH);
    });

    test('stays pending where another erasure comes while files are rewritten', async () => {
      const { content } = subject.store;
      await made('content-9', { unit: 'u-first' });
      await made('content-10', { unit: 'u-second' });
      await content.remove(['content-9'], WISH);
      const first = await content.pendingTemporalRewrite();
      await content.remove(['content-10'], WISH);
      await content.endTemporalRewrite(first!);
      const second = await content.pendingTemporalRewrite();
      expect(second).toBeDefined();
      await content.endTemporalRewrite(second!);
      expect(await content.pendingTemporalRewrite()).toBeUndefined();
    });

    test('has examples of datasets that are named, and stay', async () => {
      const { content, datasets } = subject.store;
      await datasets.put('content-set', [{ id: 'e1', input: { text: 'x' }, run: 'content-r9' }], 'content.jsonl');
      expect(await content.examplesOf(['content-r9', 'content-r8'])).toEqual([
        { dataset: 'content-set', exampleId: 'e1', runId: 'content-r9' },
      ]);
    });
  });

  describe('payloads', () => {
    const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
    const [own, others, memos] = ['"own"', '"others"', '"memos"'].map((text) => ({ hash: hashOf(text), text }));

    test('go with the run that alone has put them', async () => {
      // By the clock of the database, as payloads are.
      const { runs, payloads, keptPayloads, content } = createStore(subject.database);
      const now = Date.now();
      await runs.begin({
        ...{ runId: 'content-5', pipeline: 'content-bot', planId: 'p', arms: {}, unit: null, idempotencyKey: null },
        input: 1,
      });
      await payloads.put(own!.hash, own!.text);
      await payloads.put(others!.hash, others!.text);
      await payloads.put(memos!.hash, memos!.text);
      await keptPayloads.put(memos!.hash, memos!.text);
      await subject.database.query(`update payload set created_at = created_at - interval '1 day' where hash = $1`, [
        others!.hash,
      ]);
      const claims = [own, others, memos].map((each) => ({ $claim: each!.hash, bytes: 300_000 }));
      await runs.complete('content-5', { outcome: 'completed', output: null, error: null, finishedAt: now, nodes: [] });
      await runs.recordOutputs('content-5', [{ key: 'a', output: claims }]);
      await content.remove(['content-5'], WISH);
      const all = [own, others, memos].map((each) => each!.hash);
      expect([...(await payloads.get(all)).keys()].sort()).toEqual([others!.hash, memos!.hash].sort());

      await content.removePayloads(now - 3_600_000);
      expect((await payloads.get(all)).size).toBe(2);
      await content.removePayloads(now + 3_600_000);
      expect([...(await payloads.get(all)).keys()]).toEqual([memos!.hash]);
    });
  });
}
