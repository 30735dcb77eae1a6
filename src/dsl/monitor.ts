/**
 * `defineMonitor`: a scorer over a part of a pipeline's live runs, for as long as somebody wants to know, and what is worth an
 * alert.
 */

import { showWhole } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import {
  type AlertSettings,
  MONITOR_FORMAT,
  MONITORED_OUTCOMES,
  type MonitoredOutcome,
  type MonitorSpec,
  type MonitorTarget,
} from '../model/monitor-spec.ts';
import { freezeJson } from '../plan/json.ts';
import { type Internals, internalsOf, type WiringFunction } from './draft.ts';
import { type AnyPipeline, isVariant, type Pipeline } from './edit.ts';
import { type FitsLive, type InputScope, lowerTarget, readSampled } from './experiment-traffic.ts';
import type { Value } from './ref.ts';
import { checkCount, checkKeys, checkName, type Duration, durationMs, refuse, show } from './refuse.ts';
import { type AnyScorer, type ScoreOf, scoreSchema } from './scorer.ts';
import { isBoolean } from './shape.ts';

/** What a monitor says at run time. */
export interface AnyMonitor {
  readonly id: string;
  /** Whose runs it meets, those of its variants and of experiments on it among them. */
  readonly pipeline: AnyPipeline;
  readonly scorer: AnyScorer;
  /** Frozen JSON: what the store keeps of it when it starts. */
  readonly spec: MonitorSpec;
}

const PARTS = ['pipeline', 'scorer', 'sample', 'when', 'alert', 'budgetUsdPerDay'] as const;

/**
 * Declares a monitor. It scores nothing before it is started (`sluice monitor start`), and what it says then is fixed: edited
 * and started again it is another version, whose scores stand for themselves.
 *
 * @param id letters, digits, '-' and '_'
 * @param monitor
 *   `scorer`: one that needs nothing but a finished run;
 *   `sample`: the part of the runs that is scored, above 0 and at most 1, found by the hash of the run's id;
 *   `when`: only these runs. `outcomes` are by default `['completed', 'degraded']`; of a run that `failed` by its own fault
 *   the score is the scorer's worst. `experiment`, and `arm` in it: runs that were given it. `target`: a boolean of the input;
 *   `alert`: the field whose rate or mean, in runs that ended within `window` (default one hour), alerts when its 99 %
 *   interval is wholly `below`, or `above`, what is said, of `atLeast` (default 20) scores;
 *   `budgetUsdPerDay`: what its calls may cost on one day, in UTC; when that is used up, no more runs are sampled on it
 * @throws DefinitionError naming the monitor and the part that is wrong
 *
 * @example
 * export const groundedLive = defineMonitor('grounded-live', {
 *   pipeline: docsBot,
 *   scorer: grounded,
 *   sample: 0.1,
 *   alert: { field: 'supported', below: 0.8, window: '1 hour' },
 *   budgetUsdPerDay: 2,
 * });
 */
export function defineMonitor<PipelineId extends string, Input, Visible, Nodes, Output, S extends AnyScorer>(
  id: string,
  monitor: {
    readonly pipeline: Pipeline<PipelineId, Input, Visible, Nodes, Output>;
    readonly scorer: S & FitsLive<NoInfer<PipelineId>, S>;
    readonly sample: number;
    readonly when?: Target & { readonly target?: (scope: InputScope<Input>) => Value<boolean> };
    readonly alert?: Alert<keyof ScoreOf<NoInfer<S>> & string>;
    readonly budgetUsdPerDay?: number;
  },
): AnyMonitor {
  checkName(id, 'a monitor named');
  const at = `monitor '${id}'`;
  checkKeys(monitor, PARTS, at);
  const { pipeline } = monitor;
  const internals = internalsOf(pipeline, at);
  if (isVariant(pipeline))
    refuse(
      'pipeline_variant',
      `${at} is of variant '${pipeline.name}'`,
      `give '${internals.id}' itself: runs of its variants are met, too`,
    );
  const given: unknown = monitor.scorer;
  if (typeof given !== 'object' || given === null)
    refuse('not_a_scorer', `${at}: scorer is ${show(given)}`, 'give what defineScorer returned');
  const [sampled] = readSampled([{ scorer: monitor.scorer, sample: monitor.sample }], internals, at);
  const { scorer, sample } = sampled!;
  const { alert, windowMs } = readAlert(monitor.alert, scorer, at);
  const spec: MonitorSpec = {
    ...{ format: MONITOR_FORMAT, name: id, pipeline: internals.id, scorer: scorer.spec, fields: kindsOf(scorer) },
    ...{ sample, when: readTarget(monitor.when, internals, at), windowMs, alert },
    budgetUsdPerDay: readBudget(monitor.budgetUsdPerDay, at),
  };
  return Object.freeze({ id, pipeline, scorer, spec: freezeJson(spec) });
}

function kindsOf(scorer: AnyScorer): MonitorSpec['fields'] {
  const { shape } = scoreSchema(scorer);
  return Object.fromEntries(
    Object.keys(scorer.spec.fields).map((field) => [field, isBoolean(shape[field]!) ? 'rate' : 'mean']),
  );
}

