/** An evaluation that has lost what it is of says so, and never looks whole. */
import { describe, expect, test } from 'vitest';
import { beginEvaluation, endEvaluation } from '../../../src/evaluation/begin.ts';
import { evaluateChunk } from '../../../src/evaluation/chunk/evaluate-chunk.ts';
import { oddSpec, PLANS } from './odd.ts';
import { put, type Stage, workerOn } from './stage.ts';
import { create, putExamples, rowsOf, run } from './world.ts';

const never = new AbortController().signal;

export function describeDatasets(stage: Stage): void {
  const { world } = stage;
  describe('is refused before any call where', () => {
    const refused = async (spec: ReturnType<typeof oddSpec>, plans = PLANS) => {
      const evaluationId = await create(stage.place, { spec, plans });
      const error: unknown = await beginEvaluation(workerOn(stage), { evaluationId }).catch(
        (thrown: unknown) => thrown,
      );
      expect(world.asked).toEqual([]);
      return error;
    };

    test('the version is not there', async () => {
      expect(await refused(oddSpec('f'.repeat(64), 3))).toMatchObject({
        code: 'dataset_incomplete',
        message: "of version ffffffffffff of 'texts', the database has not all of the 3 examples to evaluate",
        retryable: false,
      });
    });

    test('it has fewer examples than are to be evaluated, or none are', async () => {
      const { version } = await put(stage, 2);
      expect(await refused(oddSpec(version, 3))).toMatchObject({ code: 'dataset_incomplete' });
      const { dataset } = oddSpec(version, 1);
      const final = oddSpec(version, 1, { dataset: { ...dataset, split: 'final' } });
      expect(await refused(final)).toMatchObject({ code: 'dataset_incomplete' });
      expect(await refused(oddSpec(version, 0))).toMatchObject({ code: 'dataset_empty' });
    });

    test('a plan is not there', async () => {
      const { version } = await put(stage, 1);
      const spec = oddSpec(version, 1, { variants: [{ name: 'baseline', planId: 'a'.repeat(64) }] });
      expect(await refused(spec, [])).toMatchObject({ code: 'plan_unknown', retryable: false });
    });

    test('a step is not there', async () => {
      const { evaluationId } = await put(stage, 1);
      const { place } = stage;
      const { digests, ...worker } = workerOn(stage);
      const without = async () => new Map([...(await digests())].filter(([step]) => step !== 'grade@1'));
      const begun = beginEvaluation({ ...worker, digests: without }, { evaluationId });
      await expect(begun).rejects.toMatchObject({ code: 'step_unknown', message: expect.stringContaining('grade@1') });
      expect((await place.store.evaluations.get(evaluationId)).pins).toBeNull();
    });
  });

  test('stops where its examples vanish in the middle, has a state, and goes on when they are back', async () => {
    const worker = workerOn(stage);
    const { evaluationId, version, examples } = await put(stage, 3);
    await beginEvaluation(worker, { evaluationId });
    await evaluateChunk(worker, { evaluationId, chunk: 0 }, never);
    await stage.place.database.query('delete from version_example where version = $1 and example_id <> $2', [
      version,
      examples[0]!.id,
    ]);
    const next = evaluateChunk(worker, { evaluationId, chunk: 1 }, never);
    await expect(next).rejects.toMatchObject({ code: 'dataset_incomplete', retryable: false });
    expect(await endEvaluation(stage.place.store, { evaluationId, how: 'done', error: null })).toEqual({
      state: 'partial',
    });
    await putExamples(stage.place, examples);
    expect((await run(worker, evaluationId)).row.state).toBe('completed');
    expect(await rowsOf(stage.place, evaluationId)).toHaveLength(6);
  });

  test('of one example is whole with that', async () => {
    const { evaluationId } = await put(stage, 1);
    expect((await run(workerOn(stage), evaluationId)).row.state).toBe('completed');
    expect(await stage.place.store.evaluations.progress(evaluationId)).toMatchObject({ total: 2, done: 2 });
  });
}
