/** Evaluations as durable workflows: every cell filled or with a reason, calls shared, and gone on with after whatever came. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Example } from '../../src/model/dataset.ts';
import type { ResultRow } from '../../src/model/evaluation-result.ts';
import type { EvaluationSpec } from '../../src/model/evaluation-spec.ts';
import {
  example,
  implementSmall,
  newWorld,
  planOf,
  type SmallWorld,
  smallSpec,
} from '../evaluation/small-evaluation.ts';
import { type Live, startLive } from '../support/live.ts';

let live: Live;
const world: SmallWorld = newWorld();
let evaluations = 0;
beforeAll(async () => {
  live = await startLive(() => implementSmall(world), { SLUICE_EVAL_CONCURRENCY: '4' });
});
afterAll(() => live?.stop());
beforeEach(() => {
  Object.assign(world, newWorld());
});

/** Words of its own for each test: the memo would else know them from the one before. */
const texts = (count: number): readonly Example[] => {
  evaluations += 1;
  return Array.from({ length: count }, (_, n) =>
    example(`e${n}`, `Text ${n} of ${evaluations}`, `text ${n} of ${evaluations}!`),
  );
};

async function start(examples: readonly Example[], changes: Partial<EvaluationSpec> = {}) {
  const { version } = await live.store.datasets.put('texts', examples, 'test').then((put) => put.version);
  const spec = smallSpec(version, examples.length, changes);
  return live.client.startEvaluation({ spec, plans: planOf(), budgetUsd: null, startedBy: 'test' });
}

const rowsOf = (evaluationId: string): Promise<ResultRow[]> =>
  Array.fromAsync(live.store.evaluations.eachResult(evaluationId));
const cellsOf = (rows: readonly ResultRow[], scorer: string) => rows.map(({ cells }) => cells[scorer]!);

