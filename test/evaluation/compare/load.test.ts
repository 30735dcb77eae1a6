/** From the store to what a comparison takes: examples once, rows one by one, labels counted, and each comparison once. */
import { describe, expect, test } from 'vitest';
import { compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import { examplesOfPart, loadComparison, loadScoreMatrices } from '../../../src/evaluation/compare/load.ts';
import type { ResultRow } from '../../../src/model/evaluation-result.ts';
import type { EvaluationSpec, ScorerIdentity, ScorerSpec } from '../../../src/model/evaluation-spec.ts';
import type { ExampleFilter } from '../../../src/store/datasets.ts';
import type { EvaluationRow, Label, ResultFilter } from '../../../src/store/evaluations.ts';
import { done, metricOf, pinsOf, rowOf, specOf } from './make.ts';

const quality = metricOf('quality', { source: { from: 'score', scorer: 'judge', field: 'quality' } });
const liking = metricOf('liking', { role: 'secondary', source: { from: 'score', scorer: 'people', field: 'liked' } });
const fields = (name: string): ScorerSpec['fields'] => ({
  [name]: { better: 'higher', format: 'share', worst: 0, best: 1 },
});
const scorers: readonly ScorerSpec[] = [
  {
    ...{ id: 'judge', kind: 'step', call: { step: 'judge@1', config: { model: 'openai/x' } }, policy: null },
    ...{ input: { $from: ['output'] }, fields: fields('quality'), definitionHash: 'judge' },
  },
  {
    ...{ id: 'people', kind: 'human', call: null, policy: null },
    ...{ input: { $from: ['output'] }, fields: fields('liked'), definitionHash: 'people' },
  },
];
const EXAMPLES = 40;

interface Given {
  readonly spec?: Partial<EvaluationSpec>;
  readonly snapshot?: string;
}

/** A store of evaluations by id, all with the same results, and of what people said. */
function storeOf(given: { readonly [evaluationId: string]: Given }, labels: readonly Label[] = []) {
  const counted = new Set<string>();
  const asked: string[] = [];
  const evaluations = {
    get: async (evaluationId: string) => {
      const { spec: change = {}, snapshot = 's1' } = given[evaluationId]!;
      const base = specOf({ metrics: [quality, liking], scorers });
      const spec = { ...base, dataset: { ...base.dataset, examples: EXAMPLES }, ...change };
      const pins = { ...pinsOf(spec), snapshots: { docs: snapshot } };
      return { evaluationId, name: spec.name, spec, pins, state: 'completed' } as unknown as EvaluationRow;
    },
    registration: async () => undefined,
    async *eachResult(evaluationId: string, { scoresOnly }: ResultFilter = {}) {
      asked.push(`rows of ${evaluationId}${scoresOnly ? '' : ', whole'}`);
      for (let place = 0; place < EXAMPLES; place += 1) for (const variant of [0, 1]) yield resultOf(place, variant);
    },
    labels: async ({ scorer }: ScorerIdentity) => labels.filter((label) => label.scorer === scorer),
    scored: async () => [],
    countComparisons: async (version: string, sides: readonly string[]) => {
      for (const each of sides) counted.add(`${version} ${each}`);
      return counted.size;
    },
  };
  const datasets = {
    countExamples: async (version: string) => (version === 'with final' ? 5 : 0),
    async *eachMember(version: string, filter: ExampleFilter) {
      asked.push(`examples ${filter.split} ${filter.tag}`);
      for (let place = 0; place < EXAMPLES + 10; place += 1)
        yield {
          hash: `${place}`,
          example: { id: `e${String(place).padStart(3, '0')}`, input: { version }, tags: ['dev'] },
        };
    },
  };
  return { store: { evaluations, datasets } as never, asked };
}

const resultOf = (place: number, variant: number): ResultRow =>
  rowOf(place, variant, {
    cells: {
      judge: done({ quality: (place + variant) % 2 }),
      people: { state: 'missing', reason: 'not labelled yet', resumable: false, subject: `${place}/${variant}` },
    },
  });

const labelOf = (place: number, variant: number, liked: boolean): Label => ({
  ...{
    pipeline: 'bot',
    scorer: 'people',
    version: 'd1',
    subject: `${place}/${variant}`,
    rater: 'mo',
    value: { liked },
    note: null,
    labelledAt: 1,
  },
});
const sides = (...ids: readonly string[]) =>
  ids.map((id) => ({ evaluationId: id.split(':')[0]!, variant: Number(id.split(':')[1] ?? 0) }));

describe('what is loaded', () => {
  test('is read once per evaluation and dataset, without outputs, the first examples only', async () => {
    const { store, asked } = storeOf({ a: {}, b: {} });
    const { matrices } = await loadComparison(store, sides('a:0', 'a:1', 'b:1'));
    expect(matrices.map(({ facts }) => [facts.evaluationId, facts.examples.length])).toEqual([
      ['a', EXAMPLES],
      ['b', EXAMPLES],
    ]);
    expect(asked).toEqual(['examples dev undefined', 'rows of a', 'rows of b']);
    const part = { name: 'q', version: 'v', split: null, tag: 'short', examples: 3 };
    expect((await Array.fromAsync(examplesOfPart(store, part))).map(({ id }) => id)).toEqual(['e000', 'e001', 'e002']);
    expect(asked.at(-1)).toBe('examples undefined short');
  });

  test('has what people said in the cells that waited for them', async () => {
    const labels = Array.from({ length: EXAMPLES }, (_, place) => [
      labelOf(place, 0, false),
      labelOf(place, 1, place % 3 > 0),
    ]);
    const { store } = storeOf({ a: {} }, labels.flat());
    const [matrix] = await loadScoreMatrices(store, ['a']);
    expect([...matrix!.column(1, 'liking')!.values].slice(0, 3)).toEqual([0, 1, 1]);
    const report = compareEvaluations(await loadComparison(store, sides('a:0', 'a:1')));
    expect(report.metrics.find(({ name }) => name === 'liking')!.sides[0]!.missing.cells).toBe(0);
    const bare = compareEvaluations(await loadComparison(storeOf({ a: {} }).store, sides('a:0', 'a:1')));
    expect(bare.metrics.find(({ name }) => name === 'liking')!.sides[0]).toMatchObject({
      verdict: null,
      missing: { cells: EXAMPLES },
    });
  });

  test('knows that a judge without labels decides nothing', async () => {
    const { judges } = await loadComparison(storeOf({ a: {} }).store, sides('a:0', 'a:1'));
    expect(judges).toEqual({ quality: { state: 'uncalibrated', labels: 0, flaws: [] } });
  });
});

describe('a final split', () => {
  const hasFinal = async (change: Partial<EvaluationSpec['dataset']>) => {
    const dataset = {
      name: 'q',
      version: 'with final',
      split: 'dev',
      tag: null,
      examples: EXAMPLES,
      ...change,
    } as const;
    return (await loadComparison(storeOf({ a: { spec: { dataset } } }).store, sides('a:0', 'a:1'))).hasFinal;
  };
  test('is to confirm on where the dataset has one and the baseline did not run on it', async () => {
    expect(await hasFinal({})).toBe(true);
    expect(await hasFinal({ version: 'without' })).toBe(false);
    expect(await hasFinal({ split: 'final' })).toBe(false);
    expect(await hasFinal({ split: null })).toBe(false);
  });
});

describe('a comparison is counted', () => {
  const counting = async (given: { readonly [id: string]: Given }, ...asked: readonly (readonly string[])[]) => {
    const { store } = storeOf(given);
    const counts: number[] = [];
    for (const ids of asked) counts.push((await loadComparison(store, sides(...ids))).comparisons);
    return counts;
  };
  test('once, whichever evaluations its sides are in; the other way round is another', async () => {
    expect(await counting({ a: {}, b: {} }, ['a:0', 'a:1'], ['a:0', 'a:1'], ['b:0', 'a:1'], ['a:1', 'b:0'])).toEqual([
      1, 1, 1, 2,
    ]);
  });
  test('again over other documents, and for each side', async () => {
    expect(
      await counting({ a: {}, b: { snapshot: 's2' } }, ['a:0', 'a:1'], ['b:0', 'b:1'], ['a:0', 'a:1', 'b:1']),
    ).toEqual([1, 2, 3]);
  });
  test('not at all of an A/A, nor where there is nothing to compare', async () => {
    expect(await counting({ a: { spec: { mode: 'aa' } } }, ['a:0', 'a:1'])).toEqual([0]);
    const { store } = storeOf({ a: {} });
    await expect(loadComparison(store, sides('a:1', 'a:1'))).rejects.toMatchObject({ code: 'sides_invalid' });
    await expect(loadComparison(store, sides('a:0', 'a:7'))).rejects.toMatchObject({ code: 'variant_unknown' });
    expect((await loadComparison(store, sides('a:0', 'a:1'))).comparisons).toBe(1);
  });
});
