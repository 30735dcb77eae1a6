/** What is simulated: experiments on a pipeline for answers, and what its runs are like under what they were served. */
import { EXPERIMENT_FORMAT, type ExperimentSpec, type OnlineMetric } from '../../src/model/experiment-spec.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import type { NodeEdit, Plan } from '../../src/plan/plan.ts';
import { configured } from '../../test/experiment/live.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A unit a minute, each of whom matures ten minutes later, and a look per fifty of them. */
export const UNIT_EVERY_MS = 60_000;
const WINDOW_MS = 10 * MINUTE_MS;
export const LOOK_EVERY = 50;

const RERANKED: NodeEdit = configured('ranked', { topN: 12, model: 'local/lexical' });
const WORDIER: NodeEdit = configured('keyword', { topK: 40 });

/** Which of the edits a plan has: what happens to a unit hangs on what it was served, and not on what its arm is called. */
export interface Has {
  readonly reranked: boolean;
  readonly wordier: boolean;
}

export function featuresOf(plan: Plan): Has {
  const hasOwn = (edit: NodeEdit) =>
    [...nodesOf(plan)].some(
      (node) =>
        node.kind === 'step' &&
        node.id === edit.node &&
        edit.facet === 'config' &&
        JSON.stringify(node.call.config) === JSON.stringify(edit.config),
    );
  return { reranked: hasOwn(RERANKED), wordier: hasOwn(WORDIER) };
}

export interface Scenario {
  readonly name: string;
  /** The experiments that run at once, by what they edit. */
  readonly experiments: readonly ('reranked' | 'wordier')[];
  readonly guardrails: number;
  /** Of each guardrail. */
  readonly margin: number;
  /** It goes on to so many units, unless it ends before. */
  readonly units: number;
  /** The chance of a metric's event, for a unit that was served this. */
  readonly rate: (metric: string, has: Has) => number;
  /** The part of the units whose records never come. */
  readonly lost?: (has: Has) => number;
}

const BASE = 0.05;
const ANSWERED = 0.6;
const PRIMARY = 'answered';
const baseRate = (metric: string): number => (metric === PRIMARY ? ANSWERED : BASE);

/** Nothing is different. */
export const AA: Scenario = {
  name: 'aa',
  experiments: ['reranked'],
  guardrails: 3,
  margin: 0.01,
  units: 20_000,
  rate: baseRate,
};

const failing =
  (points: number): Scenario['rate'] =>
  (metric, has) =>
    baseRate(metric) + (metric === 'failed' && has.reranked ? points : 0);

export const HARM: Scenario = { ...AA, name: 'harm', rate: failing(0.05) };
export const BROKEN: Scenario = { ...AA, name: 'broken', guardrails: 1, units: 1_100, rate: failing(0.1) };
export const LOSING: Scenario = {
  ...AA,
  name: 'losing',
  guardrails: 1,
  units: 4_000,
  lost: (has) => (has.reranked ? 0.3 : 0),
};
/**
 * One wins, which changes what all units of the other get; the other edits another node, and nothing by that. The margin
 * is one that so few units can prove.
 */
export const TWO: Scenario = {
  ...AA,
  name: 'two',
  experiments: ['reranked', 'wordier'],
  guardrails: 1,
  margin: 0.05,
  units: 6_000,
  rate: (metric, has) => baseRate(metric) + (metric === PRIMARY && has.reranked ? 0.12 : 0),
};

export const SCENARIOS = [AA, HARM, BROKEN, LOSING, TWO] as const;

/** Variances of units before the experiment, by metric of the spec. */
export const baselinesOf = (spec: ExperimentSpec) =>
  spec.metrics.map(({ name }) => ({ mean: baseRate(name), variance: baseRate(name) * (1 - baseRate(name)) }));

/** Nothing keeps a false winner back but its interval: no minimum duration, no futility, and no breaker. */
export function specOf(
  { guardrails, margin }: Scenario,
  edited: 'reranked' | 'wordier',
  pipeline: string,
): ExperimentSpec {
  const named = ['failed', 'slow', 'off-topic'].slice(0, guardrails);
  return {
    format: EXPERIMENT_FORMAT,
    name: `${pipeline}-${edited}`,
    pipeline,
    assignVersion: 1,
    unit: null,
    unitName: 'user',
    target: null,
    layer: null,
    share: 1,
    arms: [
      { name: 'baseline', weight: 0.5, edits: [] },
      { name: edited, weight: 0.5, edits: [edited === 'reranked' ? RERANKED : WORDIER] },
    ],
    overrides: {},
    scorers: [],
    metrics: [
      rateOf({ name: PRIMARY, role: 'primary', better: 'higher', source: { from: 'feedback', field: 'up' } }),
      ...named.map((name) => rateOf({ name, role: 'guardrail', better: 'lower', margin })),
    ],
    breaker: { ceiling: 0.5, windowMs: DAY_MS },
    stop: {
      method: 'stage_cs',
      alpha: 0.05,
      alphaRollback: 0.05,
      alphaPromotion: 0.05,
      power: 0.8,
      minUnits: 50,
      minDurationMs: 0,
      maxDurationMs: 28 * DAY_MS,
      lookEveryMs: LOOK_EVERY * UNIT_EVERY_MS,
      graceMs: 0,
    },
    rollout: { steps: [1], soakMs: MINUTE_MS, unitsPerStep: LOOK_EVERY, approval: 'auto' },
  };
}

const rateOf = (metric: Pick<OnlineMetric, 'name' | 'role' | 'better'> & Partial<OnlineMetric>): OnlineMetric => ({
  kind: 'rate',
  source: { from: 'run', field: 'failed' },
  denominator: null,
  above: null,
  cap: null,
  quantile: null,
  format: 'share',
  minimumEffect: null,
  margin: null,
  windowMs: WINDOW_MS,
  absent: 'missing',
  ...metric,
});
