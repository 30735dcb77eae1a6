/**
 * `defineMonitor`: a scorer over a part of a pipeline's live runs, for as long as somebody wants to know, and what is worth an
 * alert.
 */
import { MONITOR_FORMAT, type MonitorSpec } from '../model/monitor-spec.ts';
import { freezeJson } from '../plan/json.ts';
import type { AnyPipeline, Pipeline } from './edit.ts';
import { isVariant } from './evaluation-parts.ts';
import { type FitsLive, readSampled } from './experiment-scorers.ts';
import type { InputScope } from './experiment-traffic.ts';
import { internalsOf } from './internals.ts';
import { type Alert, readAlert, readBudget, readTarget, type Target } from './monitor-settings.ts';
import type { Value } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
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
