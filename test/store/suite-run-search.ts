import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATORS, type RunCondition } from '../../src/model/run-fields.ts';
import type { RunState } from '../../src/store/runs.ts';
import type { Subject } from './suite.ts';

const PIPELINE = 'searched';
const MINUTE = 60_000;
const FIRST = Date.UTC(2026, 2, 1);

/** Six runs, a minute apart: which took how long, and what was said of them. */
const RUNS = [
  { question: 'How do I stream?', state: 'completed', ms: 100, thumb: 1, unit: 'ada' },
  { question: '100% sure_of it', state: 'completed', ms: 2_000, thumb: -1, unit: 'ada' },
  { question: 'What is a step?', state: 'failed', ms: 30, thumb: null, unit: 'bo' },
  { question: 'STREAM again', state: 'degraded', ms: 900, thumb: null, unit: null },
  { question: 'Still at it', state: 'running', ms: null, thumb: null, unit: 'bo' },
  { question: 'Last', state: 'cancelled', ms: 5, thumb: null, unit: null },
] as const;

const idOf = (index: number): string => `run-searched-${index}`;

export function describeRunSearch(subject: Subject): void {
  describe('runs by what holds of them', () => {
    beforeAll(async () => {
      const { runs, feedback } = subject.store;
      const before = subject.at;
      for (const [index, { question, state, ms, thumb, unit }] of RUNS.entries()) {
        subject.at = FIRST + index * MINUTE;
        const runId = idOf(index);
        const variant = index === 2 ? 'wide' : null;
        const named = { runId, pipeline: PIPELINE, variant, planId: 'p', arms: {}, unit, idempotencyKey: null };
        await runs.begin({ ...named, input: { question } });
        if (ms !== null) {
          const error = state === 'failed' ? { code: 'cut' } : null;
          const ended = { outcome: state as Exclude<RunState, 'running'>, output: null, error, nodes: [] };
          await runs.complete(runId, { ...ended, finishedAt: subject.at + ms });
        }
        const said = { score: null, note: null, emoji: null, fields: null, by: null, isSimulated: false };
        if (thumb !== null) await feedback.add({ feedbackId: `f-${runId}`, runId, thumb, ...said, at: subject.at });
      }
      subject.at = before;
    });

    const ours: RunCondition = { field: 'pipeline', op: 'equals', value: PIPELINE };
    const search = async (...where: readonly RunCondition[]) => {
      const found = await subject.store.runSearch.search({ where: [ours, ...where], limit: 50, offset: 0 });
      expect(found.total).toBe(found.runs.length);
      return found.runs.map(({ runId }) => Number(runId.at(-1)));
    };

    test.each<[RunCondition, readonly number[]]>([
      [{ field: 'input', op: 'contains', value: 'stream' }, [3, 0]],
      [{ field: 'input', op: 'contains', value: '0% sure_' }, [1]],
      [{ field: 'state', op: 'equals', value: 'failed' }, [2]],
      [{ field: 'variant', op: 'equals', value: 'wide' }, [2]],
      [{ field: 'variant', op: 'is empty' }, [5, 4, 3, 1, 0]],
      [{ field: 'state', op: 'in', value: ['failed', 'cancelled'] }, [5, 2]],
      [{ field: 'latencyMs', op: '=', value: 30 }, [2]],
      [{ field: 'latencyMs', op: '!=', value: 30 }, [5, 3, 1, 0]],
      [{ field: 'latencyMs', op: '<', value: 100 }, [5, 2]],
      [{ field: 'latencyMs', op: '<=', value: 100 }, [5, 2, 0]],
      [{ field: 'latencyMs', op: '>', value: 900 }, [1]],
      [{ field: 'latencyMs', op: '>=', value: '900' }, [3, 1]],
      [{ field: 'error', op: 'is', value: 'cut' }, [2]],
      [{ field: 'started', op: 'after', value: FIRST + 3 * MINUTE }, [5, 4]],
      [{ field: 'started', op: 'before', value: FIRST + MINUTE }, [0]],
      [{ field: 'latencyMs', op: 'is empty' }, [4]],
      [{ field: 'unit', op: 'is not empty' }, [4, 2, 1, 0]],
      [{ field: 'thumb', op: '<', value: 0 }, [1]],
    ])('%o', async (condition, expected) => {
      expect(await search(condition)).toEqual(expected);
    });

    test('every operator is tried above', () => {
      expect(new Set(OPERATORS).size).toBe(14);
    });

    test('conditions hold together, orders go both ways, pages do not overlap', async () => {
      expect(await search({ field: 'unit', op: '=', value: 'ada' }, { field: 'thumb', op: '>', value: 0 })).toEqual([
        0,
      ]);
      const page = (descending: boolean, offset: number) =>
        subject.store.runSearch.search({ where: [ours], sort: { by: 'latencyMs', descending }, limit: 3, offset });
      const slowest = [await page(true, 0), await page(true, 3)].flatMap(({ runs }) => runs);
      // What is not known comes last, whichever way.
      expect(slowest.map(({ latencyMs }) => latencyMs)).toEqual([2_000, 900, 100, 30, 5, null]);
      expect((await page(false, 0)).runs.map(({ latencyMs }) => latencyMs)).toEqual([5, 30, 100]);
    });

    test('rows have what lists show beside', async () => {
      const [first] = (await subject.store.runSearch.search({ where: [ours], limit: 1, offset: 5 })).runs;
      expect(first).toMatchObject({
        question: 'How do I stream?',
        latencyMs: 100,
        thumb: 1,
        costUsd: null,
        tokens: null,
      });
    });

    test('bins cover all, and none is counted twice', async () => {
      const bins = await subject.store.runSearch.histogram([ours], 5);
      expect(bins.reduce((sum, { n }) => sum + n, 0)).toBe(RUNS.length);
      expect([bins[0]!.from, bins.at(-1)!.to]).toEqual([FIRST, FIRST + 5 * MINUTE]);
      expect(await subject.store.runSearch.histogram([{ field: 'run', op: '=', value: 'none' }], 5)).toEqual([]);
    });

    test('points are of runs that have both values, and say of how many', async () => {
      const { runSearch } = subject.store;
      const drawn = await runSearch.points([ours], { x: 'latencyMs', y: 'thumb' }, 10);
      expect([drawn.drawn, drawn.points.map(({ runId }) => runId).toSorted()]).toEqual([6, [idOf(0), idOf(1)]]);
      const all = await runSearch.points([ours], { x: 'started', y: 'latencyMs' }, 10);
      expect(all.points.find(({ runId }) => runId === idOf(0))).toMatchObject({ x: FIRST, y: 100, state: 'completed' });
      const some = await runSearch.points([ours], { x: 'started', y: 'latencyMs' }, 2);
      expect([some.drawn, await runSearch.points([ours], { x: 'started', y: 'latencyMs' }, 2)]).toEqual([2, some]);
      const none = await runSearch.points([ours], { x: 'score', y: 'latencyMs' }, 10);
      expect(none).toEqual({ points: [], drawn: 6 });
    });

    test.each<[string, RunCondition]>([
      ['a field that is not there', { field: 'latency', op: '=', value: 1 }],
      ['an operator of another type', { field: 'latencyMs', op: 'contains', value: '1' }],
      ['an operator that is none', { field: 'state', op: 'like', value: '1' }],
      ['a number that is none', { field: 'latencyMs', op: '>', value: 'slow' }],
      ['no value', { field: 'state', op: 'equals' }],
      ['an empty list', { field: 'state', op: 'in', value: [] }],
    ])('%s is refused', async (_, condition) => {
      await expect(search(condition)).rejects.toMatchObject({ code: 'filter_invalid' });
    });

    test('a monitor is a field', async () => {
      expect(await search({ field: 'monitor:grounded:score', op: 'is not empty' })).toEqual([]);
    });
  });

  describe('saved views', () => {
    test('are replaced by name, and removed', async () => {
      const { views, experiments } = subject.store;
      await views.save({ screen: 'runs', name: 'slow', view: { where: [] }, by: 'ada' });
      await views.save({ screen: 'runs', name: 'slow', view: { columns: ['run'] }, by: 'bo' });
      expect(await views.list('runs')).toMatchObject([{ name: 'slow', view: { columns: ['run'] }, by: 'bo' }]);
      expect(await views.list('evaluations')).toEqual([]);
      expect([await views.remove('runs', 'slow', 'ada'), await views.remove('runs', 'slow', 'ada')]).toEqual([
        true,
        false,
      ]);
      const trail = await experiments.audit('runs/slow', 10);
      expect(trail.map(({ who, action }) => [who, action])).toEqual([
        ['ada', 'view.remove'],
        ['bo', 'view.save'],
        ['ada', 'view.save'],
      ]);
    });
  });
}
