/** What is no score never becomes one: neither what a scorer gives, nor what it fails with. */
import { describe, expect, test } from 'vitest';
import { metricValue } from '../../../src/evaluation/compare/score-matrix.ts';
import { cellsOf, put, type Stage, workerOn } from './stage.ts';
import { rowsOf, run } from './world.ts';

export function describeScorers(stage: Stage): void {
  const { world } = stage;
  const evaluated = async () => {
    const { evaluationId } = await put(stage, 1);
    const { row } = await run(workerOn(stage), evaluationId);
    return { row, rows: await rowsOf(stage.place, evaluationId) };
  };

  describe('whose scorer', () => {
    test.each([
      [Number.NaN, 'StepOutputInvalid'],
      [Number.POSITIVE_INFINITY, 'StepOutputInvalid'],
      [null, 'StepOutputInvalid'],
      [undefined, 'StepOutputInvalid'],
      ['0.5', 'StepOutputInvalid'],
      [{ score: 1 }, 'StepOutputInvalid'],
      [1.01, "'score' is 1.01, beyond 0 to 1"],
      [-0.01, "'score' is -0.01, beyond 0 to 1"],
    ])('gives %s has a missing score, whoever asks again', async (score, reason) => {
      world.grade = () => score;
      const { row, rows } = await evaluated();
      expect(cellsOf(rows, 'graded')).toEqual(Array(2).fill({ state: 'missing', reason, resumable: false }));
      expect(row.spec.metrics.map((metric) => rows.map((each) => metricValue(metric, row.spec, each)))).toEqual([
        [{ missing: reason }, { missing: reason }],
      ]);
      expect(row.state).toBe('completed');
    });

    test('throws, has a missing score that another try may fill; the other scorers stand', async () => {
      world.grade = () => {
        throw new TypeError('x is not a function');
      };
      const { row, rows } = await evaluated();
      expect(cellsOf(rows, 'graded')).toEqual(
        Array(2).fill({ state: 'missing', reason: 'TypeError', resumable: true }),
      );
      expect(cellsOf(rows, 'preferred')).toMatchObject([{ score: { win: 0.5 } }, { score: { win: 1 } }]);
      expect(row.state).toBe('partial');
      expect(world.asked.filter((call) => call.startsWith('grade'))).toHaveLength(4);
    });

    test.each(['both', 'First', '', undefined])('prefers "%s" has a missing preference', async (winner) => {
      world.prefer = (first) => (first.endsWith('!') ? 'first' : winner);
      const { rows } = await evaluated();
      expect(cellsOf(rows, 'preferred')[1]).toMatchObject({ state: 'missing', reason: 'StepOutputInvalid' });
      expect(cellsOf(rows, 'graded')).toMatchObject([{ state: 'done' }, { state: 'done' }]);
    });

    test('scores all alike has all those scores', async () => {
      world.grade = () => 0.25;
      world.prefer = () => 'tie';
      const { evaluationId } = await put(stage, 5);
      const { row, tally } = await run(workerOn(stage), evaluationId);
      expect([row.state, tally.sums]).toEqual([
        'completed',
        [
          [
            [5, 1.25],
            [5, 1.25],
          ],
        ],
      ]);
    });
  });

  describe('whose variant', () => {
    test('throws, fails by its own fault: it gets the worst, and has lost', async () => {
      world.answer = (text, { config }) => {
        if (config.mark === '!') throw new TypeError('x is not a function');
        return text;
      };
      const { row, rows } = await evaluated();
      const [baseline, loud] = rows;
      expect(loud).toMatchObject({ outcome: 'failed', error: { code: 'TypeError', node: 'answer' }, output: null });
      expect(loud!.cells).toEqual({
        graded: { state: 'failed', reason: 'TypeError' },
        preferred: { state: 'failed', reason: 'TypeError' },
      });
      expect(metricValue(row.spec.metrics[0]!, row.spec, loud!)).toEqual({ value: 0, isWorst: true });
      expect([baseline!.cells.graded!.state, row.state]).toEqual(['done', 'completed']);
    });

    test('gives what its output schema does not know, likewise', async () => {
      world.answer = (text, { config }) => (config.mark === '!' ? 7 : text);
      const { rows } = await evaluated();
      expect(rows[1]).toMatchObject({ outcome: 'failed', error: { code: 'StepOutputInvalid' } });
    });
  });
}
