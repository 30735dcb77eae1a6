/**
 * What a call's policy must hold whoever wrote it, as a function over data. Definitions, variants and composed plans
 * all end here, so an edit of a timeout cannot leave a node without the heartbeat that its new timeout asks for.
 */
import type { CallPolicy } from './plan.ts';

/** An attempt that may last longer than this gives signs of life, so that a lost worker is noticed before its timeout. */
export const HEARTBEAT_ABOVE_MS = 2_000;

/** The heartbeat of a policy that should have one and names none. */
const DEFAULT_HEARTBEAT_MS = 5_000;

/**
 * The policy with what follows from it filled in: in the local lane nothing beats and there is no queue to choose; in the
 * activity lane an attempt above two seconds, or one that names how it beats, has a heartbeat of at most its timeout.
 */
export function completePolicy(policy: CallPolicy): CallPolicy {
  const { heartbeatMs: stated, beats, taskQueue, ...rest } = policy;
  if (rest.lane === 'local') return Object.freeze(rest);
  const asked = stated ?? (rest.timeoutMs > HEARTBEAT_ABOVE_MS || beats ? DEFAULT_HEARTBEAT_MS : undefined);
  return Object.freeze({
    ...rest,
    ...(asked !== undefined && { heartbeatMs: Math.min(asked, rest.timeoutMs), beats: beats ?? ('timer' as const) }),
    ...(taskQueue !== undefined && { taskQueue }),
  });
}
