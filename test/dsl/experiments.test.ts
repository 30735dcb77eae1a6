import { describe, expect, test } from 'vitest';
import { defineDataset, defineExperiment, definePipeline, defineScorer, metric } from '../../src/index.ts';
import { judgedWarning } from '../../src/model/experiment-spec.ts';
import { grounded, short } from './evaluated.ts';
import { Answer, imagined, judge, Question, supportBot, wide } from './example.ts';
import { fewer, pages, rerankOnline } from './experimented.ts';

type Fields = { readonly [field: string]: never };
type Scope = {
  score(scorer: unknown): Fields;
  readonly run: Fields;
  readonly feedback: Fields;
  readonly output: Fields;
  readonly nodes: { readonly [id: string]: Fields };
};
const failing = ({ run }: Scope) => ({ primary: [metric.rate('failed', run.failed!).decrease()] });
const halves = (share = 1) => ({ share, weights: { baseline: 0.5, wide: 0.5 } });
/** For what the types refuse too. */
const loosely = (parts: object) =>
  defineExperiment('e', {
    ...{ pipeline: supportBot, variants: [wide], traffic: halves(), metrics: failing, ...parts },
  } as never);
const concluding = (metrics: (scope: Scope) => unknown, parts: object = {}) =>
  loosely({ metrics, ...parts }).spec.metrics;

describe('an experiment', () => {
  const { spec } = rerankOnline;

  test('has its parts, and what the store keeps of it as frozen JSON', () => {
    expect(rerankOnline).toMatchObject({ id: 'rerank-online', pipeline: supportBot });
    expect(rerankOnline.variants).toEqual([imagined, wide]);
    expect(rerankOnline.scorers).toEqual([grounded, short]);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect([rerankOnline, spec, spec.arms, spec.arms[1]?.edits, spec.metrics[0]?.source].every(Object.isFrozen)).toBe(
      true,
    );
  });

  test('says who gets which arm', () => {
    expect(spec).toMatchObject({
      ...{ format: 1, name: 'rerank-online', pipeline: 'support-bot', assignVersion: 1 },
      ...{ unit: { $from: ['input', 'userId'] }, unitName: 'customer', target: null, layer: 'retrieval', share: 0.2 },
      overrides: { 'user-1': 'wide', 'user-2': 'baseline' },
    });
    expect(spec.arms).toEqual([
      { name: 'baseline', weight: 0.5, edits: [] },
      { name: 'imagined', weight: 0.25, edits: imagined.edits },
      { name: 'wide', weight: 0.25, edits: wide.edits },
    ]);
    expect(spec.scorers).toEqual([
      { spec: grounded.spec, sample: 0.2 },
      { spec: short.spec, sample: 1 },
    ]);
  });

  test('has defaults for all that was left out', () => {
    expect(loosely({}).spec).toMatchObject({
      ...{ unit: null, unitName: 'user', target: null, layer: null, overrides: {}, scorers: [] },
      breaker: { ceiling: 0.25, windowMs: 900_000 },
      stop: {
        ...{ method: 'stage_cs', alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8, minUnits: 50 },
        ...{ minDurationMs: 604_800_000, maxDurationMs: 2_419_200_000, lookEveryMs: 900_000, graceMs: 5_000 },
      },
      rollout: { steps: [0.1, 0.25, 0.5, 1], soakMs: 3_600_000, unitsPerStep: 50, approval: 'auto' },
    });
    expect(spec.stop).toMatchObject({ maxDurationMs: 1_209_600_000, minUnits: 200, minDurationMs: 604_800_000 });
    expect(spec.rollout).toMatchObject({ approval: 'manual', unitsPerStep: 50 });
  });

  test('may be aimed at some inputs, and randomise by any text of them', () => {
    const { spec } = defineExperiment('e', {
      ...{ pipeline: pages, variants: [fewer], traffic: { share: 1, weights: { baseline: 0.9, fewer: 0.1 } } },
      unit: ({ input }) => input.plan,
      target: ({ input }) => input.isPublic,
      metrics: ({ run }) => ({ primary: [metric.mean('latency', run.latencyMs).decrease()] }),
    });
    expect(spec).toMatchObject({ unit: { $from: ['input', 'plan'] }, target: { $from: ['input', 'isPublic'] } });
  });

  test('may be as short as a demonstration needs', () => {
    const stop = { minDuration: '0 ms', maxDuration: '2 minutes', lookEvery: '1 second', grace: '0 ms' };
    const windows = { run: '1 ms' };
    expect(loosely({ stop, windows, rollout: { soak: '0 ms', unitsPerStep: 0 } }).spec).toMatchObject({
      stop: { minDurationMs: 0, maxDurationMs: 120_000, lookEveryMs: 1_000, graceMs: 0 },
      rollout: { soakMs: 0, unitsPerStep: 0 },
    });
  });
});

