/** An evaluation holds to the code and the snapshots that it began with, and takes no score of other code for its own. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../../src/boundary/implement.ts';
import { beginEvaluation } from '../../../src/evaluation/begin.ts';
import { evaluateChunk } from '../../../src/evaluation/chunk/evaluate-chunk.ts';
import { registrationOf } from '../../../src/evaluation/compare/registration.ts';
import { definePipeline, defineStep } from '../../../src/index.ts';
import { planId } from '../../../src/plan/id.ts';
import { buildHelpers } from '../../store/build-helpers.ts';
import { document } from '../../store/documents.ts';
import { graded, oddSpec } from './odd.ts';
import { cellsOf, put, type Stage, workerOn } from './stage.ts';
import { create, putExamples, rowsOf, run, workerOf } from './world.ts';

const never = new AbortController().signal;

export function describePins(stage: Stage): void {
  const { world } = stage;
  /** Other code of one step, under names of its own: what is known of steps outlives a test. */
  const changed = (step: string, to: string) => workerOn(stage, (each) => (each === step ? to : 'as it was'));
  const scoresOf = async (evaluationId: string) => cellsOf(await rowsOf(stage.place, evaluationId), 'graded');

  describe('after a step was changed under its version', () => {
    test('is refused before any call; accepted, it uses no score of before', async () => {
      const { examples, evaluationId: before } = await put(stage, 2);
      await run(workerOn(stage), before);
      world.grade = () => 0.125;
      world.asked.length = 0;
      const { evaluationId } = await put(stage, examples);
      const worker = changed('grade@1', 'mended');
      await expect(run(worker, evaluationId)).rejects.toMatchObject({
        code: 'step_changed',
        data: { steps: ['grade@1'] },
      });
      expect(world.asked).toEqual([]);
      expect((await stage.place.store.evaluations.get(evaluationId)).state).toBe('begun');

      const { row } = await run(worker, evaluationId, { acceptChanged: true });
      expect(row.state).toBe('completed');
      expect(await scoresOf(evaluationId)).toMatchObject(Array(4).fill({ score: { score: 0.125 } }));
      // Answers were not touched: only what changed is asked again, and it is another scorer now.
      expect(world.asked).toHaveLength(4);
      expect(world.asked.every((call) => call.startsWith('grade'))).toBe(true);
      const { pins } = await stage.place.store.evaluations.get(before);
      expect(row.pins!.scorerVersions.graded).not.toBe(pins!.scorerVersions.graded);
      expect(row.pins!.scorerVersions.preferred).toBe(pins!.scorerVersions.preferred);
      await run(workerOn(stage), (await put(stage, 1)).evaluationId, { acceptChanged: true });
    });

    test('goes on only with the code that it began with', async () => {
      const { evaluationId } = await put(stage, 2);
      await beginEvaluation(workerOn(stage), { evaluationId });
      const other = changed('answer@1', 'another build');
      for (const acceptChanged of [false, true])
        await expect(beginEvaluation(other, { evaluationId, acceptChanged })).rejects.toMatchObject({
          ...{ code: 'evaluation_moved', retryable: true, data: { steps: ['answer@1'] } },
        });
      await expect(evaluateChunk(other, { evaluationId, chunk: 0 }, never)).rejects.toMatchObject({
        code: 'evaluation_moved',
      });
      const cutOtherwise = evaluateChunk(workerOn(stage), { evaluationId, chunk: 0, of: 1 }, never);
      await expect(cutOtherwise).rejects.toMatchObject({ code: 'evaluation_moved', retryable: true });
      expect(world.asked).toEqual([]);
      expect((await run(workerOn(stage), evaluationId)).row.state).toBe('completed');
    });
  });

  test('whose prompt was changed is another scorer, with scores of its own', async () => {
    world.grade = (_, { config }) => (config.prompt === 'How bad is it?' ? 0.125 : 0.75);
    const { examples, evaluationId: before } = await put(stage, 1);
    await run(workerOn(stage), before);
    const { evaluationId } = await put(stage, examples, { scorers: [graded('How bad is it?')] });
    await run(workerOn(stage), evaluationId);
    expect(await scoresOf(before)).toMatchObject(Array(2).fill({ score: { score: 0.75 } }));
    expect(await scoresOf(evaluationId)).toMatchObject(Array(2).fill({ score: { score: 0.125 } }));
    const versions = await Promise.all([before, evaluationId].map((id) => stage.place.store.evaluations.get(id)));
    expect(new Set(versions.map(({ pins }) => pins!.scorerVersions.graded)).size).toBe(2);
  });

  test('takes what was locked before scorers stated whether they judge, and names what was changed since', async () => {
    const { evaluations } = stage.place.store;
    const { examples, evaluationId: before } = await put(stage, 1);
    await beginEvaluation(workerOn(stage), { evaluationId: before });
    const { spec, pins } = await evaluations.get(before);
    const { judges: _, ...old } = registrationOf(spec, pins!);
    await evaluations.register('locked-before', old, before);

    const same = await put(stage, examples, { definition: 'locked-before' });
    await expect(beginEvaluation(workerOn(stage), same)).resolves.toMatchObject({ examples: 1 });
    const other = await put(stage, examples, { definition: 'locked-before', alpha: 0.1 });
    await expect(beginEvaluation(workerOn(stage), other)).rejects.toMatchObject({
      ...{ code: 'registration_tampered', data: { changes: ['alpha: 0.05 → 0.1'] } },
    });
  });

  test('reads the snapshot that it began with, also where the index goes on and is pruned', async () => {
    const { store } = stage.place;
    const Text = z.object({ text: z.string() });
    const find = defineStep('found', {
      ...{ version: 1, input: Text, output: Text, effect: 'read', policy: { attempts: 1, timeout: '5 seconds' } },
      config: z.object({ index: z.string(), snapshot: z.string().optional() }),
    });
    const { plan } = definePipeline('finding', Text)
      .step('one', find, ({ input }) => ({ text: input.text }), { index: 'pinned' })
      .output(Text, ({ one }) => ({ text: one.text }));
    const finding = implement(find, async (_, { config }) => {
      const found = await store.search.keyword(config.index, [{ id: 'q', query: 'colour' }], {
        top: 1,
        snapshot: config.snapshot!,
      });
      return { text: JSON.stringify(found) };
    });
    const { ingest } = buildHelpers(stage.place);
    const first = await ingest('pinned', [document('a', 'colour red')]);
    const examples = [0, 1].map((n) => ({ id: `e${n}`, input: { text: `pinned ${n}` } }));
    const spec = oddSpec(await putExamples(stage.place, examples), 2, {
      ...{ pipeline: 'finding', variants: [{ name: 'baseline', planId: planId(plan) }], scorers: [], metrics: [] },
    });
    const evaluationId = await create(stage.place, { spec, plans: [plan] });
    const worker = workerOf(stage.place, [finding]);
    await beginEvaluation(worker, { evaluationId });
    expect((await store.evaluations.get(evaluationId)).pins!.snapshots).toEqual({ pinned: first.snapshot });
    await evaluateChunk(worker, { evaluationId, chunk: 0 }, never);
    await ingest('pinned', [document('a', 'colour green')]);
    await ingest('pinned', [document('a', 'colour blue')]);
    await store.pruneIndex('pinned', { keep: 1 });
    expect((await run(worker, evaluationId)).row.state).toBe('completed');
    const outputs = (await rowsOf(stage.place, evaluationId)).map(({ output }) => JSON.stringify(output));
    expect(outputs).toEqual(Array(2).fill(expect.stringContaining('red')));
  });
}
