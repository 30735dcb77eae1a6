/**
 * `defineExperiment`: which variants meet live traffic, who gets which, what is measured of them, and what is concluded
 * from it. All of it is fixed before the first run.
 */

import { z } from 'zod';
import { ASSIGN_VERSION } from '../model/assign.ts';
import type { RunField } from '../model/evaluation-spec.ts';
import {
  completeSpec,
  EXPERIMENT_FORMAT,
  type ExperimentSpec,
  type FeedbackField,
  type OnlineKind,
  type OnlineMetric,
  type OnlineSource,
} from '../model/experiment-spec.ts';
import { freezeJson } from '../plan/json.ts';
import type { Source } from '../plan/nodes.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { type Internals, internalsOf } from './draft.ts';
import { type AnyPipeline, type AnyVariant, isVariant, type Pipeline, type Variant } from './edit.ts';
import { readVariants } from './evaluation.ts';
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
  type WindowsMs,
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
import { callWiring, refsTo } from './lower.ts';
import { type Metric, nameOf, type WrittenMetric } from './metric.ts';
import {
  checkDirection,
  checkReach,
  FACT_FIELDS,
  findSource,
  type IsListed,
  type Range,
  rangeOfField,
  readGoals,
  scoreRefs,
} from './metric-specs.ts';
import { type Ref, type RefFacts, refTo, replaceSources, type Value } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import { RUN_FACTS, type RunFactRefs, resolve, type ShownNodes } from './scored-scope.ts';
import type { AnyScorer, ScoreOf } from './scorer.ts';
import { fieldAt, isBoolean, rangeOf, type Schema } from './shape.ts';

// The metrics of an experiment as data: each is a number per unit, from all that came of the unit in the metric's window.
// Those are added that every experiment is watched by.

/** What the metrics function of an experiment returned, by the roles that it gives. */
export interface OnlineGoals {
  /** What decides: one metric. */
  readonly primary: readonly [Metric<'primary'>];
  /** What may not get worse. */
  readonly guardrails?: readonly Metric<'guardrail'>[];
  /** What is looked at. Failures, latency and cost are added. */
  readonly secondary?: readonly Metric<'secondary'>[];
}

/** What the metrics function is given: a run that has ended, what scorers gave, and what people said. */
export interface OnlineScope<Visible, Output, Listed extends AnyScorer> {
  /** The nodes that the pipeline shows. */
  readonly nodes: ShownNodes<Visible>;
  readonly output: Ref<Output>;
  readonly run: RunFactRefs;
  readonly feedback: FeedbackRefs;
  score<One extends AnyScorer>(scorer: One & IsListed<One, Listed, 'experiment'>): Ref<ScoreOf<One>>;
}

/** The same at run time. */
export function onlineRefs({ internals, scorers }: OnlineParts, at: string): { readonly [word: string]: object } {
  return Object.freeze({
    nodes: Object.freeze(refsTo(internals.outputs, 'nodes')),
    output: refTo(internals.output, ['output']),
    run: refTo(RUN_FACTS, ['run']),
    feedback: refTo(FEEDBACK, ['feedback']),
    score: scoreRefs(scorers, at),
  });
}

/** The declared metrics in order of their roles, then those that every experiment has. */
export function onlineMetrics(
  goals: unknown,
  parts: OnlineParts,
  windows: WindowsMs,
  at: string,
): readonly OnlineMetric[] {
  const written = readGoals(goals, LIMITS.experimentMetrics, at);
  const deciding = written.filter(({ role }) => role === 'primary').length;
  if (deciding > 1)
    refuse(
      'primary_many',
      `${at} has ${deciding} primary metrics`,
      'let one decide, and give the others a margin among the guardrails, or .observe() them',
    );
  const declared = written.map((each) => toMetric(each, parts, windows, `${at}: metric '${each.name}'`));
  checkRead(declared, parts.scorers, at);
  return [...declared, ...impliedBy(declared, windows, at)];
}

