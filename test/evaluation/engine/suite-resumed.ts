/** Going on: what is settled stays, what is missing is tried again, and nobody else's failure is taken for one's own. */
import { describe, expect, test } from 'vitest';
import { StepFailure } from '../../../src/boundary/failure.ts';
import { beginEvaluation } from '../../../src/evaluation/begin.ts';
import { evaluateChunk } from '../../../src/evaluation/chunk/evaluate-chunk.ts';
import type { ResultRow } from '../../../src/model/evaluation-result.ts';
import { planId } from '../../../src/plan/id.ts';
import { examplesOf, odd, oddSpec } from './odd.ts';
import { cellsOf, put, type Stage, workerOn } from './stage.ts';
import { create, putExamples, rowsOf, run } from './world.ts';

const never = new AbortController().signal;
const away = (): never => {
  throw new StepFailure('overloaded', { message: '503', remedy: 'wait', retryable: true, benign: true });
};

export function describeResumed(stage: Stage): void {
  const { world } = stage;
  /** Nothing of earlier calls is known. */
  const forget = () => stage.place.database.query('delete from memo');
  const results = (evaluationId: string) => rowsOf(stage.place, evaluationId);
  const statesOf = (rows: readonly ResultRow[]) =>
    rows.map(({ cells }) => [cells.graded!.state, cells.preferred!.state].join(' '));

  describe('that is gone on with', () => {
    test('never has less than before, whoever is away then', async () => {
      world.answer = (text, { config }) => (config.mark === '!' ? away() : text);
      const { evaluationId } = await put(stage, 1);
      const worker = workerOn(stage);
      await run(worker, evaluationId);
      const before = await results(evaluationId);
      expect(statesOf(before)).toEqual(['done done', 'missing missing']);
      await forget();
      world.answer = away;
      expect((await run(worker, evaluationId)).row.state).toBe('partial');
      const after = await results(evaluationId);
      expect([after[0], statesOf(after)]).toEqual([before[0], statesOf(before)]);
    });

    test('leaves a run that failed by its own fault, which may have been chance, as it was', async () => {
      world.answer = (text, { config }) => {
        if (config.mark === '!') away();
        throw new Error(`chance, of ${text}`);
      };
      const { evaluationId } = await put(stage, 1);
      const worker = workerOn(stage);
      await run(worker, evaluationId);
      const [failed] = await results(evaluationId);
      world.answer = (text, { config }) => `${text}${config.mark}`;
      world.asked.length = 0;
      expect((await run(worker, evaluationId)).row.state).toBe('completed');
      const [baseline, loud] = await results(evaluationId);
      expect([baseline, loud!.cells.graded!.state]).toEqual([failed, 'done']);
      expect(world.asked.filter((call) => call.startsWith('grade'))).toEqual([expect.stringMatching(/!$/)]);
    });

    test('makes a settled baseline again only for a pair, and only as far as the memo has it not', async () => {
      world.prefer = away;
      const { evaluationId } = await put(stage, 2);
      const worker = workerOn(stage);
      await run(worker, evaluationId);
      Object.assign(world, { prefer: () => 'first' });
      world.asked.length = 0;
      expect((await run(worker, evaluationId)).row.state).toBe('completed');
      expect(world.asked.every((call) => call.startsWith('prefer'))).toBe(true);
      expect(world.asked).toHaveLength(4);
      expect(cellsOf(await results(evaluationId), 'preferred')).toMatchObject(
        ['', 1, '', 1].map((flipped) => (flipped === '' ? { subject: '' } : { score: { win: 0.5, flipped } })),
      );
    });

    test('counts each row once, settled before or made now', async () => {
      world.answer = (text, { config }) => (config.mark === '!' ? away() : text);
      const { evaluationId } = await put(stage, 3);
      const worker = workerOn(stage);
      expect((await run(worker, evaluationId)).tally).toMatchObject({ rows: 6, cells: { done: 6, missing: 6 } });
      world.answer = (text, { config }) => `${text}${config.mark}`;
      const { tally } = await run(worker, evaluationId);
      expect(tally).toMatchObject({
        rows: 6,
        cells: { done: 12, missing: 0 },
        sums: [
          [
            [3, 1.5],
            [3, 3],
          ],
        ],
      });
      const settled = (await run(worker, evaluationId)).tally;
      expect(settled).toMatchObject({ rows: 6, cells: { done: 12 }, sums: tally.sums });
    });
  });

  test('takes no stand-in for what a provider that was away would have given, and its own failure’s for one', async () => {
    const helped = odd.variant('helped', (edit) => edit.options('answer', { orElse: { text: 'instead' } }));
    const variants = [{ name: 'baseline', planId: planId(helped.plan) }];
    const evaluate = async () => {
      const examples = examplesOf(1);
      const spec = oddSpec(await putExamples(stage.place, examples), 1, { variants });
      const evaluationId = await create(stage.place, { spec, plans: [helped.plan] });
      const { row } = await run(workerOn(stage), evaluationId);
      return { evaluationId, state: row.state, row: (await results(evaluationId))[0]! };
    };
    world.answer = away;
    const missing = await evaluate();
    expect(missing).toMatchObject({
      state: 'partial',
      row: {
        ...{ outcome: 'missing', error: { code: 'overloaded', node: 'answer' }, output: null },
        run: { costUsd: null, degraded: false },
        cells: { graded: { state: 'missing', reason: 'the run could not be made: overloaded', resumable: true } },
      },
    });
    world.answer = () => {
      throw new StepFailure('content_refused', { message: 'no', remedy: 'ask otherwise', retryable: false });
    };
    expect(await evaluate()).toMatchObject({
      state: 'completed',
      row: { outcome: 'degraded', output: { text: 'instead' }, cells: { graded: { state: 'done' } } },
    });
    world.answer = (text) => text;
    expect((await run(workerOn(stage), missing.evaluationId)).row.state).toBe('completed');
    expect((await results(missing.evaluationId))[0]!.outcome).toBe('completed');
  });

  test('is not told of a failure that another had at the same time in the same process', async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const worker = workerOn(stage);
    world.answer = async (text, { config }) => {
      if (text !== held.examples[0]!.input.text) return `${text}${config.mark}`;
      asked.resolve();
      await gate.promise;
      return text;
    };
    const held = await put(stage, 1);
    await beginEvaluation(worker, { evaluationId: held.evaluationId });
    const under = evaluateChunk(worker, { evaluationId: held.evaluationId, chunk: 0 }, never);
    await asked.promise;
    // The process's memo stays open; in it one evaluation fails, and another asks for the same.
    const grade = world.grade;
    world.grade = away;
    const first = await put(stage, 1);
    expect((await run(worker, first.evaluationId)).row.state).toBe('partial');
    world.grade = grade;
    const second = await put(stage, first.examples);
    expect((await run(worker, second.evaluationId)).row.state).toBe('completed');
    expect((await run(worker, first.evaluationId)).row.state).toBe('completed');
    gate.resolve();
    await under;
  });

  test('that is cancelled ends, though its steps go on as if nothing was', async () => {
    const giveUp = new AbortController();
    world.answer = (text) => {
      giveUp.abort(new Error('cancelled'));
      return new Promise(() => text);
    };
    const worker = workerOn(stage);
    const { evaluationId } = await put(stage, 2);
    await beginEvaluation(worker, { evaluationId });
    await expect(evaluateChunk(worker, { evaluationId, chunk: 0 }, giveUp.signal)).rejects.toThrow('cancelled');
    expect(await results(evaluationId)).toEqual([]);
    world.answer = (text, { config }) => `${text}${config.mark}`;
    expect((await run(worker, evaluationId)).row.state).toBe('completed');
  });
}
