/** How an experiment is watched, ended and rolled out: what is written of it, completed and checked. */

import { showSpan } from '../base/format.ts';
import {
  type BreakerSettings,
  DEFAULT_MAX_LATE,
  type RolloutSettings,
  type StopSettings,
} from '../model/experiment-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { checkAlpha, checkCount, checkKeys, type Duration, durationMs, refuse, show } from './refuse.ts';

/** How long after its exposure a unit's outcomes count, by where they come from. */
export interface Windows {
  /** Of facts of runs, and of what runs gave. Default: 10 minutes. */
  readonly run?: Duration;
  /** Default: 1 hour. */
  readonly score?: Duration;
  /** Default: 24 hours. */
  readonly feedback?: Duration;
}

/** Takes a variant away whose failures pass the ceiling, without waiting for a look. */
export interface Breaker {
  /** Share of runs, between 0 and 1. Default: 0.25. */
  readonly ceiling?: number;
  /** It counts anew after this. Default: 15 minutes. */
  readonly window?: Duration;
}

/** When it is decided, and how surely. */
export interface Stop {
  /** `asymp_cs` is a little sharper, but ends when anything else of the pipeline changes. Default: `stage_cs`. */
  readonly method?: StopSettings['method'];
  /** Two-sided, of the primary metric. Default: 0.05. */
  readonly alpha?: number;
  /** One-sided, of all guardrails' rollback bounds together. Default: 0.05. */
  readonly alphaRollback?: number;
  /** One-sided, of each guardrail's promotion bound. Default: 0.05. */
  readonly alphaPromotion?: number;
  /** To see the minimum effect where it is there, between 0.5 and 1. Default: 0.8. */
  readonly power?: number;
  /** Matured units in the smaller arm before anything is decided. Default: 50. */
  readonly minUnits?: number;
  /** Default: 7 days, so that every weekday is in it. */
  readonly minDuration?: Duration;
  /** Default: 28 days. */
  readonly maxDuration?: Duration;
  /** Default: 15 minutes. */
  readonly lookEvery?: Duration;
  /** How long outcomes may be on their way to the store. Default: 5 seconds. */
  readonly grace?: Duration;
  /**
   * Share of a metric's events (feedback, scores) that may come after their window, in each arm, between 0 and 1. Above it
   * nothing is promoted, and no effect is ruled out. Default: 0.05.
   */
  readonly maxLate?: number;
}

/** How a winner gets the traffic outside the experiment's share. */
export interface Rollout {
  /** Parts of that traffic, rising to 1. Default: 0.1, 0.25, 0.5, 1. */
  readonly steps?: readonly number[];
  /** Each step lasts at least so long. Default: 1 hour. */
  readonly soak?: Duration;
  /** And until so many more units of the share have matured. Default: 50. */
  readonly unitsPerStep?: number;
  /** `manual`: a winner waits for `sluice experiment approve`. Default: `auto`. */
  readonly approval?: 'auto' | 'manual';
}

export type WindowsMs = { readonly [Of in keyof Windows]-?: number };

const MOST = { most: LIMITS.experimentMs };
const ANY = { least: 0, ...MOST };
const OFTEN = { least: LIMITS.lookMs, ...MOST };

export function readWindows(given: Windows = {}, at: string): WindowsMs {
  const where = `${at}: windows`;
  checkKeys(given, ['run', 'score', 'feedback'], where);
  const { run = '10 minutes', score = '1 hour', feedback = '24 hours' } = given;
  return {
    run: durationMs(run, `${where}: run`, MOST),
    score: durationMs(score, `${where}: score`, MOST),
    feedback: durationMs(feedback, `${where}: feedback`, MOST),
  };
}

export function readBreaker(given: Breaker = {}, at: string): BreakerSettings {
  const where = `${at}: breaker`;
  checkKeys(given, ['ceiling', 'window'], where);
  const { ceiling = 0.25, window = '15 minutes' } = given;
  checkBetween(ceiling, 0, 1, 'breaker_invalid', `${where}: ceiling`, 'a share of runs; usual is 0.25');
  return { ceiling, windowMs: durationMs(window, `${where}: window`, OFTEN) };
}

const STOP_KEYS = ['method', 'alpha', 'alphaRollback', 'alphaPromotion', 'power'] as const;
const STOP_TIMES = ['minUnits', 'minDuration', 'maxDuration', 'lookEvery', 'grace', 'maxLate'] as const;
const METHODS: readonly unknown[] = ['stage_cs', 'asymp_cs'] satisfies StopSettings['method'][];