function toMetric(written: WrittenMetric, parts: OnlineParts, windows: WindowsMs, at: string): OnlineMetric {
  const { name, role, kind, above, cap, quantile, minimumEffect, margin } = written;
  if (kind === 'win-rate')
    return refuse('metric_kind', `${at} is of pairs, and live runs come alone`, 'compare pairs in an evaluation');
  const read = readOnline(written, parts, at);
  const below = written.denominator && sourceOf(written.denominator, parts, `${at}: its denominator`);
  if (below) checkTogether(written, read, below, at);
  checkChosen(written, kind, read, below, at);
  checkReach(written, read.range, at);
  const better = written.better ?? read.better ?? noDirection(written, at);
  return {
    ...{ name, role, kind, source: read.source, denominator: below?.source ?? null, above, cap, quantile },
    ...{ better, format: formatOf(kind, read, below), minimumEffect, margin },
    windowMs: Math.max(windowOf(read.source, windows), below ? windowOf(below.source, windows) : 0),
    absent: absentOf(kind, read.source),
  };
}

function windowOf({ from }: OnlineSource, windows: WindowsMs): number {
  return from === 'value' ? windows.run : windows[from];
}

function formatOf(kind: OnlineKind, { format }: OnlineRead, below: OnlineRead | null): OnlineMetric['format'] {
  if (kind === 'mean' || kind === 'quantile') return format;
  if (kind === 'share' || kind === 'rate') return 'share';
  if (format !== 'share') return format;
  // What is true is counted: a sum of such is no share, and a ratio of two such is one.
  return kind === 'ratio' && below?.format === 'share' ? 'share' : 'number';
}

function noDirection({ role, value }: WrittenMetric, at: string): never {
  return refuse(
    'metric_direction',
    `${at} does not say which way is better of '${nameOf(value)}'`,
    `end it in ${role === 'guardrail' ? '.noWorseThan(margin, ' : '.observe('}{ better: 'higher' }), or 'lower'`,
  );
}

/** What every experiment is watched by: the breaker counts the first of them. */
const ALWAYS: readonly (readonly [name: string, kind: 'rate' | 'mean', field: RunField])[] = [
  ['failed', 'rate', 'failed'],
  ['latency', 'mean', 'latencyMs'],
  ['cost', 'mean', 'costUsd'],
];

function impliedBy(declared: readonly OnlineMetric[], { run }: WindowsMs, at: string): readonly OnlineMetric[] {
  return ALWAYS.filter(
    ([, kind, field]) =>
      !declared.some(
        (each) =>
          each.source.from === 'run' && each.source.field === field && (field !== 'failed' || each.kind === kind),
      ),
  ).map(([name, kind, field]) => {
    if (declared.some((each) => each.name === name))
      refuse(
        'metric_twice',
        `${at} has a metric '${name}' of something else: every experiment shows run.${field} by that name`,
        'give yours another name',
        { metric: name },
      );
    return {
      ...{ name, role: 'secondary', kind, source: { from: 'run', field }, denominator: null, above: null, cap: null },
      ...{ quantile: null, better: 'lower', format: kind === 'rate' ? 'share' : FACT_FIELDS[field].format },
      ...{ minimumEffect: null, margin: null, windowMs: run, absent: 'missing' },
    } satisfies OnlineMetric;
  });
}

/** Refuses a ratio of values from different deliveries: both parts must come from one run in one delivery. */
function checkTogether({ value, denominator }: WrittenMetric, read: OnlineRead, below: OnlineRead, at: string): void {
  if (isTold(read.source, below.source)) return;
  refuse(
    'ratio_apart',
    `${at} is of '${nameOf(value)}' over '${nameOf(denominator!)}', which are not known at the same time`,
    'take both from the run, both from what people said, or both from one scorer; a score goes with a fact of the run, too',
  );
}

function isTold(one: OnlineSource, other: OnlineSource): boolean {
  if (one.from === 'feedback' || other.from === 'feedback') return one.from === other.from;
  if (one.from === 'score' && other.from === 'score') return one.scorer === other.scorer;
  const scored = one.from === 'score' || other.from === 'score';
  return !scored || one.from === 'run' || other.from === 'run';
}

/** Refuses to decide by those alone who chose to speak: an arm that makes fewer of them speak would look better. */
function checkChosen(
  { role, value }: WrittenMetric,
  kind: OnlineKind,
  read: OnlineRead,
  below: OnlineRead | null,
  at: string,
): void {
  if (role !== 'primary') return;
  const isAmongRated =
    below?.source.from === 'feedback' || (isFeedback(read) && absentOf(kind, read.source) === 'missing');
  if (isAmongRated)
    refuse(
      'primary_among_rated',
      `${at} is of '${nameOf(value)}' among those who rated, and a variant can change who does`,
      "decide by all units, as metric.sum('net-thumbs', feedback.thumb, { cap: 3 }) does, and .observe() this beside it",
    );
}

