/** The experiments whose ledgers are recorded: one for each way to end, and one that goes through two stages. */
import {
  EXPERIMENT_FORMAT,
  type ExperimentSpec,
  type ExperimentState,
  type OnlineMetric,
} from '../../src/model/experiment-spec.ts';
import type { Random } from '../../src/stats/random.ts';
import { configured } from '../experiment/live.ts';
import type { Draw, Drawn, Playing, Setting } from './play.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const MORE_PASSAGES = configured('ranked', { topN: 12, model: 'local/lexical' });
const MORE_HITS = configured('keyword', { topK: 40 });
const OTHER_MODEL = configured('enhance', { model: 'local/rules' });

export interface Scenario extends Setting {
  readonly ends: ExperimentState;
  play(playing: Playing): Promise<void>;
}

const metric = (name: string, more: Partial<OnlineMetric>): OnlineMetric => ({
  ...{ name, role: 'guardrail', kind: 'rate', source: { from: 'run', field: 'failed' }, denominator: null },
  ...{ above: null, cap: null, quantile: null, better: 'lower', format: 'share', minimumEffect: null, margin: null },
  ...{ windowMs: 10 * MINUTE_MS, absent: 'missing', ...more },
});

const LATENCY = { from: 'run', field: 'latencyMs' } as const;
const COST = { from: 'run', field: 'costUsd' } as const;

/** One metric of every kind: every formula of an analysis is in the recordings. */
const METRICS = {
  helpful: metric('helpful', {
    ...{ role: 'primary', source: { from: 'feedback', field: 'up' }, better: 'higher', minimumEffect: 0.08 },
    ...{ windowMs: 6 * HOUR_MS, absent: 'zero' },
  }),
  grounded: metric('grounded', {
    ...{ role: 'primary', kind: 'mean', source: { from: 'value', wiring: { $from: ['output', 'text'] } } },
    ...{ better: 'higher', format: 'number', minimumEffect: 0.1 },
  }),
  failed: metric('failed', { margin: 0.04 }),
  slow: metric('slow', { kind: 'share', source: LATENCY, above: 4_000, margin: 0.05 }),
  complaints: metric('complaints', {
    ...{ source: { from: 'feedback', field: 'down' }, margin: 0.04, windowMs: 6 * HOUR_MS, absent: 'zero' },
  }),
  costPerAnswer: metric('cost-per-answer', {
    ...{ kind: 'ratio', source: COST, denominator: { from: 'feedback', field: 'rated' }, format: 'usd', margin: 0.004 },
  }),
  spending: metric('spending', { role: 'secondary', kind: 'sum', source: COST, cap: 0.05, format: 'usd' }),
  latency: metric('latency', { role: 'secondary', kind: 'mean', source: LATENCY, format: 'ms' }),
  latencyP95: metric('latency-p95', {
    ...{ role: 'secondary', kind: 'quantile', source: LATENCY, quantile: 0.95, format: 'ms' },
  }),
};

type Variants = readonly (readonly [name: string, ...edits: ExperimentSpec['arms'][number]['edits'][number][]])[];

function specOf(
  name: string,
  variants: Variants,
  metrics: readonly OnlineMetric[],
  more: Partial<Pick<ExperimentSpec, 'share' | 'overrides' | 'breaker' | 'rollout'>> & {
    readonly stop?: Partial<ExperimentSpec['stop']>;
  } = {},
): ExperimentSpec {
  const weight = 1 / (variants.length + 1);
  return {
    ...{ format: EXPERIMENT_FORMAT, name, pipeline: `${name}-bot`, assignVersion: 1, unit: null, unitName: 'user' },
    ...{ target: null, layer: null, share: 1, overrides: {}, scorers: [] },
    arms: [
      { name: 'baseline', weight, edits: [] },
      ...variants.map(([variant, ...edits]) => ({ name: variant, weight, edits })),
    ],
    ...{ metrics, breaker: { ceiling: 0.3, windowMs: DAY_MS } },
    rollout: { steps: [0.5, 1], soakMs: HOUR_MS, unitsPerStep: 50, approval: 'auto' },
    ...more,
    stop: {
      ...{ method: 'stage_cs', alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8, minUnits: 50 },
      ...{ minDurationMs: 2 * DAY_MS, maxDurationMs: 14 * DAY_MS, lookEveryMs: 12 * HOUR_MS, graceMs: 5_000 },
      ...more.stop,
    },
  };
}