/** Runs that a monitor meets: all of this has to be so of them. */
export interface Target {
  /** Default: `['completed', 'degraded']`. */
  readonly outcomes?: readonly MonitoredOutcome[];
  /** The id of a `defineExperiment`: runs that it has given an arm, whichever time it was started. */
  readonly experiment?: string;
  /** The arm that it has given them. */
  readonly arm?: string;
}

/** What is worth an alert: one of the two bounds. */
export type Alert<Field extends string> = {
  readonly field: Field;
  /** Default: 20. */
  readonly atLeast?: number;
  /** Default: one hour. */
  readonly window?: Duration;
} & ({ readonly below: number; readonly above?: never } | { readonly above: number; readonly below?: never });

/** A window has at least this much in it, and no more than an index is good for. */
const WINDOW = { least: 1_000, most: 30 * 86_400_000 } as const;
const HOUR_MS = 3_600_000;
const USUAL_LEAST = 20;
const [FEWEST, MOST] = [2, 10_000];
const LARGEST_BUDGET_USD = 1_000_000;

const known: readonly unknown[] = MONITORED_OUTCOMES;

function readTarget(given: object = {}, internals: Internals, at: string): MonitorTarget {
  const where = `${at}: when`;
  checkKeys(given, ['outcomes', 'experiment', 'arm', 'target'], where);
  const {
    outcomes = ['completed', 'degraded'],
    experiment = null,
    arm = null,
    target,
  } = given as Target & {
    readonly target?: WiringFunction;
  };
  if (!Array.isArray(outcomes) || outcomes.length === 0 || new Set(outcomes).size < outcomes.length)
    refuse(
      'outcomes_invalid',
      `${where}: outcomes is ${Array.isArray(outcomes) ? `[${outcomes.map(show).join(', ')}]` : show(outcomes)}`,
      `give some of these, each once: ${MONITORED_OUTCOMES.join(', ')}`,
    );
  for (const outcome of outcomes)
    if (!known.includes(outcome))
      refuse(
        'outcome_unknown',
        `${where}: outcomes holds ${show(outcome)}`,
        outcome === 'cancelled' ? 'leave it out: it has no answer' : suggest(String(outcome), MONITORED_OUTCOMES, ''),
      );
  if (experiment !== null) checkName(experiment, `${where}: experiment`);
  if (arm !== null) checkName(arm, `${where}: arm`);
  if (arm !== null && experiment === null)
    refuse(
      'arm_alone',
      `${where}: arm is '${arm}', of no experiment`,
      "name the experiment that gives it, too: experiment: 'rerank-online'",
    );
  return {
    // In one order, so that the same is the same version.
    outcomes: MONITORED_OUTCOMES.filter((outcome) => outcomes.includes(outcome)),
    ...{ experiment, arm, target: target === undefined ? null : lowerTarget(internals, target, where) },
  };
}

function readAlert(
  given: object | undefined,
  { id, spec }: AnyScorer,
  at: string,
): { readonly alert: AlertSettings | null; readonly windowMs: number } {
  if (given === undefined) return { alert: null, windowMs: HOUR_MS };
  const where = `${at}: alert`;
  checkKeys(given, ['field', 'below', 'above', 'atLeast', 'window'], where);
  const { field, below = null, above = null, atLeast = USUAL_LEAST, window = '1 hour' } = given as Alert<string>;
  const fields = Object.keys(spec.fields);
  const scored = spec.fields[String(field)];
  if (scored === undefined)
    return refuse(
      'field_unknown',
      `${where}: scorer '${id}' gives no score ${show(field)}`,
      suggest(String(field), fields, ''),
      { field: String(field) },
    );
  if ((below === null) === (above === null))
    refuse(
      'bound_invalid',
      `${where} has ${below === null ? 'no bound' : 'two bounds'}`,
      `give one: below, where less of '${field}' is worse, or above`,
    );
  const bound = below ?? above;
  const { worst, best } = scored;
  const [least, most] = [Math.min(worst, best ?? worst), best === null ? Infinity : Math.max(worst, best)];
  const isInside = below === null ? bound! >= least && bound! < most : bound! > least && bound! <= most;
  const isBounded = best !== null;
  if (typeof bound !== 'number' || !Number.isFinite(bound) || (isBounded && !isInside))
    refuse(
      'bound_invalid',
      `${where}: ${below === null ? 'above' : 'below'} is ${show(bound)}${isBounded ? `, and '${field}' goes from ${least} to ${most}` : ''}`,
      'give a number that it can lie beyond',
    );
  checkCount(atLeast, FEWEST, MOST, `${where}: atLeast`);
  return {
    alert: { field, below, above, atLeast },
    windowMs: durationMs(window, `${where}: window`, WINDOW),
  };
}

function readBudget(given: unknown, at: string): number | null {
  if (given === undefined) return null;
  if (typeof given === 'number' && given > 0 && given <= LARGEST_BUDGET_USD) return given;
  return refuse(
    'budget_invalid',
    `${at}: budgetUsdPerDay is ${show(given)}`,
    `give an amount above 0, at most ${showWhole(LARGEST_BUDGET_USD)} dollars; or leave it out: there is no limit`,
  );
}
