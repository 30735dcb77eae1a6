/**
 * The memo host's side of the boundary: one attempt at a call, behind the same wrappers as an activity's, with its failure
 * as data. Attempts and pauses are the host's; nothing here repeats a call.
 */

import { SluiceError } from '../base/errors.ts';
import { type AttemptClock, createAttemptClock } from '../boundary/attempt-clock.ts';
import { type BoundaryDependencies, createBoundary, parse } from '../boundary/boundary.ts';
import { cut, StepFailure, smallData } from '../boundary/failure.ts';
import type { Implemented, Next } from '../boundary/implement.ts';
import { stepName } from '../dsl/step.ts';
import { dryRunMissing } from '../plan/open-writes.ts';
import type { AttemptFailure, MakeAttempt } from './attempts.ts';

/**
 * Failures for good whose cause is not the step: with another key, account, budget or price list the call may succeed. Those
 * of input and config are found before anything is made, so to keep them would save nothing.
 */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'budget_exceeded',
  'evaluation_budget',
  'key_invalid',
  'key_missing',
  'model_unknown',
  'price_unknown',
  'quota_exhausted',
  'StepConfigInvalid',
  'StepInputInvalid',
]);

/**
 * Nobody is served here, so nothing is written: a `write` step's dry run stands in the place of its function, which cannot be
 * reached. Where none is declared, the run or evaluation should have been refused at its start; the call fails.
 */
function withoutWrites(implemented: Implemented): Implemented {
  const { step } = implemented;
  if (step.effect !== 'write') return implemented;
  const run: Implemented['run'] = (_, { key }) => {
    if (step.dryRun !== undefined) return step.dryRun;
    throw dryRunMissing('this call', [{ node: key, call: 'step', step: stepName(step) }]);
  };
  return { ...implemented, run };
}

/** Attempts at the steps that are implemented here, outside live runs. */
export function createMakeAttempt(
  dependencies: Pick<BoundaryDependencies, 'payloads' | 'redaction'>,
  implementations: readonly Implemented[],
): MakeAttempt {
  const steps = new Map<string, { readonly implemented: Implemented; readonly run: Next }>(
    implementations
      .map(withoutWrites)
      .map((implemented) => [
        stepName(implemented.step),
        { implemented, run: createBoundary(dependencies, implemented) },
      ]),
  );

  return async ({ policy, step: name, ...request }) => {
    const clock = createAttemptClock();
    try {
      const found = steps.get(name);
      if (found === undefined) throw stepUnknown(name);
      const { step } = found.implemented;
      const attempt = {
        ...request,
        step,
        config: parse(step.config, request.config, 'StepConfigInvalid', `the config of '${request.key}' (${name})`),
        priority: 'evaluation' as const,
        timeoutMs: policy.timeoutMs,
        heartbeatMs: policy.heartbeatMs,
        beats: policy.beats ?? 'timer',
        // Nobody listens: this process makes the call and counts its time itself.
        heartbeat: () => undefined,
      };
      const value = await clock.run(() => found.run(attempt));
      return { value, ...(step.effect === 'write' && { lasts: false }), ...waited(clock) };
    } catch (error) {
      return { failure: failureOf(error), ...waited(clock) };
    }
  };
}

function waited(clock: AttemptClock) {
  const waitedMs = clock.waitedMs();
  return waitedMs > 0 ? { waitedMs } : {};
}

function failureOf(error: unknown): AttemptFailure {
  if (!(error instanceof SluiceError)) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { code: name, message: cut(message), details: {}, retryable: true, lasts: false };
  }
  const { code, retryable } = error;
  const failure = error instanceof StepFailure ? error : undefined;
  return {
    code,
    message: cut(error.message),
    details: { ...smallData(error.data), remedy: cut(error.remedy) },
    retryable,
    lasts: failure !== undefined && !retryable && !NOT_KEPT.has(code),
    ...(failure?.retryAfterMs !== undefined && { retryAfterMs: failure.retryAfterMs }),
  };
}

const stepUnknown = (name: string): SluiceError =>
  new SluiceError('step_unknown', {
    message: `no implementation of ${name} is registered here`,
    remedy: 'register the step with the worker that evaluates, or name a version that is',
    data: { step: name },
  });