describe('its metrics, as data', () => {
  const byName = (name: string, metrics = rerankOnline.spec.metrics) => metrics.find((each) => each.name === name);
  const rest = { denominator: null, above: null, cap: null, quantile: null, minimumEffect: null, margin: null };

  test('are the declared ones by role, then those that every experiment has', () => {
    expect(rerankOnline.spec.metrics.map(({ role, name, kind }) => `${role} ${name} ${kind}`)).toEqual([
      'primary grounded mean',
      'guardrail failed rate',
      'guardrail slow share',
      'guardrail thumbs-down rate',
      'guardrail passed rate',
      'secondary latency-p95 quantile',
      'secondary up-among-rated ratio',
      'secondary net-thumbs sum',
      'secondary words mean',
      'secondary answerable rate',
      'secondary cost mean',
    ]);
  });

  test('know their source, which way is better, how long a unit is waited for, and what one without outcomes is', () => {
    expect(byName('grounded')).toEqual({
      ...{ ...rest, name: 'grounded', role: 'primary', kind: 'mean', minimumEffect: 0.03, better: 'higher' },
      source: { from: 'score', scorer: 'grounded', field: 'score' },
      ...{ format: 'number', windowMs: 3_600_000, absent: 'missing' },
    });
    expect(byName('slow')).toEqual({
      ...{ ...rest, name: 'slow', role: 'guardrail', kind: 'share', above: 4_000, margin: 0.02, better: 'lower' },
      ...{ source: { from: 'run', field: 'latencyMs' }, format: 'share', windowMs: 600_000, absent: 'missing' },
    });
    expect(byName('thumbs-down')).toMatchObject({
      ...{ source: { from: 'feedback', field: 'down' }, better: 'lower', windowMs: 172_800_000, absent: 'zero' },
    });
    expect(byName('passed')).toMatchObject({
      ...{ source: { from: 'value', wiring: { $from: ['output', 'passed'] } }, better: 'higher', format: 'share' },
      ...{ windowMs: 600_000, absent: 'missing' },
    });
    expect(byName('answerable')).toMatchObject({
      source: { from: 'value', wiring: { $from: ['understood', 'answerable'] } },
    });
    expect(byName('latency-p95')).toMatchObject({ quantile: 0.95, format: 'ms', better: 'lower' });
    expect(byName('words')).toMatchObject({ better: 'lower', format: 'number' });
    expect(byName('up-among-rated')).toMatchObject({
      ...{ source: { from: 'feedback', field: 'up' }, denominator: { from: 'feedback', field: 'rated' } },
      ...{ format: 'share', better: 'higher', absent: 'zero' },
    });
    expect(byName('net-thumbs')).toMatchObject({ cap: 3, format: 'number', better: 'higher', absent: 'zero' });
  });

  test('of a node of a used pipeline are of what that wires there', () => {
    const inner = definePipeline('inner', Question)
      .step('judged', judge, ({ input }) => ({ answer: input.question, passages: [] }))
      .output(Answer, ({ judged }) => ({ text: judged.feedback, citations: [], passed: judged.passed }));
    const outer = definePipeline('outer', Question)
      .use('answered', inner, ({ input }) => input)
      .output(Answer, ({ answered }) => answered);
    const strict = outer.variant('strict', (edit) => edit.configure('answered/judged', { threshold: 0.9 }));
    const { spec } = defineExperiment('e', {
      ...{ pipeline: outer, variants: [strict], traffic: { share: 1, weights: { baseline: 0.5, strict: 0.5 } } },
      metrics: ({ nodes }) => ({ primary: [metric.rate('passed', nodes.answered.passed).increase()] }),
    });
    expect(spec.metrics[0]?.source).toEqual({ from: 'value', wiring: { $from: ['answered/judged', 'passed'] } });
  });

  test('a sum of what is true is a number, a ratio is what its numerator is', () => {
    const metrics = concluding((scope) => ({
      ...failing(scope),
      secondary: [
        metric.sum('downs', scope.feedback.down!, { cap: 2 }),
        metric.sum('spent', scope.run.costUsd!, { cap: 1 }),
        metric.ratio('cost-per-answer', scope.run.costUsd!, scope.output.passed!),
        metric.ratio('failures-per-token', scope.run.failed!, scope.run.outputTokens!),
        metric.ratio('score-per-rated', scope.feedback.score!, scope.feedback.rated!),
      ],
    }));
    expect(
      metrics.slice(1, 6).map(({ format, better, windowMs, absent }) => [format, better, windowMs, absent]),
    ).toEqual([
      ['number', 'lower', 86_400_000, 'zero'],
      ['usd', 'lower', 600_000, 'missing'],
      ['usd', 'lower', 600_000, 'missing'],
      ['number', 'lower', 600_000, 'missing'],
      ['number', 'higher', 86_400_000, 'zero'],
    ]);
  });

  test('a score that nobody gave is missing, where a thumb that nobody gave is none', () => {
    const metrics = concluding((scope) => ({
      ...failing(scope),
      secondary: [metric.mean('stars', scope.feedback.score!), metric.mean('thumb', scope.feedback.thumb!)],
    }));
    expect(['stars', 'thumb'].map((name) => byName(name, metrics)?.absent)).toEqual(['missing', 'zero']);
  });

  test('failures, latency and cost are added, unless one is of them; failures as the rate that the breaker counts', () => {
    const named = (metrics: (scope: Scope) => unknown) =>
      concluding(metrics).map(({ name, kind, role }) => `${name} ${kind} ${role}`);
    const usd = (scope: Scope) => [metric.mean('usd', scope.run.costUsd!).decrease()];
    expect(named((scope) => ({ primary: usd(scope) }))).toEqual([
      ...['usd mean primary', 'failed rate secondary', 'latency mean secondary'],
    ]);
    const failures = (scope: Scope) => [metric.sum('failures', scope.run.failed!, { cap: 5 })];
    expect(named((scope) => ({ primary: usd(scope), secondary: failures(scope) }))).toEqual([
      ...['usd mean primary', 'failures sum secondary', 'failed rate secondary', 'latency mean secondary'],
    ]);
  });

  test('a ratio decides where a variant cannot choose what it is among', () => {
    const metrics = concluding(({ run }) => ({
      primary: [metric.ratio('cost-per-token', run.costUsd!, run.outputTokens!).decrease({ minimumEffect: 2 })],
    }));
    expect(metrics[0]).toMatchObject({ role: 'primary', kind: 'ratio', format: 'usd', minimumEffect: 2 });
  });

  const guarded = (make: (scope: Scope) => unknown) => (scope: Scope) => ({
    ...failing(scope),
    guardrails: [make(scope)],
  });
  test.each<[string, (scope: Scope) => unknown]>([
    ["better is 'up'", guarded(({ run }) => metric.mean('x', run.costUsd!).noWorseThan(1, { better: 'up' } as never))],
    [
      "metric 'x' has no 'way'",
      guarded(({ run }) => metric.mean('x', run.costUsd!).noWorseThan(1, { way: 1 } as never)),
    ],
    ['cap is -1', guarded(({ run }) => metric.sum('x', run.costUsd!, { cap: -1 }).noWorseThan(1))],
    ['cap is Infinity', guarded(({ run }) => metric.sum('x', run.costUsd!, { cap: Infinity }).noWorseThan(1))],
    ["has no 'most'", guarded(({ run }) => metric.sum('x', run.costUsd!, { cap: 1, most: 2 } as never).noWorseThan(1))],
    ['the quantile is 0', guarded(({ run }) => metric.quantile('x', 0, run.costUsd!))],
    ['the quantile is 1', guarded(({ run }) => metric.quantile('x', 1, run.costUsd!))],
    ['guardrails holds the secondary', guarded(({ run }) => metric.quantile('x', 0.5, run.costUsd!))],
    [
      'its denominator is of undefined',
      guarded(({ run }) => metric.ratio('x', run.costUsd!, run.tokens!).noWorseThan(1)),
    ],
    [
      "metric 'x' is of undefined",
      guarded(({ output }) => metric.mean('x', (output.text! as Fields).length!).noWorseThan(1)),
    ],
    ["two metrics named 'failed'", guarded(({ run }) => metric.rate('failed', run.degraded!).noWorseThan(0.1))],
  ])('without types are checked the same: %s', (message, metrics) => {
    expect(() => concluding(metrics)).toThrow(message);
  });
});

