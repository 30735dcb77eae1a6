/** What evaluations find: rows that may be written over and over, and the sums beside them. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Cell, ResultCall, ResultRow } from '../../src/model/evaluation-result.ts';
import { hashJson } from '../../src/plan/id.ts';
import { closing, opening } from './call-helpers.ts';
import { createEvaluation } from './evaluation-helpers.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

const DONE = { state: 'done', score: { grounded: 0.5 }, subject: 'a'.repeat(32) } as const;
const FAILED: Cell = { state: 'failed', reason: 'content_refused' };
const missing = (resumable: boolean): Cell => ({ state: 'missing', reason: 'rate_limited', resumable });

const call = (source: ResultCall['source']): ResultCall => ({
  key: 'draft[2]',
  call: 'step',
  step: 'draft@1',
  memoKey: 'b'.repeat(64),
  source,
  attempts: 1,
  durationMs: 12.5,
  outcome: 'done',
});

const rowOf = (exampleId: string, more: Partial<ResultRow> = {}): ResultRow => ({
  exampleId,
  variant: 0,
  repeat: 1,
  outcome: 'completed',
  error: null,
  output: { text: 'yes' },
  run: { latencyMs: 12.5, costUsd: 0.1, inputTokens: 9, outputTokens: 1, failed: false, degraded: false },
  cells: { cited: DONE },
  calls: [call('made')],
  ...more,
});

const costing = (costUsd: number | null): Partial<ResultRow> => ({ run: { ...rowOf('x').run, costUsd } });
const places = (rows: readonly ResultRow[]) =>
  rows.map(({ exampleId, variant, repeat }) => `${exampleId}/${variant}/${repeat}`);

export function describeResults(subject: Subject): void {
  const create = (evaluationId: string) => createEvaluation(subject, evaluationId);
  const sumsOf = (evaluationId: string) =>
    subject.database.query(
      `select count(*) as results, coalesce(sum(cells_done), 0)::bigint as cells_done,
         coalesce(sum(cells_failed), 0)::bigint as cells_failed,
         coalesce(sum(cells_missing), 0)::bigint as cells_missing, coalesce(sum(calls_made), 0)::bigint as calls_made,
         coalesce(sum(calls_shared), 0)::bigint as calls_shared, coalesce(sum(cost_usd), 0)::float8 as cost,
         count(*) filter (where is_resumable) as resumable
       from evaluation_result where evaluation_id = $1`,
      [evaluationId],
    );
  const tallyOf = (evaluationId: string) =>
    subject.database.query(
      `select results, cells_done, cells_failed, cells_missing, calls_made, calls_shared, cost_usd::float8 as cost,
         resumable from evaluation_tally where evaluation_id = $1`,
      [evaluationId],
    );

  describe('results', () => {
    test('come back as they were, by example, variant and repeat', async () => {
      const { evaluations } = subject.store;
      await create('eval-results');
      const whole = rowOf('b', {
        variant: 1,
        repeat: 2,
        outcome: 'failed',
        error: { code: 'content_refused', message: 'no', node: 'draft' },
        output: null,
        run: { ...rowOf('b').run, latencyMs: null, costUsd: null, inputTokens: null, outputTokens: null },
        cells: {
          cited: { ...DONE, score: { z: 1, a: -0.25 }, detail: { reason: 'é \u{1F600}', list: [null, { n: 1e-7 }] } },
          judged: FAILED,
          human: { ...missing(true), subject: 'c'.repeat(32) } as Cell,
        },
        calls: [call('made'), call('joined'), call('stored')],
      });
      await evaluations.putResults('eval-results', [whole, rowOf('b'), rowOf('a', { repeat: 3 }), rowOf('B')]);
      const all = await Array.fromAsync(evaluations.eachResult('eval-results'));
      expect(places(all)).toEqual(['B/0/1', 'a/0/3', 'b/0/1', 'b/1/2']);
      expect(all[3]).toEqual(whole);
      expect(JSON.stringify(all[3]!.cells)).toBe(JSON.stringify(whole.cells));
      expect(await evaluations.results('eval-results', ['a', 'zz'])).toEqual([rowOf('a', { repeat: 3 })]);
      expect(places(await evaluations.results('eval-results', ['b', 'B']))).toEqual(['B/0/1', 'b/0/1', 'b/1/2']);
      const some = await Array.fromAsync(
        evaluations.eachResult('eval-results', { variant: 0, exampleIds: ['a', 'b'] }),
      );
      expect(places(some)).toEqual(['a/0/3', 'b/0/1']);
      const scores = await Array.fromAsync(evaluations.eachResult('eval-results', { scoresOnly: true, variant: 1 }));
      expect(scores).toEqual([{ ...whole, output: null, calls: [] }]);
      expect(await evaluations.results('eval-results', [])).toEqual([]);
    });

    test('never get worse: what is settled stays, and else only that comes in which nothing is lost', async () => {
      const { evaluations } = subject.store;
      await create('eval-kept');
      const put = async (cells: ResultRow['cells'], output: string) => {
        await evaluations.putResults('eval-kept', [rowOf('a', { cells, output })]);
        return (await evaluations.results('eval-kept', ['a']))[0]!.output;
      };
      const open = missing(true);
      const kept = [
        await put({ cited: open, judged: open }, 'nothing yet'),
        await put({ cited: DONE, judged: open }, 'one of two'),
        await put({ cited: open, judged: FAILED }, 'the other of two'),
        await put({ cited: missing(false), judged: DONE }, 'one for good'),
        await put({ judged: DONE }, 'one that is not there'),
        await put({ cited: FAILED, judged: open }, 'as many'),
        await put({ cited: DONE, judged: missing(false) }, 'settled'),
        await put({ cited: DONE, judged: DONE }, 'too late'),
      ];
      expect(kept).toEqual([
        ...['nothing yet', 'one of two', 'one of two', 'one of two', 'one of two', 'as many', 'settled', 'settled'],
      ]);
      const both = [rowOf('b', { output: 'early' }), rowOf('b', { output: 'late' })];
      await evaluations.putResults('eval-kept', both);
      expect(await evaluations.results('eval-kept', ['b'])).toEqual([both[1]]);
      expect(await tallyOf('eval-kept')).toEqual(await sumsOf('eval-kept'));
    });

    test('what no text column holds is replaced', async () => {
      const { evaluations } = subject.store;
      await create('eval-unstorable');
      const cells: ResultRow['cells'] = { cited: { ...DONE, detail: { 'k\u0000': 'half \udc00' } } };
      await evaluations.putResults('eval-unstorable', [rowOf('a', { output: ['\u0000'], cells })]);
      expect(await evaluations.results('eval-unstorable', ['a'])).toMatchObject([
        { output: ['\ufffd'], cells: { cited: { detail: { 'k\ufffd': 'half \ufffd' } } } },
      ]);
    });

    test('thousands of rows, and rows of megabytes go in and come out page by page', async () => {
      const { evaluations } = subject.store;
      await create('eval-pages');
      const many = Array.from({ length: 1_100 }, (_, n) => rowOf(`e${String(n).padStart(5, '0')}`));
      // Random, or it would be stored as next to nothing.
      const large = [1, 2, 3].map((repeat) =>
        rowOf('large', { repeat, output: randomBytes(2_100_000).toString('base64') }),
      );
      await evaluations.putResults('eval-pages', [...many, ...large]);
      const back = await Array.fromAsync(evaluations.eachResult('eval-pages'));
      expect(places(back)).toEqual(places([...many, ...large]));
      expect(hashJson(back.at(-1)!.output)).toBe(hashJson(large[2]!.output));
    });

    test('a score that is no number is refused by name, and with it all that came with it', async () => {
      const { evaluations } = subject.store;
      await create('eval-finite');
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, '1'])
        await expect(
          evaluations.putResults('eval-finite', [
            rowOf('good'),
            rowOf('bad', { cells: { cited: { ...DONE, score: { grounded: value as number } } } }),
          ]),
        ).rejects.toMatchObject({
          code: 'score_not_finite',
          message: expect.stringContaining(`'cited' gave a grounded that is ${value} for example 'bad'`),
          data: { scorer: 'cited', field: 'grounded', exampleId: 'bad' },
        });
      await expect(evaluations.putResults('eval-finite', [rowOf('bad', costing(Number.NaN))])).rejects.toMatchObject({
        code: 'score_not_finite',
        data: { scorer: 'run', field: 'costUsd' },
      });
      expect(await evaluations.progress('eval-finite')).toMatchObject({ done: 0 });
    });

    test('where one of several statements fails, nothing is kept', async () => {
      const { evaluations } = subject.store;
      await create('eval-whole');
      const rows = Array.from({ length: 600 }, (_, n) => rowOf(`e${n}`));
      await expect(
        evaluations.putResults('eval-whole', [...rows, rowOf('last', { outcome: null as never })]),
      ).rejects.toMatchObject({ code: 'database_error' });
      expect(await Array.fromAsync(evaluations.eachResult('eval-whole'))).toEqual([]);
      expect(await evaluations.progress('eval-whole')).toMatchObject({ done: 0 });
    });
  });

  describe('progress', () => {
    test('counts rows, cells and calls, once however often they are written', async () => {
      const { evaluations } = subject.store;
      await create('eval-progress');
      expect(await evaluations.progress('eval-progress')).toEqual({
        ...{
          total: 60,
          done: 0,
          resumable: 0,
          cells: { done: 0, failed: 0, missing: 0 },
          calls: { made: 0, shared: 0 },
        },
        ...{ paidUsd: null, unknownCalls: 0, savedUsd: null },
      });
      const cells = { cited: DONE, judged: FAILED, human: missing(true), other: missing(false) };
      const calls = [call('made'), call('made'), call('joined'), call('stored')];
      const rows = [rowOf('a', { cells, calls }), rowOf('b', costing(null)), rowOf('c', costing(0.2))];
      for (const _ of [1, 2]) await evaluations.putResults('eval-progress', rows);
      expect(await evaluations.progress('eval-progress')).toMatchObject({
        ...{ done: 3, resumable: 1, cells: { done: 3, failed: 1, missing: 2 }, calls: { made: 4, shared: 2 } },
        savedUsd: 0.3,
      });
      expect(await evaluations.hasResumable('eval-progress')).toBe(true);
      const print = await evaluations.fingerprint();
      const [own, others] = [['eval-progress'], ['eval-none']];
      const [ownPrint, othersPrint] = [await evaluations.fingerprint(own), await evaluations.fingerprint(others)];
      expect(await evaluations.fingerprint()).toBe(print);
      const filled = { cited: DONE, judged: FAILED, human: DONE, other: missing(false) };
      await evaluations.putResults('eval-progress', [
        rowOf('a', { cells: filled }),
        rowOf('b', costing(9)),
        rowOf('d'),
      ]);
      expect(await evaluations.progress('eval-progress')).toMatchObject({
        ...{ done: 4, cells: { done: 5, failed: 1, missing: 1 }, calls: { made: 4, shared: 0 } },
      });
      expect(await evaluations.hasResumable('eval-progress')).toBe(false);
      expect(await evaluations.fingerprint()).not.toBe(print);
      expect(await evaluations.fingerprint(own)).not.toBe(ownPrint);
      expect(await evaluations.fingerprint(others)).toBe(othersPrint);
      expect(await tallyOf('eval-progress')).toEqual(await sumsOf('eval-progress'));
    });

    test('takes what was paid from what the runs would have cost, and is never below nothing', async () => {
      const { calls, evaluations } = subject.store;
      await create('eval-saved');
      const savedUsd = async () => (await evaluations.progress('eval-saved')).savedUsd;
      const open = (more: Partial<ResultRow>) => rowOf('a', { ...more, cells: { cited: missing(true) } });
      await evaluations.putResults('eval-saved', [open(costing(0.3)), rowOf('b', costing(null))]);
      const saved = [await savedUsd()];
      for (const costUsd of [0.1, 0.25]) {
        const call = opening('eval-saved');
        await calls.open(call);
        await calls.close(call.callId, closing({ costUsd }));
        saved.push(await savedUsd());
      }
      await evaluations.putResults('eval-saved', [open(costing(0))]);
      expect([...saved, await savedUsd()]).toEqual([0.3, 0.2, 0, null]);
    });

    test('holds when two processes write the same rows at once', async () => {
      await create('eval-raced');
      await together(subject.url, 'putResults', { name: 'eval-raced', count: 30 });
      expect(await tallyOf('eval-raced')).toEqual(await sumsOf('eval-raced'));
      expect(await tallyOf('eval-raced')).toMatchObject([{ results: 20 }]);
    });
  });
}
