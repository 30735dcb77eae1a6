/** Runs and node runs. */
import { describe, expect, test } from 'vitest';
import type { NodeRunRow, RunStart } from '../../src/store/runs.ts';
import type { Subject } from './suite.ts';

const start = (runId: string, pipeline = 'bot'): RunStart => ({
  runId,
  pipeline,
  planId: 'p1',
  arms: { rerank: 'baseline' },
  unit: 'user-7',
  idempotencyKey: null,
  input: { question: 'what\u0000\ud800?' },
});

const nodeRun = (key: string, more: Partial<NodeRunRow> = {}): NodeRunRow => ({
  key,
  node: key.replace(/\[.*/, ''),
  kind: 'step',
  step: 'rerank@2',
  call: 'step',
  outcome: 'completed',
  attempts: 2,
  startedAt: 1_767_225_600_123,
  durationMs: 12.25,
  queuedMs: 0.5,
  bytesIn: 10,
  bytesOut: 20,
  error: null,
  ...more,
});

export function describeRuns(subject: Subject): void {
  describe('runs', () => {
    test('a run begins once; beginning it again gives the first', async () => {
      const { runs } = subject.store;
      const first = await runs.begin(start('run-1'));
      const again = await runs.begin({ ...start('run-1'), pipeline: 'other' });
      expect(first.created).toBe(true);
      expect(again).toEqual({ created: false, run: first.run });
      expect(first.run).toEqual({
        ...start('run-1'),
        state: 'running',
        budget: null,
        request: null,
        assignments: null,
        output: null,
        error: null,
        startedAt: subject.at,
        finishedAt: null,
        owner: null,
        variant: null,
        contentRemovedAt: null,
        contentRemovedBy: null,
      });
    });

    test('a run keeps what experiments gave it, and the first of what each node gave', async () => {
      const { runs } = subject.store;
      const assignments = [
        {
          experiment: 'rerank.2',
          arm: 'cohere',
          armIndex: 1,
          stage: 1,
          unit: 'user-7',
          probability: 0.5,
          isOverride: false,
          nodes: ['ranked'],
        },
      ];
      const { run } = await runs.begin({ ...start('given'), arms: { 'rerank.2': 'cohere' }, assignments });
      expect(run).toMatchObject({ assignments });
      await runs.recordOutputs('given', [
        { key: 'ranked', output: { passages: ['a\u0000'] } },
        { key: 'draft[2]', output: null },
      ]);
      await runs.recordOutputs('given', [
        { key: 'ranked', output: 'late' },
        { key: 'aside', output: 'late' },
      ]);
      expect(await runs.outputs('given')).toEqual(
        new Map<string, unknown>([
          ['ranked', { passages: ['a\u0000'] }],
          ['draft[2]', null],
        ]),
      );
      expect([...(await runs.outputs('given', ['ranked', 'none'])).keys()]).toEqual(['ranked']);
      await expect(runs.recordOutputs('givem', [])).rejects.toMatchObject({ code: 'run_unknown' });
    });

    test('completing records the output and the node runs; a second completion changes nothing', async () => {
      const { runs } = subject.store;
      await runs.begin(start('run-2'));
      await runs.recordNodes('run-2', [nodeRun('ranked')]);
      await runs.recordNodes('run-2', [nodeRun('ranked', { attempts: 9 }), nodeRun('draft[2]')]);
      const skipped = { step: null, call: null, attempts: 0, startedAt: null, durationMs: null, queuedMs: null };
      const last = nodeRun('aside', { ...skipped, outcome: 'skipped', error: { code: 'x', message: 'no\u0000' } });
      const ending = { output: { text: 'yes' }, error: null, finishedAt: subject.at + 500, nodes: [last] };
      expect(await runs.complete('run-2', { ...ending, outcome: 'degraded' })).toBe(true);
      const recorded = await runs.get('run-2');
      expect(recorded).toMatchObject({ state: 'degraded', output: { text: 'yes' }, finishedAt: subject.at + 500 });
      expect(recorded.nodes).toEqual([nodeRun('ranked'), nodeRun('draft[2]'), last]);

      const other = { ...ending, output: 'late', nodes: [nodeRun('late')] };
      expect(await runs.complete('run-2', { ...other, outcome: 'completed' })).toBe(false);
      expect(await runs.close('run-2', 'failed', { code: 'late' })).toBe(false);
      expect(await runs.get('run-2')).toEqual(recorded);
    });

    test('what is unknown is refused, with the nearest id', async () => {
      const { runs } = subject.store;
      await runs.begin(start('question-42'));
      const ending = { outcome: 'completed', output: 1, error: null, finishedAt: 0, nodes: [] } as const;
      await expect(runs.get('question-43')).rejects.toMatchObject({
        code: 'run_unknown',
        remedy: "did you mean 'question-42'?",
      });
      await expect(runs.complete('question-43', ending)).rejects.toMatchObject({ code: 'run_unknown' });
      await expect(runs.close('question-43', 'failed', null)).rejects.toMatchObject({ code: 'run_unknown' });
      await expect(runs.recordNodes('question-43', [nodeRun('a')])).rejects.toMatchObject({ code: 'run_unknown' });
      await expect(runs.get('')).rejects.toMatchObject({ code: 'run_unknown' });
    });

    test('a run is found by the beginning of its id, if only one begins so', async () => {
      const { runs } = subject.store;
      for (const id of ['abc-1', 'abc-12', 'abd-%_é']) await runs.begin(start(id));
      expect((await runs.get('abd')).runId).toBe('abd-%_é');
      expect((await runs.get('abc-1')).runId).toBe('abc-1');
      await expect(runs.get('abc')).rejects.toMatchObject({
        code: 'run_ambiguous',
        data: { runIds: ['abc-1', 'abc-12'] },
      });
      await expect(runs.get('ab_')).rejects.toMatchObject({ code: 'run_unknown' });
    });

    test('a NUL in an id is refused in words', async () => {
      await expect(subject.store.runs.begin(start('a\u0000b'))).rejects.toMatchObject({ code: 'text_unstorable' });
    });

    test('the list has pages, newest first, which new runs do not shift', async () => {
      const { runs } = subject.store;
      const ids = [...Array(7).keys()].map((n) => `page-${n}`);
      for (const id of ids) {
        // Pairs that began at the same moment.
        if (Number(id.at(-1)) % 2 === 0) subject.at += 1;
        await runs.begin(start(id, 'paged'));
      }
      const seen: string[] = [];
      let before: string | null = null;
      do {
        const page = await runs.list({ pipeline: 'paged', limit: 3, ...(before && { before }) });
        seen.push(...page.runs.map((run) => run.runId));
        before = page.next;
        await runs.begin(start(`page-new-${seen.length}`, 'paged'));
      } while (before !== null);
      expect(seen).toEqual(ids.reverse());
      await expect(runs.list({ before: 'x' })).rejects.toMatchObject({ code: 'cursor_invalid' });
      await expect(runs.list({ limit: 1_001 })).rejects.toMatchObject({ code: 'limit_invalid' });
    });

    test('the list filters by state, and shows neither inputs nor outputs', async () => {
      const { runs } = subject.store;
      for (const id of ['mixed-1', 'mixed-2']) await runs.begin(start(id, 'mixed'));
      await runs.close('mixed-1', 'failed', { code: 'terminated' });
      const { runs: failed } = await runs.list({ pipeline: 'mixed', state: 'failed' });
      expect(failed.map((run) => run.runId)).toEqual(['mixed-1']);
      expect(failed[0]).toMatchObject({ error: { code: 'terminated' }, finishedAt: subject.at });
      expect(failed[0]).not.toHaveProperty('input');
    });

    test('the sweeper is told of runs that have been running for long', async () => {
      const { runs } = subject.store;
      await runs.begin(start('old'));
      subject.at += 10_000;
      await runs.begin(start('young'));
      const old = (await runs.unfinished(5_000)).map((run) => run.runId);
      expect(old).toContain('old');
      expect(old).not.toContain('young');
      await runs.close('old', 'cancelled', null);
      expect((await runs.unfinished(5_000)).map((run) => run.runId)).not.toContain('old');
    });
  });
}
