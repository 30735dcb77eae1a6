import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineDataset, defineEvaluation, defineScorer, defineStep, metric } from '../../src/index.ts';
import {
  beforeRelease,
  cites,
  countWords,
  grounded,
  helpful,
  preferred,
  questions,
  ranking,
  short,
} from './evaluated.ts';
import { imagined, Question, supportBot, wide } from './example.ts';

const base = { pipeline: supportBot, dataset: questions, variants: [wide], scorers: [cites] };
type Loose = {
  score(scorer: unknown): { readonly [field: string]: never };
  readonly run: { readonly [field: string]: never };
};
const deciding = ({ run }: Loose) => ({ primary: [metric.mean('cost-per-answer', run.costUsd!).decrease()] });
/** For what the types refuse too. */
const loosely = (parts: object) => defineEvaluation('e', { ...base, metrics: deciding, ...parts } as never);
const concluding = (metrics: (scope: Loose) => unknown) => loosely({ metrics });

describe('an evaluation', () => {
  test('has its parts, with what was left out filled in', () => {
    expect(beforeRelease).toMatchObject({
      id: 'before-release',
      pipeline: supportBot,
      baseline: supportBot,
      dataset: questions,
      repeats: 1,
      split: 'dev',
      alpha: 0.05,
      budgetUsd: 20,
    });
    expect(beforeRelease.variants).toEqual([imagined, wide]);
    expect(beforeRelease.scorers).toEqual([grounded, cites, ranking, short, preferred, helpful]);
    expect(
      [beforeRelease, beforeRelease.variants, beforeRelease.scorers, beforeRelease.metrics].every(Object.isFrozen),
    ).toBe(true);
    expect(beforeRelease.metrics.every(Object.isFrozen)).toBe(true);
    const other = loosely({ baseline: imagined, repeats: 3, split: 'all', alpha: 0.1 });
    expect(other).toMatchObject({ baseline: imagined, repeats: 3, split: null, alpha: 0.1, budgetUsd: null });
    expect(loosely({ split: 'final' }).split).toBe('final');
  });

  test('may be of the baseline alone, and of facts of runs alone', () => {
    const alone = loosely({ variants: [], scorers: [] });
    expect(alone.variants).toEqual([]);
    expect(alone.metrics.map(({ name }) => name)).toEqual(['cost-per-answer', 'latency']);
  });
});