const event = (random: Random, chance: number): Drawn => ({ v: random.uniform() < chance ? 1 : 0 });
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());

/** Chances and means that differ from the baseline's, by arm. */
type Effects = { readonly [metric: string]: readonly number[] };

/** Runs of which one in a hundred leaves no record. */
const drawing =
  (effects: Effects): Draw =>
  (name, arm, random) => {
    const effect = effects[name]?.[arm] ?? 0;
    switch (name) {
      case 'helpful':
        return random.uniform() < 0.6 ? event(random, 0.3 + effect) : null;
      case 'complaints':
        return random.uniform() < 0.3 ? event(random, 0.1 + effect) : null;
      case 'failed':
        return event(random, 0.03 + effect);
      case 'slow':
        return event(random, 0.05 + effect);
      case 'cost-per-answer':
        return { v: (0.01 + effect) * Math.exp(0.3 * normal(random)), d: 1 + random.index(3) };
      case 'spending':
        return { v: (0.02 + effect) * Math.exp(0.5 * normal(random)) };
      case 'grounded':
        return { v: 2 + effect + 0.5 * normal(random) };
      default:
        return { v: (1_500 + effect) * Math.exp(0.4 * normal(random)) };
    }
  };

const { helpful, grounded, failed, slow, complaints, costPerAnswer, spending, latency, latencyP95 } = METRICS;

export const SCENARIOS: { readonly [name: string]: Scenario } = {
  promoted: {
    ends: 'promoted',
    spec: specOf(
      'promoted',
      [
        ['more-passages', MORE_PASSAGES],
        ['more-hits', MORE_HITS],
      ],
      [helpful, failed, slow, spending, latencyP95],
      { share: 0.6, overrides: { 'user-3': 'more-hits' } },
    ),
    ...{ seed: 1, units: 900, draw: drawing({ helpful: [0, 0.25, 0.05] }) },
    play: (playing) => playing.analyse(20),
  },
  'rolled-back': {
    ends: 'rolled_back',
    spec: specOf(
      'rolled-back',
      [['more-passages', MORE_PASSAGES]],
      [grounded, failed, complaints, costPerAnswer, latency],
      {
        stop: { method: 'asymp_cs' },
      },
    ),
    ...{ seed: 2, units: 150, draw: drawing({ 'cost-per-answer': [0, 0.0095], grounded: [0, 0.03] }) },
    play: (playing) => playing.analyse(20),
  },
  futile: {
    ends: 'inconclusive',
    spec: specOf('futile', [['more-hits', MORE_HITS]], [helpful, failed, slow, costPerAnswer, spending], {
      stop: { minDurationMs: DAY_MS, lookEveryMs: 6 * HOUR_MS },
    }),
    ...{ seed: 3, units: 260, draw: drawing({}) },
    async play(playing) {
      await playing.analyse(3);
      await playing.steer('pause', 'the provider changes its prices');
      await playing.steer('resume', 'the prices are known');
      await playing.analyse(20);
    },
  },
  superseded: {
    ends: 'superseded',
    spec: specOf('superseded', [['more-passages', MORE_PASSAGES]], [grounded, failed, latency, latencyP95], {
      stop: { method: 'asymp_cs', lookEveryMs: 6 * HOUR_MS },
    }),
    ...{ seed: 4, units: 120, draw: drawing({ grounded: [0, 0.05] }) },
    async play(playing) {
      await playing.analyse(7);
      await playing.deploy([configured('ranked', { topN: 6, model: 'local/lexical' })], 'answers were too long');
    },
  },
  'two-stages': {
    ends: 'promoted',
    spec: specOf(
      'two-stages',
      [
        ['more-passages', MORE_PASSAGES],
        ['more-hits', MORE_HITS],
      ],
      [grounded, failed, complaints],
      {
        stop: { minDurationMs: 2.5 * DAY_MS },
        rollout: { steps: [0.2, 1], soakMs: HOUR_MS, unitsPerStep: 50, approval: 'manual' },
      },
    ),
    ...{ seed: 5, units: 360, draw: drawing({ grounded: [0, 0.22, 0], failed: [0, 0, 0.6] }) },
    async play(playing) {
      await playing.analyse(2);
      await playing.deploy([OTHER_MODEL], 'a smaller model rewrites questions');
      await playing.analyse(5);
      await playing.steer('approve', 'the answers read well');
      await playing.analyse(20);
    },
  },
};
