/** Following an evaluation to its end, and saying what it ended with. */
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SluiceError } from '../base/errors.ts';
import type { EvaluationProgress, EvaluationState } from '../model/evaluation-result.ts';
import type { Json } from '../plan/plan.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { type OnOutage, OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';
import { OPEN } from './evaluation-steer.ts';

const POLL_MS = 250;

export interface FollowOptions {
  readonly onProgress?: (progress: EvaluationProgress, state: EvaluationState) => void;
  /** Stops following; the evaluation goes on. */
  readonly signal?: AbortSignal;
  readonly onOutage?: OnOutage;
}

export async function follow(handle: WorkflowHandle, store: Store, options: FollowOptions): Promise<EvaluationRow> {
  const { onProgress, signal, onOutage } = options;
  const { workflowId } = handle;
  const done = new AbortController();
  const telling = tell(store, workflowId, onProgress, AbortSignal.any([done.signal, ...(signal ? [signal] : [])]));
  const ended = ridingThrough(OUTAGE_LIMIT_MS, () => handle.result(), onOutage).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    const error = await Promise.race([ended, aborted(signal)]);
    const row = await store.evaluations.get(workflowId);
    if (error === undefined || row.state === 'cancelled' || OPEN.has(row.state) === false) {
      if (row.state === 'failed') throw failureOf(error, row);
      return row;
    }
    throw failureOf(error, row);
  } finally {
    done.abort();
    await telling;
  }
}

function aborted(signal: AbortSignal | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(undefined);
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

async function tell(
  { evaluations }: Store,
  evaluationId: string,
  onProgress: FollowOptions['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  if (onProgress === undefined) return;
  const look = async () => {
    const { state } = await evaluations.get(evaluationId);
    onProgress(await evaluations.progress(evaluationId), state);
  };
  while (!signal.aborted) {
    await look().catch(() => undefined); // the next one asks again
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  await look().catch(() => undefined);
}

function failureOf(error: unknown, { evaluationId, error: recorded }: EvaluationRow): SluiceError {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  const details =
    cause instanceof ApplicationFailure
      ? (cause.details?.[0] as { remedy?: string; data?: { readonly [key: string]: Json } } | undefined)
      : undefined;
  const code = (cause instanceof ApplicationFailure ? cause.type : undefined) ?? recorded?.code ?? 'evaluation_ended';
  return new SluiceError(code, {
    message: recorded?.message ?? cause?.message ?? `${evaluationId} ended without a result`,
    remedy: details?.remedy ?? `what was done is kept; go on with: sluice eval resume ${evaluationId}`,
    data: { evaluationId, ...details?.data },
  });
}
