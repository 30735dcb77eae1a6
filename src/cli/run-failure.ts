/** A run that has no answer, in the three parts of any error: what failed and where, why, and what to do. */

import { count, shortId, showDuration } from '../base/format.ts';
import type { RunResult } from '../client/run-result.ts';
import type { Json } from '../plan/plan.ts';

/** The lines for a failed or cancelled run. */
export function failureLines(run: RunResult): string[] {
  const { error, runId, outcome, temporalUrl } = run;
  const node = run.nodes.find(({ key }) => key === error?.key);
  const place = node === undefined ? '' : ` at ${node.key}${node.step === null ? '' : ` (${node.step})`}`;
  const attempts = node === undefined || node.attempts === 0 ? '' : ` after ${count(node.attempts, 'attempt')}`;
  const tookMs = node?.durationMs ?? run.durationMs;
  const time = tookMs === null ? '' : ` in ${showDuration(tookMs)}`;
  return [
    `✖ run ${shortId(runId)} ${outcome}${place}${attempts}${time}`,
    ...(error?.message ?? 'there is no record of why').split('\n').map((line) => `  ${line}`),
    ...remedyOf(run)
      .split('\n')
      .map((line) => `  ${line}`),
    `  ${temporalUrl}`,
  ];
}

/** What the step itself advises, else what mends a failure of that kind. */
function remedyOf({ error, outcome, runId }: RunResult): string {
  const advised = adviceIn(error?.details);
  if (advised !== undefined) return advised;
  if (outcome === 'cancelled') return 'ask again; what it had done is not used again';
  const node = error?.node === undefined ? 'the step' : `'${error.node}'`;
  switch (error?.code) {
    case 'timeout':
      return `give ${node} a longer timeout, more attempts or a fallback`;
    case 'heartbeat_lost':
      return `see why the worker that ran ${node} ended or was blocked, and ask again`;
    case 'no_worker':
      return 'start one: sluice worker (or sluice dev, which has one)';
    case 'deadline_exceeded':
      return 'raise SLUICE_RUN_DEADLINE_MS, or give slow nodes shorter timeouts and a fallback';
    case 'budget_exceeded':
      return 'give the run more: --deadline, --budget-usd, --budget-tokens';
    case 'PayloadTooLarge':
      return `let ${node} take or give less: fewer passages, shorter texts`;
    case 'terminated':
      return 'ask again; the Temporal UI says who ended it';
    default:
      return `see each attempt at the address below, or: sluice runs ${shortId(runId)}`;
  }
}

function adviceIn(details: Json | undefined): string | undefined {
  if (details === null || typeof details !== 'object' || !('remedy' in details)) return undefined;
  return typeof details.remedy === 'string' ? details.remedy : undefined;
}
