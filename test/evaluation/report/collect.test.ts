/** Which examples a report carries, with which values, and of which it has what was answered. */
import { describe, expect, it } from 'vitest';
import { compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import { scoreMatrixOf } from '../../../src/evaluation/compare/score-matrix.ts';
import { collectExamples } from '../../../src/evaluation/report/collect.ts';
import { chooseExamples, REPORT_LIMITS } from '../../../src/evaluation/report/data.ts';
import { cut, outputText, questionOf } from '../../../src/evaluation/report/outputs.ts';
import { done, examplesOf, factsOf, metricOf, missing, rowOf, specOf } from '../compare/make.ts';
import { makeReport } from './make-report.ts';

const recall = metricOf('recall');

/** Sheets of two evaluations, whose values are of the example's place. */
function twoEvaluations(count: number) {
  const spec = specOf({
    metrics: [recall],
    change: { dataset: { ...specOf({ metrics: [] }).dataset, examples: count } },
  });
  const rows = Array.from({ length: count }, (_, place) => [
    rowOf(place, 0, { cells: { quality: done({ recall: 0.5 }) }, output: `first ${place}` }),
    rowOf(place, 1, {
      cells: { quality: place === 3 ? missing('timeout') : done({ recall: place / count }) },
      output: `second ${place}`,
    }),
  ]).flat();
  const one = factsOf({ spec, evaluationId: 'one', examples: examplesOf(count) });
  // One example is of other content, and one is not there.
  const others = examplesOf(count, (place) => (place === 4 ? { hash: 'changed' } : {})).filter(
    (_, place) => place !== 5,
  );
  const two = factsOf({ spec, evaluationId: 'two', examples: others });
  return { rows, matrices: [scoreMatrixOf(one, rows), scoreMatrixOf(two, rows)] };
}

describe('values', () => {
  it('of another evaluation are put by the examples of the baseline’s, and holes keep their reasons', async () => {
    const { rows, matrices } = twoEvaluations(10);
    const sides = [
      { evaluationId: 'one', variant: 0 },
      { evaluationId: 'two', variant: 1 },
    ];
    const report = compareEvaluations({ matrices, sides, comparisons: 1 });
    const asked: string[] = [];
    const rowsOf = async (evaluationId: string, ids: readonly string[]) => {
      asked.push(evaluationId);
      return rows.filter((row) => ids.includes(row.exampleId));
    };
    const examples = await collectExamples({ report, matrices, questions: new Map(), rowsOf });
    const [, second] = examples.columns[0]!;
    expect([...second!.values]).toEqual([0, 0.1, 0.2, Number.NaN, Number.NaN, Number.NaN, 0.6, 0.7, 0.8, 0.9]);
    const reasonAt = (example: number) => examples.reasons[second!.reasons[example]!];
    expect([2, 3, 4, 5].map(reasonAt)).toEqual(['', 'timeout', 'its content differs', 'not among its examples']);
    expect(asked).toEqual(['one', 'two']);
    expect(examples.outputs[0]!.runs.map(({ side, output }) => [side, output])).toEqual([
      [0, 'first 0'],
      [1, 'second 0'],
    ]);
  });

  it('of a metric that is defined differently are none', async () => {
    const { matrices } = twoEvaluations(10);
    const other = specOf({ metrics: [{ ...recall, better: 'lower' }] });
    const changed = scoreMatrixOf(factsOf({ spec: other, evaluationId: 'two', examples: examplesOf(10) }), []);
    const sides = [
      { evaluationId: 'one', variant: 0 },
      { evaluationId: 'two', variant: 1 },
    ];
    const both = [matrices[0]!, changed];
    const report = compareEvaluations({ matrices: both, sides, comparisons: 1 });
    const examples = await collectExamples({ report, matrices: both, questions: new Map(), rowsOf: async () => [] });
    expect(examples.columns[0]!.map((column) => column === null)).toEqual([false, true]);
    expect(examples.outputs).toEqual([]);
  });
});

describe('outputs', () => {
  it('are of the worst and the best of each side and primary, and of no more', async () => {
    const { report, examples } = await makeReport({ examples: 2_000 });
    expect(examples.outputs.length).toBeGreaterThan(REPORT_LIMITS.outputsEachEnd * 2);
    expect(examples.outputs.length).toBeLessThanOrEqual(REPORT_LIMITS.outputsEachEnd * 2 * 2 * 3);
    expect(examples.outputsWanted).toBe(examples.outputs.length);
    const [first, second] = examples.columns[0]!.map((column) => column!.values);
    const changes = Array.from(first!, (value, example) => second![example]! - value);
    const lost = Math.min(...changes.filter((change) => !Number.isNaN(change)));
    const worst = examples.outputs.some(({ example }) => second![example]! - first![example]! === lost);
    expect(worst).toBe(true);
    expect(
      examples.outputs.every(({ runs }) => new Set(runs.map(({ side }) => side)).size === report.sides.length),
    ).toBe(true);
  });
});

describe('more examples than a page carries', () => {
  const shape = { metrics: Array.from({ length: 10 }), sides: Array.from({ length: 20 }) } as never;
  const room = REPORT_LIMITS.values / 200;

  it('are cut to those that are wanted and an even sample, in order', () => {
    const wanted = [99_999, 3, 4];
    const kept = chooseExamples(shape, 100_000, wanted);
    expect(kept).toHaveLength(room);
    expect(new Set(kept).size).toBe(room);
    expect(kept).toEqual([...kept].sort((one, other) => one - other));
    expect(wanted.every((example) => kept.includes(example))).toBe(true);
    const half = kept.filter((example) => example < 50_000).length;
    expect(Math.abs(half - room / 2)).toBeLessThan(5);
  });

  it('are all there where there is room', () => {
    expect(chooseExamples(shape, room, [])).toHaveLength(room);
  });
});

describe('inputs and outputs as text', () => {
  it.each([
    [{ question: 'Why?', history: [] }, 'Why?'],
    [{ language: 'en', query: 'who\n is' }, 'who is'],
    [{ topic: 'streams' }, 'streams'],
    [{ n: 1 }, '{"n":1}'],
  ])('%j asks %s', (input, text) => {
    expect(questionOf(input)).toBe(text);
  });

  it.each([
    ['plain', 'plain'],
    [null, ''],
    [{ citations: [1, 2], text: 'An answer.' }, 'An answer.\n\ncitations: [1,2]'],
    [{ passed: true }, 'passed: true'],
    [[1, 2], '[1,2]'],
  ])('%j is shown as %s', (output, text) => {
    expect(outputText(output)).toBe(text);
  });

  it('is cut between characters', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('ab👍👍', 4)).toBe('ab…');
    expect(cut('abcd', 4)).toBe('abcd');
    expect(questionOf({ question: 'x'.repeat(500) })).toHaveLength(REPORT_LIMITS.questionLength);
  });
});