describe('limits', () => {
  const many = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));

  test('ten variants, twenty metrics, a thousand overrides, twenty steps', () => {
    const variants = many(10, (n) => supportBot.variant(`v${n}`, (edit) => edit.configure('ranked', { topN: n + 20 })));
    const weights = Object.fromEntries([['baseline', 0.5], ...variants.map(({ name }) => [name, 0.05])]);
    expect(loosely({ variants, traffic: { share: 1, weights } }).spec.arms).toHaveLength(11);
    const secondary = ({ run }: Scope) => many(19, (n) => metric.mean(`m${n}`, run.inputTokens!));
    expect(concluding((scope) => ({ ...failing(scope), secondary: secondary(scope) }))).toHaveLength(20 + 2);
    const overrides = Object.fromEntries(many(1_000, (n) => [`user-${n}`, 'wide']));
    expect(Object.keys(loosely({ overrides }).spec.overrides)).toHaveLength(1_000);
    const steps = (count: number) => many(count, (n) => (n + 1) / count);
    expect(loosely({ rollout: { steps: steps(20) } }).spec.rollout.steps).toHaveLength(20);
    expect(() => loosely({ rollout: { steps: steps(21) } })).toThrow('rollout: steps: there are 21');
  });

  test('thirds sum to 1, and a billionth beside it does not', () => {
    const weights = (more: number) => ({ baseline: 1 / 3 + more, imagined: 1 / 3, wide: 1 / 3 });
    const thirds = (more: number) => ({ variants: [imagined, wide], traffic: { share: 1, weights: weights(more) } });
    expect(loosely(thirds(5e-10)).spec.arms).toHaveLength(3);
    expect(() => loosely(thirds(2e-9))).toThrow('weights sum to 1.000000002');
  });

  test.each<[string, object]>([
    ["an experiment named 'a b'", { id: 'a b' }],
    ["unitName '' may hold only", { unitName: '' }],
    ['variants is an object', { variants: wide }],
    ["'wide' is there twice", { variants: [wide, wide] }],
    ["variants holds 'support-bot' itself", { variants: [supportBot] }],
    ["has no 'scorer'", { scorer: grounded }],
    ['scorers holds an object', { scorers: [{}] }],
    ['scorers holds undefined', { scorers: [{ scorer: undefined, sample: 1 }] }],
    ["two scorers 'grounded'", { scorers: [grounded, { scorer: grounded, sample: 0.5 }] }],
    ["scorer 'grounded' has no 'part'", { scorers: [{ scorer: grounded, sample: 1, part: 1 }] }],
    ['sample is 1.1', { scorers: [{ scorer: grounded, sample: 1.1 }] }],
    ['sample is undefined', { scorers: [{ scorer: grounded }] }],
    ['traffic is undefined', { traffic: undefined }],
    ['weights is undefined', { traffic: { share: 1 } }],
    ["that of 'wide' is 'half'", { traffic: { share: 1, weights: { baseline: 0.5, wide: 'half' } } }],
    ['share is 1.1', { traffic: { ...halves(1.1) } }],
    ['share is undefined', { traffic: { weights: halves().weights } }],
    ["overrides: 'u' gets 7, which is no arm", { overrides: { u: 7 } }],
    ['unit is wired by', { unit: 'userId' }],
    ["windows has no 'thumbs'", { windows: { thumbs: '1 hour' } }],
    ["windows: feedback is '366 days'", { windows: { feedback: '366 days' } }],
    ["windows: run is '0 ms'", { windows: { run: '0 ms' } }],
    ['ceiling is 0', { breaker: { ceiling: 0 } }],
    ['ceiling is 1', { breaker: { ceiling: 1 } }],
    ["breaker: window is '100 ms'", { breaker: { window: '100 ms' } }],
    ['alphaRollback is 0', { stop: { alphaRollback: 0 } }],
    ['alphaPromotion is 0.6', { stop: { alphaPromotion: 0.6 } }],
    ['power is 1', { stop: { power: 1 } }],
    ['power is 0.5', { stop: { power: 0.5 } }],
    ['minUnits is 1', { stop: { minUnits: 1 } }],
    ['lookEvery is 29 days, and maxDuration 28 days', { stop: { lookEvery: '29 days' } }],
    ['grace is 29 days, and maxDuration 28 days', { stop: { grace: '29 days' } }],
    ['unitsPerStep is -1', { rollout: { unitsPerStep: -1 } }],
    ['steps is 1', { rollout: { steps: 1 } }],
    ['steps: 0, 1, which does not', { rollout: { steps: [0, 1] } }],
    ["steps: 'a', 1, which does not", { rollout: { steps: ['a', 1] } }],
    ["soak is '1 h'", { rollout: { soak: '1 h' } }],
  ])('%s, which is refused', (message, { id = 'e', ...parts }: { id?: string }) => {
    const base = { pipeline: supportBot, variants: [wide], traffic: halves(), metrics: failing };
    expect(() => defineExperiment(id, { ...base, ...parts } as never)).toThrow(message);
  });

  test('a window that no metric has may be longer than the experiment', () => {
    const stop = { minDuration: '1 minute', maxDuration: '1 hour' };
    expect(loosely({ stop }).spec.stop.maxDurationMs).toBe(3_600_000);
    const rating = ({ feedback }: Scope) => ({ primary: [metric.rate('up', feedback.up!).increase()] });
    expect(() => loosely({ stop, metrics: rating })).toThrow('a window is 1 day, and maxDuration 1 hour');
  });
});