export function readStop(given: Stop = {}, at: string): StopSettings {
  const where = `${at}: stop`;
  checkKeys(given, [...STOP_KEYS, ...STOP_TIMES], where);
  const { method = 'stage_cs', alpha = 0.05, alphaRollback = 0.05, alphaPromotion = 0.05, power = 0.8 } = given;
  const { minUnits = 50, minDuration = '7 days', maxDuration = '28 days' } = given;
  const { lookEvery = '15 minutes', grace = '5 seconds', maxLate = DEFAULT_MAX_LATE } = given;
  if (!METHODS.includes(method))
    refuse('method_unknown', `${where}: method is ${show(method)}`, "use 'stage_cs' or 'asymp_cs'");
  for (const [key, level] of Object.entries({ alpha, alphaRollback, alphaPromotion }))
    checkAlpha(level, `${where}: ${key}`);
  checkBetween(power, 0.5, 1, 'power_invalid', `${where}: power`, 'usual is 0.8');
  checkBetween(maxLate, 0, 1, 'max_late_invalid', `${where}: maxLate`, 'usual is 0.05');
  checkCount(minUnits, 2, LIMITS.units, `${where}: minUnits`);
  const settings: StopSettings = {
    ...{ method, alpha, alphaRollback, alphaPromotion, power, minUnits },
    minDurationMs: durationMs(minDuration, `${where}: minDuration`, ANY),
    maxDurationMs: durationMs(maxDuration, `${where}: maxDuration`, OFTEN),
    lookEveryMs: durationMs(lookEvery, `${where}: lookEvery`, OFTEN),
    graceMs: durationMs(grace, `${where}: grace`, ANY),
    maxLate,
  };
  const { minDurationMs, maxDurationMs, lookEveryMs, graceMs } = settings;
  checkWithin({ minDuration: minDurationMs, lookEvery: lookEveryMs, grace: graceMs }, maxDurationMs, where);
  return settings;
}

/** Refuses parts that are longer than the whole: what waits for them would never be decided. */
function checkWithin(parts: { readonly [key: string]: number }, maxDurationMs: number, at: string): void {
  for (const [key, length] of Object.entries(parts))
    if (length > maxDurationMs)
      refuse(
        'durations_order',
        `${at}: ${key} is ${showSpan(length)}, and maxDuration ${showSpan(maxDurationMs)}`,
        `shorten ${key}, or let it run longer`,
        { key },
      );
}

/** The same for the windows that its metrics have: a unit is mature when the longest of them is over. */
export function checkWindows(windowsMs: readonly number[], { maxDurationMs }: StopSettings, at: string): void {
  const longest = Math.max(...windowsMs);
  if (longest >= maxDurationMs)
    refuse(
      'durations_order',
      `${at}: a window is ${showSpan(longest)}, and maxDuration ${showSpan(maxDurationMs)}: no unit would mature in time`,
      'shorten the window, as windows: { run: ... }, or let it run longer',
    );
}

export function readRollout(given: Rollout = {}, at: string): RolloutSettings {
  const where = `${at}: rollout`;
  checkKeys(given, ['steps', 'soak', 'unitsPerStep', 'approval'], where);
  const { steps = [0.1, 0.25, 0.5, 1], soak = '1 hour', unitsPerStep = 50, approval = 'auto' } = given;
  checkSteps(steps, `${where}: steps`);
  checkCount(unitsPerStep, 0, LIMITS.units, `${where}: unitsPerStep`);
  if (approval !== 'auto' && approval !== 'manual')
    refuse('approval_unknown', `${where}: approval is ${show(approval)}`, "use 'auto' or 'manual'");
  return { steps: [...steps], soakMs: durationMs(soak, `${where}: soak`, ANY), unitsPerStep, approval };
}

function checkSteps(steps: unknown, at: string): asserts steps is readonly number[] {
  if (!Array.isArray(steps)) refuse('not_a_list', `${at} is ${show(steps)}`, 'write a list: [0.1, 0.25, 0.5, 1]');
  if (steps.length > LIMITS.rolloutSteps)
    refuse('limit_exceeded', `${at}: there are ${steps.length}`, `use at most ${LIMITS.rolloutSteps}`);
  const rises = steps.every((step, index) => typeof step === 'number' && step > (index === 0 ? 0 : steps[index - 1]));
  if (!rises || steps.at(-1) !== 1)
    refuse(
      'steps_order',
      `${at}: ${steps.map(show).join(', ') || 'there is none'}, which does not rise to 1`,
      'let each be above the one before, from above 0, and the last be 1: [0.1, 0.25, 0.5, 1]',
    );
}

function checkBetween(value: unknown, above: number, below: number, code: string, at: string, usual: string): void {
  if (!(typeof value === 'number' && value > above && value < below))
    refuse(code, `${at} is ${show(value)}`, `give a number between ${above} and ${below}: ${usual}`);
}
