/** What a monitor is aimed at, what it alerts on, and what it may cost: what is written of it, checked. */

import { suggest } from '../base/nearest.ts';
import {
  type AlertSettings,
  MONITORED_OUTCOMES,
  type MonitoredOutcome,
  type MonitorTarget,
} from '../model/monitor-spec.ts';
import type { WiringFunction } from './draft.ts';
import { type Duration, durationMs } from './duration.ts';
import { lowerTarget } from './experiment-traffic.ts';
import type { Internals } from './internals.ts';
import { checkCount, checkKeys, checkName, refuse, show } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';

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

export function readTarget(given: object = {}, internals: Internals, at: string): MonitorTarget {
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

export function readAlert(
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

export function readBudget(given: unknown, at: string): number | null {
  if (given === undefined) return null;
  if (typeof given === 'number' && given > 0 && given <= LARGEST_BUDGET_USD) return given;
  return refuse(
    'budget_invalid',
    `${at}: budgetUsdPerDay is ${show(given)}`,
    `give an amount above 0, at most ${LARGEST_BUDGET_USD.toLocaleString('en')} dollars; or leave it out: there is no limit`,
  );
}
