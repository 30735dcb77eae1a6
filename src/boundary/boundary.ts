/** The boundary: what stands between a host and a step's function, outermost first. */

import type { TokenOutlet } from '../model/token-piece.ts';
import type { Json } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { Payloads } from '../store/claims.ts';
import { compose, type Next } from './attempt.ts';
import { checkClaims } from './claim-check.ts';
import { type Expose, recordExposures } from './exposure.ts';
import { beat } from './heartbeat.ts';
import type { Implemented } from './implement.ts';
import { redactResults } from './redact.ts';
import { checkSchemas } from './schemas.ts';
import { limitTime } from './time-limit.ts';
import { emitNothing, sinkTokens } from './token-sink.ts';

export interface BoundaryDependencies {
  readonly payloads: Payloads;
  /** Takes tokens to whoever asked for them; absent where there is no such way. */
  readonly tokens?: TokenOutlet;
  /** Absent where runs are in no experiment: evaluations, re-runs. */
  readonly expose?: Expose;
  /** Default: off. */
  readonly redaction?: Redaction;
}

export function createBoundary(dependencies: BoundaryDependencies, implemented: Implemented): Next {
  const { payloads, tokens, expose, redaction } = dependencies;
  // A draft comes in pieces, and what rules name may lie across them: none is shown where any rule is on.
  const outlet = redaction?.isOn ? undefined : tokens;
  const wrappers = [
    ...[sinkTokens(outlet), limitTime, beat, recordExposures(expose), checkClaims(payloads)],
    ...[redactResults(redaction), checkSchemas],
  ];
  return compose(wrappers, async (attempt) => {
    const { config, signal, heartbeat, emit = emitNothing, runId, key, priority = 'serving' } = attempt;
    const idempotencyKey = attempt.call === 'step' ? `${runId}:${key}` : `${runId}:${key}:fallback`;
    const call = { idempotencyKey, runId, key, attempt: attempt.attempt, priority };
    const context = { config, signal, heartbeat, emit, ...call };
    signal.throwIfAborted(); // cancelled while its input was being fetched: it must not begin
    return (await implemented.run(attempt.input, Object.freeze(context))) as Json;
  });
}