const isFeedback = ({ source }: OnlineRead) => source.from === 'feedback';

/** Who says nothing has given no thumb, which counts as 0; but a score that nobody gave is no score of 0. */
function absentOf(kind: OnlineKind, source: OnlineSource): OnlineMetric['absent'] {
  if (source.from !== 'feedback') return 'missing';
  return source.field === 'score' && kind !== 'sum' && kind !== 'ratio' ? 'missing' : 'zero';
}

/** Refuses scorers that no metric reads: each of their calls would be paid for nothing. */
function checkRead(metrics: readonly OnlineMetric[], scorers: readonly AnyScorer[], at: string): void {
  const read = new Set(
    metrics
      .flatMap(({ source, denominator }) => [source, denominator])
      .map((source) => (source?.from === 'score' ? source.scorer : undefined)),
  );
  for (const { id } of scorers)
    if (!read.has(id))
      refuse(
        'scorer_unread',
        `${at}: no metric reads scorer '${id}'`,
        'leave it out, or look at what it gives: secondary: [metric.mean(...).observe()]',
        { scorer: id },
      );
}

/** What people said of a run, as metrics read it. */
const FEEDBACK = z.object({
  thumb: z.number().min(-1).max(1),
  up: z.boolean(),
  down: z.boolean(),
  score: z.number(),
  rated: z.boolean(),
} satisfies { readonly [Field in FeedbackField]: Schema });
export type FeedbackRefs = Ref<z.output<typeof FEEDBACK>>;

export interface OnlineRead {
  readonly source: OnlineSource;
  readonly range: Range;
  /** Null: nothing says. */
  readonly better: OnlineMetric['better'] | null;
  readonly format: OnlineMetric['format'];
}

/** What an experiment's metrics can be of. */
export interface OnlineParts {
  readonly internals: Internals;
  readonly scorers: readonly AnyScorer[];
}

/** What a metric is of; refuses what this experiment does not have, and a metric that is to go the wrong way. */
function readOnline(written: WrittenMetric, parts: OnlineParts, at: string): OnlineRead {
  const read = sourceOf(written.value, parts, at);
  checkDirection(written, { better: read.better, isScore: read.source.from === 'score' }, at);
  return read;
}

/** The same of a ref alone, such as a ratio's denominator, which goes no way. */
function sourceOf(facts: RefFacts, { internals, scorers }: OnlineParts, at: string): OnlineRead {
  const known = findSource(facts, scorers);
  if (known) {
    const { source, field } = known;
    return { source, range: rangeOfField(field), better: field.better, format: field.format };
  }
  const [head, ...path] = facts.source;
  const schema =
    head === 'output'
      ? fieldAt(internals.output, path)
      : head === 'nodes'
        ? fieldAt(internals.outputs[path[0]!], path.slice(1))
        : undefined;
  if (head === 'feedback') return feedbackOf(path[0] as FeedbackField, facts.schema);
  if (schema === undefined)
    return refuse(
      'metric_elsewhere',
      `${at} is of '${nameOf(facts)}', which this experiment does not have`,
      'use only what its metrics function is given: nodes, output, run, score and feedback',
    );
  const source = (head === 'nodes' ? path : facts.source) as unknown as Source;
  const wiring = replaceSources({ $from: source }, (from) => resolve(internals, from), at);
  return { source: { from: 'value', wiring }, ...shapeOf(schema), better: null };
}

function feedbackOf(field: FeedbackField, schema: Schema): OnlineRead {
  return { source: { from: 'feedback', field }, ...shapeOf(schema), better: field === 'down' ? 'lower' : 'higher' };
}

function shapeOf(schema: Schema): Pick<OnlineRead, 'range' | 'format'> {
  const [least, most] = isBoolean(schema) ? [0, 1] : (rangeOf(schema) ?? [-Infinity, Infinity]);
  return { range: { least, most }, format: isBoolean(schema) ? 'share' : 'number' };
}

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