describe('an evaluation', () => {
  test('fills each cell, and makes equal calls once', async () => {
    const { evaluationId } = await start(texts(30));
    const ended = await live.client.followEvaluation(evaluationId);
    expect(ended.state).toBe('completed');
    const rows = await rowsOf(evaluationId);
    expect(rows).toHaveLength(60);
    expect(
      cellsOf(
        rows.filter(({ variant }) => variant === 1),
        'overlap',
      ),
    ).toSatisfy((cells: ResultRow['cells'][string][]) =>
      cells.every((cell) => cell.state === 'done' && cell.score.score === 1 && cell.detail?.reason === 'compared'),
    );
    expect(
      cellsOf(
        rows.filter(({ variant }) => variant === 0),
        'overlap',
      ),
    ).toSatisfy((cells: ResultRow['cells'][string][]) =>
      cells.every((cell) => cell.state === 'done' && cell.score.score === 0),
    );
    expect(cellsOf(rows, 'louder').map((cell) => (cell.state === 'done' ? cell.score : cell))).toEqual(
      rows.map(({ variant }) => ({ win: variant === 1 ? 1 : 0.5, flipped: 0 })),
    );
    expect(cellsOf(rows, 'liked').every((cell) => cell.state === 'missing' && !cell.resumable && cell.subject)).toBe(
      true,
    );
    expect(world.asked.filter((call) => call.startsWith('lower'))).toHaveLength(30);
    expect(world.asked.filter((call) => call.startsWith('draft'))).toHaveLength(60);
    const progress = await live.store.evaluations.progress(evaluationId);
    expect(progress).toMatchObject({ total: 60, done: 60, cells: { done: 120, failed: 0, missing: 60 } });
    expect(progress.calls).toEqual({ made: world.asked.length, shared: 30 });
    expect(rows.every(({ run }) => run.latencyMs !== null && run.costUsd === 0)).toBe(true);
  });

  test('counts what the variant made fail as its worst, and what nobody could make as missing, until it is made', async () => {
    const [first, ...others] = texts(8);
    const forbidden = example('e0', `forbidden ${evaluations}`, 'whatever');
    const unexpected = example(first!.id.replace('e0', 'x0'), `odd ${evaluations}`);
    world.isAway = (step, text) => step === 'draft!' && text === `text 3 of ${evaluations}`;
    const { evaluationId } = await start([forbidden, unexpected, ...others]);
    expect((await live.client.followEvaluation(evaluationId)).state).toBe('partial');
    const before = Map.groupBy(await rowsOf(evaluationId), ({ exampleId }) => exampleId);
    expect(before.get('e0')).toMatchObject([
      {
        outcome: 'failed',
        error: { code: 'content_refused' },
        cells: { overlap: { state: 'failed', reason: 'content_refused' } },
      },
      { outcome: 'failed', cells: { louder: { state: 'done', score: { win: 0.5 } } } },
    ]);
    expect(before.get('x0')![0]!.cells.overlap).toMatchObject({ state: 'missing', resumable: false });
    expect(before.get('e3')).toMatchObject([
      { outcome: 'completed', cells: { overlap: { state: 'done' } } },
      { outcome: 'missing', error: { code: 'overloaded' }, cells: { overlap: { state: 'missing', resumable: true } } },
    ]);

    world.isAway = () => false;
    world.asked.length = 0;
    await live.client.resumeEvaluation(evaluationId);
    expect((await live.client.followEvaluation(evaluationId)).state).toBe('completed');
    const after = Map.groupBy(await rowsOf(evaluationId), ({ exampleId }) => exampleId);
    expect(after.get('e3')![1]!.cells.overlap).toMatchObject({ state: 'done', score: { score: 1 } });
    expect(world.asked.every((call) => call.includes(`text 3 of ${evaluations}`))).toBe(true);
  });

  test('stands still while it is paused, is seen in its query, and goes on', async () => {
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    const { evaluationId } = await start(texts(100));
    await expect.poll(() => world.asked.length).toBeGreaterThan(3);
    await live.client.pauseEvaluation(evaluationId);
    expect((await live.store.evaluations.get(evaluationId)).state).toBe('paused');
    gate.resolve();
    const begun = () => live.store.evaluations.progress(evaluationId).then(({ done }) => done);
    await expect.poll(begun, { timeout: 20_000 }).toBeGreaterThan(0);
    await live.client.resumeEvaluation(evaluationId);
    expect((await live.client.followEvaluation(evaluationId)).state).toBe('completed');
    expect(await begun()).toBe(200);
  });

  test('is given up when it is cancelled, with a reason in each cell that was not filled', async () => {
    world.gate = new Promise(() => undefined);
    const { evaluationId } = await start(texts(100));
    await expect.poll(() => world.asked.length).toBeGreaterThan(3);
    await live.client.cancelEvaluation(evaluationId);
    expect((await live.client.followEvaluation(evaluationId)).state).toBe('cancelled');
    const rows = await rowsOf(evaluationId);
    expect(rows).toHaveLength(200);
    expect(cellsOf(rows, 'overlap').every((cell) => cell.state === 'missing' && cell.resumable)).toBe(true);
    const asked = world.asked.length;
    await delay(50); // nothing is to come; were it, it would at once
    expect(world.asked.length).toBe(asked);

    world.gate = Promise.resolve();
    await live.client.resumeEvaluation(evaluationId);
    expect((await live.client.followEvaluation(evaluationId)).state).toBe('completed');
  });

  test('is refused as tampered when it is not what was registered', async () => {
    const examples = texts(6);
    const first = await start(examples, { definition: 'registered' });
    expect((await live.client.followEvaluation(first.evaluationId)).state).toBe('completed');
    const again = await start(examples, { definition: 'registered' });
    expect((await live.client.followEvaluation(again.evaluationId)).state).toBe('completed');
    const spec = smallSpec('', 6);
    const metrics = spec.metrics.map((metric) => ({ ...metric, minimumEffect: 0.01 }));
    const changed = await start(examples, { definition: 'registered', metrics });
    await expect(live.client.followEvaluation(changed.evaluationId)).rejects.toMatchObject({
      code: 'registration_tampered',
      message: expect.stringContaining("minimumEffect of primary 'overlap': 0.1 → 0.01"),
    });
    expect((await live.store.evaluations.get(changed.evaluationId)).state).toBe('failed');
  });
});