describe('semantics 46: a scorer of live runs', () => {
  const scores = { score: { worst: 0, best: 1 } };
  const plain = defineDataset('plain', { input: Question, source: 'plain.jsonl' });
  const ofOutput = (on: { readonly pipeline: typeof supportBot; readonly dataset?: typeof plain }) =>
    defineScorer('s', on, judge, ({ output }) => ({ answer: output.text, passages: [] }), { judge: true, scores });
  const reading = (scorer: object) => ({
    scorers: [scorer],
    metrics: ({ score }: Scope) => ({ primary: [metric.mean('m', score(scorer).score!).increase()] }),
  });

  test('needs nothing but the run', () => {
    const alone = ofOutput({ pipeline: supportBot });
    expect(loosely(reading(alone)).spec.scorers).toEqual([{ spec: alone.spec, sample: 1 }]);
    const beside = ofOutput({ pipeline: supportBot, dataset: plain });
    expect(() => loosely(reading(beside))).toThrow("scorer 's' reads an example, which a live run does not have");
  });

  test('that is a judge makes a win wait for approval where one of its scores decides', () => {
    const judging = ofOutput({ pipeline: supportBot });
    const automatic = (metrics: (scope: Scope) => object, scorer: object = judging) =>
      loosely({ scorers: [scorer], metrics, rollout: { approval: 'auto' } }).spec;
    const computed = defineScorer(
      's',
      { pipeline: supportBot },
      judge,
      ({ output }) => ({ answer: output.text, passages: [] }),
      {
        ...{ judge: false, scores },
      },
    );
    const primary = (scorer: object) => (scope: Scope) => reading(scorer).metrics(scope);
    const guardrail = (scope: Scope) => ({
      ...failing(scope),
      guardrails: [metric.mean('m', scope.score(judging).score!).noWorseThan(0.1)],
    });
    const shown = (scope: Scope) => ({ ...failing(scope), secondary: [metric.mean('m', scope.score(judging).score!)] });
    expect(automatic(primary(judging)).rollout.approval).toBe('manual');
    expect(automatic(guardrail).rollout.approval).toBe('manual');
    expect(automatic(shown).rollout.approval).toBe('auto');
    expect(automatic(primary(computed), computed).rollout.approval).toBe('auto');
    expect(judgedWarning(automatic(primary(judging)))).toMatch(/^m: scored by a judge.*sluice experiment approve$/);
    expect(judgedWarning(automatic(shown))).toBe(null);
  });

  test('may be read as the denominator of a ratio alone', () => {
    const alone = ofOutput({ pipeline: supportBot });
    const ratio = ({ run, score }: Scope) => [metric.ratio('cost-per-point', run.costUsd!, score(alone).score!)];
    const metrics = (scope: Scope) => ({ ...failing(scope), secondary: ratio(scope) });
    expect(loosely({ scorers: [alone], metrics }).spec.metrics[1]).toMatchObject({
      denominator: { from: 'score', scorer: 's', field: 'score' },
      windowMs: 3_600_000,
    });
  });
});