describe('its metrics, as data', () => {
  const byName = (name: string) => beforeRelease.metrics.find((each) => each.name === name);
  const rest = { above: null, minimumEffect: null, margin: null };

  test('are the declared ones by role, then whatever nobody named', () => {
    expect(beforeRelease.metrics.map(({ role, name, kind }) => [role, name, kind])).toEqual([
      ['primary', 'recall', 'mean'],
      ['primary', 'words', 'mean'],
      ['guardrail', 'grounded', 'rate'],
      ['guardrail', 'cost-per-answer', 'mean'],
      ['secondary', 'preferred', 'win-rate'],
      ['secondary', 'slow', 'share'],
      ['secondary', 'grounded.score', 'mean'],
      ['secondary', 'cites.whole', 'rate'],
      ['secondary', 'ranking.ndcg', 'mean'],
      ['secondary', 'helpful.solved', 'rate'],
      ['secondary', 'helpful.clarity', 'mean'],
    ]);
  });

  test('know their source, which way is better, and how they are shown', () => {
    const of = (scorer: string, field: string) => ({ from: 'score', scorer, field });
    expect(byName('recall')).toEqual({
      ...{ ...rest, name: 'recall', role: 'primary', kind: 'mean', source: of('cites', 'recall') },
      ...{ better: 'higher', format: 'number', minimumEffect: 0.03 },
    });
    expect(byName('words')).toMatchObject({ better: 'lower', format: 'number', minimumEffect: null });
    expect(byName('grounded')).toEqual({
      ...{ ...rest, name: 'grounded', role: 'guardrail', kind: 'rate', source: of('grounded', 'passed') },
      ...{ better: 'higher', format: 'share', margin: 0.02 },
    });
    expect(byName('cost-per-answer')).toMatchObject({
      ...{ source: { from: 'run', field: 'costUsd' }, better: 'lower', format: 'usd', margin: 0.001 },
    });
    expect(byName('preferred')).toMatchObject({ source: of('preferred', 'win'), better: 'higher', format: 'share' });
    expect(byName('slow')).toEqual({
      ...{ ...rest, name: 'slow', role: 'secondary', kind: 'share', source: { from: 'run', field: 'latencyMs' } },
      ...{ above: 5_000, better: 'lower', format: 'share' },
    });
  });

  test('show latency and cost, unless they are named or their name is taken', () => {
    expect(loosely({}).metrics.map(({ name }) => name)).toEqual([
      ...['cost-per-answer', 'cites.recall', 'cites.whole', 'latency'],
    ]);
    const { metrics } = concluding(({ score, run }) => ({
      primary: [metric.mean('latency', score(cites).recall!).increase()],
      secondary: [metric.rate('failures', run.failed!)],
    }));
    expect(metrics.map(({ name }) => name)).toEqual(['latency', 'failures', 'cites.whole', 'cost']);
  });

  test('of a score of which lower is better may not get worse by getting higher', () => {
    const { metrics } = defineEvaluation('e', {
      ...{ ...base, scorers: [short] },
      metrics: ({ score, run }) => ({
        primary: [metric.share('long', score(short).words, { above: 300 }).decrease({ minimumEffect: 0.05 })],
        guardrails: [
          metric.mean('words', score(short).words).noWorseThan(10),
          metric.rate('failed', run.failed).noWorseThan(0.01),
        ],
      }),
    });
    expect(metrics.map(({ name, better, format, margin }) => [name, better, format, margin]).slice(0, 3)).toEqual([
      ['long', 'lower', 'share', null],
      ['words', 'lower', 'number', 10],
      ['failed', 'lower', 'share', 0.01],
    ]);
  });

  const cost = (use: (costUsd: never) => unknown) => (scope: Loose) => ({ primary: [use(scope.run.costUsd!)] });
  test.each<[string, (scope: Loose) => unknown]>([
    ['primary is an object', () => ({ primary: metric })],
    ["metrics has no 'guardrail'", (scope) => ({ ...deciding(scope), guardrail: [] })],
    ['metrics is undefined', () => undefined],
    ['primary holds an object', () => ({ primary: [{ name: 'x' }] })],
    ["primary holds the guardrail metric 'x'", cost((usd) => metric.mean('x', usd).noWorseThan(1))],
    [
      "guardrails holds the secondary metric 'x'",
      ({ run }) => ({ primary: [], guardrails: [metric.mean('x', run.costUsd!)] }),
    ],
    [
      "secondary holds the primary metric 'cost-per-answer'",
      (scope) => ({ primary: [], secondary: deciding(scope).primary }),
    ],
    ['no ref to a pair', ({ score }) => ({ primary: [metric.winRate('x', score(cites) as never).increase()] })],
    ['score() is given undefined', ({ score }) => ({ primary: [metric.mean('x', score(undefined).y!).increase()] })],
    ["a metric named 'x y'", cost((usd) => metric.mean('x y', usd).decrease())],
    ['minimumEffect is -1', cost((usd) => metric.mean('x', usd).decrease({ minimumEffect: -1 }))],
    ["has no 'minimum'", cost((usd) => metric.mean('x', usd).decrease({ minimum: 1 } as never))],
    ['above is NaN', cost((usd) => metric.share('x', usd, { above: Number.NaN }).decrease())],
    ['above is undefined', cost((usd) => metric.share('x', usd, {} as never).decrease())],
    ["metric 'x' is undefined", cost((usd) => metric.share('x', usd, undefined as never).decrease())],
    ["'costUsd' is always above -1", cost((usd) => metric.share('x', usd, { above: -1 }).decrease())],
    ['which is no ref to a boolean', cost((usd) => metric.rate('x', usd).decrease())],
  ])('without types are checked the same: %s', (message, metrics) => {
    expect(() => concluding(metrics)).toThrow(message);
  });

  test("a pair's score has no mean", () => {
    const metrics = ({ score }: Loose) => ({ primary: [metric.mean('x', score(preferred).win!).increase()] });
    expect(() => loosely({ scorers: [preferred], metrics })).toThrow("metric 'x' is a mean of 'preferred.win'");
  });
});

