/** Evaluations: what is asked, what is found, how far it has come, and what it may spend. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Cell, ResultCall, ResultRow } from '../../src/evaluation/result.ts';
import type { EvaluationPins, EvaluationSpec, Registration } from '../../src/evaluation/spec.ts';
import { hashJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

const specOf = (name: string, more: Partial<EvaluationSpec> = {}): EvaluationSpec => ({
  format: 1,
  definition: name,
  name,
  pipeline: 'bot',
  dataset: { name: 'd', version: 'f'.repeat(64), split: 'dev', tag: null, examples: 10 },
  variants: [
    { name: 'baseline', planId: 'p0' },
    { name: 'hybrid', planId: 'p1' },
  ],
  scorers: [],
  metrics: [],
  repeats: 3,
  mode: 'compare',
  alpha: 0.05,
  ...more,
});

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

export function describeEvaluations(subject: Subject): void {
  const create = (evaluationId: string, budgetUsd: number | null = null, spec = specOf(evaluationId)) =>
    subject.store.evaluations.create({ evaluationId, spec, budgetUsd, startedBy: 'mo' });
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

  describe('evaluations', () => {
    test('one is made once, and given as it was the second time', async () => {
      const { evaluations } = subject.store;
      const spec = specOf('made', { definition: null, scorers: [{ id: '\u0000z', b: 1, a: [2] } as never] });
      const row = await create('eval-made-1', 0.3, spec);
      expect(row).toEqual({
        ...{ evaluationId: 'eval-made-1', name: 'made', spec, budgetUsd: 0.3, startedBy: 'mo', pins: null },
        ...{ state: 'begun', error: null, createdAt: subject.at, finishedAt: null },
      });
      expect(JSON.stringify(row.spec)).toBe(JSON.stringify(spec));
      subject.at += 1_000;
      expect(await create('eval-made-1', 5, specOf('another'))).toEqual(row);
      expect(await evaluations.get('eval-made')).toEqual(row);
      for (const budget of [-1, Number.NaN, Number.POSITIVE_INFINITY])
        await expect(create('eval-made-2', budget)).rejects.toMatchObject({ code: 'budget_invalid' });
    });

    test('is found by the beginning of its id, and listed, the newest first', async () => {
      const { evaluations } = subject.store;
      for (const id of ['eval-listed-1a', 'eval-listed-1b', 'eval-listed-2']) {
        subject.at += 1;
        await create(id, null, specOf('listed'));
      }
      expect(await evaluations.get('eval-listed-2')).toMatchObject({ evaluationId: 'eval-listed-2' });
      await expect(evaluations.get('eval-listed-1')).rejects.toMatchObject({
        code: 'evaluation_ambiguous',
        remedy: 'give more of the id: eval-listed-1a, eval-listed-1b',
      });
      await expect(evaluations.get('eval-listed-x')).rejects.toMatchObject({
        code: 'evaluation_unknown',
        remedy: "did you mean 'eval-listed-2'?",
      });
      await expect(evaluations.get('')).rejects.toMatchObject({ code: 'evaluation_unknown' });
      const ids = async (filter: object) => (await evaluations.list(filter)).map(({ evaluationId }) => evaluationId);
      const listed = ['eval-listed-2', 'eval-listed-1b', 'eval-listed-1a'];
      expect(await ids({ name: 'listed' })).toEqual(listed);
      expect(await ids({ limit: 2 })).toEqual(listed.slice(0, 2));
      for (const limit of [0, 1_001, 1.5])
        await expect((async () => evaluations.list({ limit }))()).rejects.toMatchObject({ code: 'limit_invalid' });
    });

    test('keeps the pins of the first, says how it stands, and what it may spend', async () => {
      const { evaluations } = subject.store;
      await create('eval-state');
      const pins: EvaluationPins = { digests: { 'rerank@2': 'd' }, snapshots: {}, scorerVersions: {} };
      expect(await evaluations.pin('eval-state', pins)).toEqual(pins);
      expect(await evaluations.pin('eval-state', { ...pins, digests: {} })).toEqual(pins);
      await evaluations.setBudget('eval-state', 2.5);
      const error = { code: 'no\u0000', message: 'half a pair \ud800' };
      await evaluations.setState('eval-state', 'stopped', error);
      const finishedAt = subject.at;
      subject.at += 1_000;
      await evaluations.setState('eval-state', 'stopped', error);
      expect(await evaluations.get('eval-state')).toMatchObject({
        ...{ state: 'stopped', error: { code: 'no\ufffd', message: 'half a pair \ufffd' } },
        ...{ pins, finishedAt, budgetUsd: 2.5 },
      });
      await evaluations.setState('eval-state', 'running');
      expect(await evaluations.get('eval-state')).toMatchObject({ state: 'running', error: null, finishedAt: null });
      await evaluations.setState('eval-state', 'completed');
      expect(await evaluations.get('eval-state')).toMatchObject({ finishedAt: subject.at });
      for (const ask of [
        () => evaluations.pin('nowhere', pins),
        () => evaluations.setState('nowhere', 'running'),
        () => evaluations.setBudget('nowhere', 1),
        () => evaluations.putResults('nowhere', [rowOf('a')]),
        () => evaluations.progress('nowhere'),
        () => evaluations.hasResumable('nowhere'),
      ])
        await expect(ask()).rejects.toMatchObject({ code: 'evaluation_unknown' });
    });
  });

  describe('results', () => {
    test('come back as they were, by example, variant and repeat; the later one stays', async () => {
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
      const later = rowOf('a', { repeat: 3, output: 'later' });
      await evaluations.putResults('eval-results', [rowOf('a', { repeat: 3, output: 'early' }), later]);
      expect(await evaluations.results('eval-results', ['a', 'zz'])).toEqual([later]);
      expect(places(await evaluations.results('eval-results', ['b', 'B']))).toEqual(['B/0/1', 'b/0/1', 'b/1/2']);
      const some = await Array.fromAsync(
        evaluations.eachResult('eval-results', { variant: 0, exampleIds: ['a', 'b'] }),
      );
      expect(places(some)).toEqual(['a/0/3', 'b/0/1']);
      expect(await evaluations.results('eval-results', [])).toEqual([]);
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
        ...{ total: 60, done: 0, cells: { done: 0, failed: 0, missing: 0 }, calls: { made: 0, shared: 0 } },
        ...{ paidUsd: null, unknownCalls: 0, savedUsd: null },
      });
      const cells = { cited: DONE, judged: FAILED, human: missing(true), other: missing(false) };
      const calls = [call('made'), call('made'), call('joined'), call('stored')];
      const rows = [rowOf('a', { cells, calls }), rowOf('b', costing(null)), rowOf('c', costing(0.2))];
      for (const _ of [1, 2]) await evaluations.putResults('eval-progress', rows);
      expect(await evaluations.progress('eval-progress')).toMatchObject({
        ...{ done: 3, cells: { done: 3, failed: 1, missing: 2 }, calls: { made: 4, shared: 2 } },
        savedUsd: 0.3,
      });
      expect(await evaluations.hasResumable('eval-progress')).toBe(true);
      await evaluations.putResults('eval-progress', [rowOf('a', { cells: { cited: missing(false) } }), rowOf('d')]);
      expect(await evaluations.progress('eval-progress')).toMatchObject({
        ...{ done: 4, cells: { done: 3, failed: 0, missing: 1 }, calls: { made: 4, shared: 0 } },
      });
      expect(await evaluations.hasResumable('eval-progress')).toBe(false);
      expect(await tallyOf('eval-progress')).toEqual(await sumsOf('eval-progress'));
    });

    test('holds when two processes write the same rows at once', async () => {
      await create('eval-raced');
      await together(subject.url, 'putResults', { name: 'eval-raced', count: 30 });
      expect(await tallyOf('eval-raced')).toEqual(await sumsOf('eval-raced'));
      expect(await tallyOf('eval-raced')).toMatchObject([{ results: 20 }]);
    });
  });

  describe('registrations', () => {
    const content = (repeats: number): Registration => ({
      pipeline: 'bot',
      dataset: specOf('x').dataset,
      scorerVersions: { cited: 'v' },
      metrics: [],
      repeats,
      alpha: 0.05,
    });

    test('the first is locked, whatever comes later', async () => {
      const { evaluations } = subject.store;
      expect(await evaluations.registration('release')).toBeUndefined();
      const locked = await evaluations.register('release', content(1), 'eval-1');
      expect(locked).toEqual({
        ...{ name: 'release', hash: hashJson(content(1) as unknown as Json), content: content(1) },
        ...{ evaluationId: 'eval-1', lockedAt: subject.at },
      });
      subject.at += 1_000;
      expect(await evaluations.register('release', content(2), 'eval-2')).toEqual(locked);
      expect(await evaluations.registration('release')).toEqual(locked);
    });

    test('of two processes that lock at once, one is the first', async () => {
      const [one, other] = await together<string[]>(subject.url, 'register', { name: 'raced', count: 20 });
      expect(one).toEqual(other);
    });
  });
}
