/**
 * `defineExperiment`: which variants meet live traffic, who gets which, what is measured of them, and what is concluded
 * from it. All of it is fixed before the first run.
 */
import { ASSIGN_VERSION } from '../model/assign.ts';
import { completeSpec, EXPERIMENT_FORMAT, type ExperimentSpec } from '../model/experiment-spec.ts';
import { freezeJson } from '../plan/json.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { internalsOf } from './draft.ts';
import type { AnyPipeline, AnyVariant, Pipeline, Variant } from './edit.ts';
import { isVariant, readVariants } from './evaluation.ts';
import { type OnlineGoals, type OnlineScope, onlineMetrics, onlineRefs } from './experiment-metrics.ts';
import {
  type Breaker,
  checkWindows,
  type Rollout,
  readBreaker,
  readRollout,
  readStop,
  readWindows,
  type Stop,
  type Windows,
} from './experiment-settings.ts';
import {
  checkArmsDiffer,
  type FitsLive,
  type InputScope,
  lowerTarget,
  lowerUnit,
  readOverrides,
  readSampled,
  readTraffic,
  type Sampled,
  type ScorersOf,
  type Traffic,
} from './experiment-traffic.ts';
import { callWiring } from './lower.ts';
import type { Value } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';

/** What an experiment says at run time. */
export interface AnyExperiment {
  readonly id: string;
  /** What the variants are compared with is what is deployed of it. */
  readonly pipeline: AnyPipeline;
  readonly variants: readonly AnyVariant[];
  readonly scorers: readonly AnyScorer[];
  /** Frozen JSON: what the store keeps of it when it starts. */
  readonly spec: ExperimentSpec;
}

const WHO = ['pipeline', 'variants', 'unit', 'unitName', 'target', 'traffic', 'layer', 'overrides'] as const;
const WHAT = ['scorers', 'metrics', 'windows', 'breaker', 'stop', 'rollout'] as const;

/**
 * Declares an experiment.
 *
 * @param id letters, digits, '-' and '_'
 * @param experiment
 *   `unit`: who always gets the same arm, and is counted once; left out, the unit that the caller names;
 *   `unitName`: one of them in words, default `user`;
 *   `target`: only runs whose input makes this true are in it; as all get what is promoted, its winner waits for approval;
 *   `traffic`: which part of all units is in it, and how that is split over `baseline` and the variants;
 *   `layer`: experiments of one layer exclude each other; two that edit one node have to share one;
 *   `overrides`: units that get an arm by name, and are not counted;
 *   `scorers`: score live runs in the background, `sample` says how many of them; where a judge's score decides, the
 *   winner waits for approval;
 *   `metrics`: what is concluded from what, one metric of which decides; runs once, now;
 *   `windows`: how long after a unit's first run its outcomes count, by where they come from;
 *   `breaker`, `stop`, `rollout`: as their types say, each with its defaults
 * @throws DefinitionError naming the experiment and the part that is wrong
 *
 * @example
 * export const rerankOnline = defineExperiment('rerank-online', {
 *   pipeline: docsBot,
 *   variants: [narrow, deep],
 *   unit: ({ input }) => input.userId,
 *   traffic: { share: 0.2, weights: { baseline: 0.5, narrow: 0.25, deep: 0.25 } },
 *   scorers: [{ scorer: grounded, sample: 0.2 }],
 *   metrics: ({ run, score, feedback }) => ({
 *     primary: [metric.mean('grounded', score(grounded).supported).increase({ minimumEffect: 0.03 })],
 *     guardrails: [
 *       metric.rate('failed', run.failed).noWorseThan(0.01),
 *       metric.rate('thumbs-down', feedback.down).noWorseThan(0.02),
 *     ],
 *     secondary: [metric.quantile('latency-p95', 0.95, run.latencyMs)],
 *   }),
 * });
 */
export function defineExperiment<
  PipelineId extends string,
  Input,
  Visible,
  Nodes,
  Output,
  const Name extends string,
  Entry extends Sampled = never,
>(
  id: string,
  experiment: {
    readonly pipeline: Pipeline<PipelineId, Input, Visible, Nodes, Output>;
    readonly variants: readonly Variant<NoInfer<PipelineId>, Name>[];
    readonly unit?: (scope: InputScope<Input>) => Value<string>;
    readonly unitName?: string;
    readonly target?: (scope: InputScope<Input>) => Value<boolean>;
    readonly traffic: Traffic<NoInfer<Name>>;
    readonly layer?: string;
    readonly overrides?: { readonly [unit: string]: 'baseline' | NoInfer<Name> };
    readonly scorers?: readonly (Entry & FitsLive<NoInfer<PipelineId>, Entry>)[];
    readonly metrics: (scope: OnlineScope<Visible, Output, ScorersOf<Entry>>) => OnlineGoals;
    readonly windows?: Windows;
    readonly breaker?: Breaker;
    readonly stop?: Stop;
    readonly rollout?: Rollout;
  },
): AnyExperiment {
  checkName(id, 'an experiment named');
  const at = `experiment '${id}'`;
  checkKeys(experiment, [...WHO, ...WHAT], at);
  const { pipeline, unit, target, unitName = 'user', layer = null, overrides = {} } = experiment;
  const internals = internalsOf(pipeline, at);
  if (isVariant(pipeline))
    refuse(
      'pipeline_variant',
      `${at} is of variant '${pipeline.name}'`,
      `give '${internals.id}' itself: what is deployed of it is the baseline`,
    );
  const variants = readVariants(experiment.variants, pipeline, internals, at, LIMITS.experimentVariants);
  checkArmsDiffer(pipeline, variants, at);
  checkName(unitName, `${at}: unitName`);
  if (layer !== null) checkName(layer, `${at}: layer`);
  const { share, arms } = readTraffic(experiment.traffic, variants, at);
  const sampled = readSampled(experiment.scorers ?? [], internals, at);
  const scorers = sampled.map(({ scorer }) => scorer);
  if (typeof experiment.metrics !== 'function')
    refuse(
      'metrics_not_function',
      `${at}: metrics is ${show(experiment.metrics)}`,
      'give a function: ({ run, score, feedback }) => ({ primary: [ ... ] })',
    );
  const goals = callWiring(onlineRefs({ internals, scorers }, at), experiment.metrics, `${at}: metrics`);
  const metrics = onlineMetrics(goals, { internals, scorers }, readWindows(experiment.windows, at), at);
  const stop = readStop(experiment.stop, at);
  checkWindows(
    metrics.map(({ windowMs }) => windowMs),
    stop,
    at,
  );
  const spec = completeSpec({
    ...{ format: EXPERIMENT_FORMAT, name: id, pipeline: internals.id, assignVersion: ASSIGN_VERSION },
    unit: unit === undefined ? null : lowerUnit(internals, unit, at),
    unitName,
    target: target === undefined ? null : lowerTarget(internals, target, at),
    ...{ layer, share, arms, overrides: readOverrides(overrides, arms, at) },
    scorers: sampled.map(({ scorer, sample }) => ({ spec: scorer.spec, sample })),
    ...{ metrics, breaker: readBreaker(experiment.breaker, at), stop },
    rollout: readRollout(experiment.rollout, at),
  });
  return Object.freeze({ id, pipeline, variants, scorers: Object.freeze(scorers), spec: freezeJson(spec) });
}