describe('limits', () => {
  const many = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));
  const scorer = (fields: number) => (n: number) => {
    const output = z.object(Object.fromEntries(many(fields, (field) => [`f${field}`, z.boolean()])));
    const step = defineStep('gives', {
      version: 1,
      input: countWords.input,
      output,
      effect: 'read',
      policy: { attempts: 1, timeout: '1 second' },
    });
    return defineScorer(`s${n}`, { pipeline: supportBot }, step, ({ output }) => ({ text: output.text }), {
      judge: false,
    });
  };

  test('of variants, scorers, metrics and repeats', () => {
    const variant = (n: number) => supportBot.variant(`v${n}`, (edit) => edit.configure('ranked', { topN: n + 1 }));
    expect(loosely({ variants: many(20, variant) }).variants).toHaveLength(20);
    expect(() => loosely({ variants: many(21, variant) })).toThrow("evaluation 'e': variants: there are 21");
    expect(loosely({ scorers: many(50, scorer(1)) }).metrics).toHaveLength(52);
    expect(() => loosely({ scorers: many(51, scorer(1)) })).toThrow("evaluation 'e': scorers: there are 51");
    expect(() => loosely({ scorers: many(12, scorer(20)) })).toThrow(
      "evaluation 'e' has 242 metrics with those of all scores",
    );
    const declaring = (count: number) =>
      concluding((scope) => ({
        ...deciding(scope),
        secondary: many(count, (n) => metric.mean(`m${n}`, scope.run.costUsd!)),
      }));
    expect(declaring(49).metrics).toHaveLength(50 + 3);
    expect(() => declaring(50)).toThrow("evaluation 'e' has 51 metrics");
    for (const repeats of [0, 21, 1.5]) expect(() => loosely({ repeats })).toThrow(`repeats is ${repeats}`);
  });

  test.each<[string, object]>([
    ['variants is an object', { variants: wide }],
    ["'wide' is there twice", { variants: [wide, wide] }],
    ["variants holds 'support-bot' itself", { variants: [supportBot], baseline: wide }],
    ['scorers holds an object', { scorers: [{}] }],
    ['baseline is given an object as its pipeline', { baseline: {} }],
    ["is given 'support-bot' as its pipeline", { pipeline: 'support-bot' }],
    ["is given 'questions' as its dataset", { dataset: 'questions' }],
    ["split is 'test'", { split: 'test' }],
    ['alpha is 0', { alpha: 0 }],
    ["limits has no 'usd'", { limits: { usd: 1 } }],
    ['costUsd is Infinity', { limits: { costUsd: Infinity } }],
    ["has no 'datasets'", { datasets: questions }],
  ])('%s, which is refused', (message, parts) => {
    expect(() => loosely(parts)).toThrow(message);
  });
});

test('another dataset will do, if it has what the scorers read', () => {
  const dataset = (expected?: z.ZodObject) =>
    defineDataset('other', { input: Question, ...(expected && { expected }), source: 'other.jsonl' });
  const full = z.object({ citations: z.array(z.string()), note: z.string().optional(), more: z.boolean() });
  expect(loosely({ dataset: dataset(full) }).dataset.name).toBe('other');
  expect(loosely({ dataset: dataset(), scorers: [grounded, short] }).dataset.name).toBe('other');
  expect(() => loosely({ dataset: dataset(z.object({ note: z.string() })) })).toThrow(
    "scorer 'cites' reads 'expected.citations', which dataset 'other' does not have",
  );
  const narrow = defineDataset('narrow', { input: Question.omit({ userId: true }), source: 'narrow.jsonl' });
  expect(() => loosely({ dataset: narrow })).toThrow("the input of dataset 'narrow' does not supply 'userId'");
});
