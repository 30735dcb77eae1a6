/**
 * How calls are attempted, as authors write it: durations in words, everything but attempts and timeout optional. It is
 * read once, at definition, into the milliseconds that the plan carries.
 */

import type { CallPolicy } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { type Duration, durationMs } from './duration.ts';
import { checkCount, checkKeys, refuse, show } from './refuse.ts';

export interface Policy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** For one attempt, queueing excluded. */
  readonly timeout: Duration;
  /** The pause before the second attempt, how each next one grows, and the longest. Default: 1 s, doubling, to 30 s. */
  readonly backoff?: { readonly first: Duration; readonly factor: number; readonly max: Duration };
  /** The step gives a sign of life at least this often. Default: 5 seconds where the timeout is above 2 seconds. */
  readonly heartbeat?: Duration;
  /** Who beats: the activity boundary on a timer (default), or the step as it gets on. */
  readonly beats?: 'timer' | 'progress';
  /** A queue whose workers have what this step needs, when it is not the run's own. */
  readonly taskQueue?: string;
}

/** A contract's policy in milliseconds; a node adds its lane, and what follows from all of it. */
export type StepPolicy = Omit<CallPolicy, 'lane'>;

const DEFAULT_BACKOFF = Object.freeze({ firstMs: 1_000, factor: 2, maxMs: 30_000 });
export const POLICY_KEYS = ['attempts', 'timeout', 'backoff', 'heartbeat', 'beats', 'taskQueue'] as const;

/**
 * A whole policy, as a step's contract states it.
 *
 * @throws DefinitionError when a part is missing, unknown or outside its limit.
 */
export function readPolicy(policy: Policy, at: string): StepPolicy {
  const read = readPolicyChanges(policy, at);
  const { attempts, timeoutMs } = read;
  if (attempts === undefined || timeoutMs === undefined)
    return refuse(
      'policy_incomplete',
      `${at} has no ${attempts === undefined ? 'attempts' : 'timeout'}`,
      "state both, for example { attempts: 3, timeout: '30 seconds' }",
    );
  return Object.freeze({ attempts, timeoutMs, backoff: DEFAULT_BACKOFF, ...read });
}

/** Part of a policy, as a node's options or an edit state it. */
export function readPolicyChanges(policy: Partial<Policy>, at: string): Partial<StepPolicy> {
  checkKeys(policy, POLICY_KEYS, at);
  const { attempts, timeout, backoff, heartbeat, beats, taskQueue } = policy;
  if (attempts !== undefined) checkCount(attempts, 1, LIMITS.attempts, `${at}: attempts`);
  if (taskQueue !== undefined) checkQueue(taskQueue, `${at}: taskQueue`);
  if (beats !== undefined && beats !== 'timer' && beats !== 'progress')
    refuse('policy_invalid', `${at}: beats is ${show(beats)}`, "use 'timer' or 'progress'");
  return Object.freeze({
    ...(attempts !== undefined && { attempts }),
    ...(timeout !== undefined && { timeoutMs: durationMs(timeout, `${at}: timeout`) }),
    ...(backoff !== undefined && { backoff: readBackoff(backoff, `${at}: backoff`) }),
    ...(heartbeat !== undefined && { heartbeatMs: durationMs(heartbeat, `${at}: heartbeat`) }),
    ...(beats !== undefined && { beats }),
    ...(taskQueue !== undefined && { taskQueue }),
  });
}

function readBackoff(backoff: NonNullable<Policy['backoff']>, at: string): CallPolicy['backoff'] {
  const { factor } = backoff;
  const firstMs = durationMs(backoff.first, `${at}.first`);
  const maxMs = durationMs(backoff.max, `${at}.max`);
  if (typeof factor !== 'number' || !(factor >= 1 && factor <= LIMITS.backoffFactor))
    refuse('limit_exceeded', `${at}.factor is ${show(factor)}`, `use a number from 1 to ${LIMITS.backoffFactor}`);
  if (maxMs < firstMs)
    refuse('policy_invalid', `${at}.max is shorter than ${at}.first`, 'let max be the longest pause');
  return Object.freeze({ firstMs, factor, maxMs });
}

function checkQueue(queue: unknown, at: string): void {
  if (typeof queue === 'string' && queue.trim() !== '' && queue.length <= LIMITS.inlinedIdLength) return;
  refuse('limit_exceeded', `${at} is ${show(queue)}`, `use a name of 1 to ${LIMITS.inlinedIdLength} characters`);
}
