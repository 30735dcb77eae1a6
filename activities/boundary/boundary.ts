/** The boundary: what stands between a host and a step's function, outermost first. */
import type { Json } from '../../src/plan/plan.ts';
import type { Payloads } from '../../src/store/claims.ts';
import { compose, type Next } from './attempt.ts';
import { checkClaims } from './claim-check.ts';
import { beat } from './heartbeat.ts';
import type { Implemented } from './implement.ts';
import { checkSchemas } from './schemas.ts';
import { limitTime } from './time-limit.ts';

export interface BoundaryDependencies {
  readonly payloads: Payloads;
}

export function createBoundary(dependencies: BoundaryDependencies, implemented: Implemented): Next {
  return compose([limitTime, beat, checkClaims(dependencies.payloads), checkSchemas], async (attempt) => {
    const { config, signal, heartbeat, runId, key } = attempt;
    const idempotencyKey = attempt.call === 'step' ? `${runId}:${key}` : `${runId}:${key}:fallback`;
    const context = { config, signal, heartbeat, idempotencyKey, runId, key, attempt: attempt.attempt };
    signal.throwIfAborted(); // cancelled while its input was being fetched: it must not begin
    return (await implemented.run(attempt.input, Object.freeze(context))) as Json;
  });
}
