/**
 * Starts an ingest and follows it. One ingest per index at a time: asking again while one runs follows that one, also
 * where everything that worked on it was killed meanwhile; so asking again is how an ingest is resumed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { SluiceError } from '../base/errors.ts';
import type { RequireSpace } from '../embedded/disk-space.ts';
import { absoluteSourceName } from '../ingest/source-name.ts';
import {
  INGEST_PROGRESS,
  INGEST_WORKFLOW,
  type IngestInput,
  type IngestProgress,
  type IngestResult,
} from '../model/ingest-messages.ts';
import type { Json } from '../plan/plan.ts';
import { type OnOutage, OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';

const POLL_MS = 250;

/** A try of an activity that failed. */
export interface IngestRetry {
  readonly activity: string;
  /** The number of the try that failed, of `attempts`. */
  readonly attempt: number;
  readonly attempts: number;
  readonly reason: string;
}

export interface IngestOptions {
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Called once, before any progress, if the same ingest was already running, with its progress. */
  readonly onResumed?: (progress: IngestProgress) => void;
  /** Called once for each try of an activity that failed and is repeated. */
  readonly onRetry?: (retry: IngestRetry) => void;
  /** Ends a running ingest of this index, from any source, and starts again; default false. */
  readonly restart?: boolean;
  /** Cancels the ingest when it aborts; the index stays as it was. */
  readonly signal?: AbortSignal;
  /** Called when Temporal does not answer and the client waits for it. */
  readonly onOutage?: OnOutage;
}

export interface IngestClient {
  /**
   * Makes a folder, a .jsonl file, or what a list names into a new snapshot of an index.
   *
   * @throws SluiceError what the ingest failed with, such as `index_building` or `nothing_ingested`; `disk_full`
   */
  ingest(input: IngestInput, options?: IngestOptions): Promise<IngestResult & { readonly temporalUrl: string }>;
  /** The id of the workflow that ingests into this index: one at a time does. */
  ingestId(index: string): string;
}

/** The default queue. A project with its own queues also has its own store and indexes. */
const USUAL_QUEUE = 'sluice-control';

interface IngestDependencies {
  readonly temporal: Client;
  readonly queue: string;
  readonly urlOf: (workflowId: string) => string;
  /** As in `ClientDependencies`. */
  readonly requireSpace?: RequireSpace;
}

export function createIngestClient({ temporal, queue, urlOf, requireSpace }: IngestDependencies): IngestClient {
  const ingestId = (index: string) => `${queue === USUAL_QUEUE ? '' : `${queue}-`}ingest-${index}`;
  return {
    ingestId,
    async ingest(given, options = {}) {
      const input: IngestInput = { ...given, source: absoluteSourceName(given.source) };
      await requireSpace?.();
      const workflowId = ingestId(input.index);
      const asked = randomUUID();
      const riding = <T>(call: () => Promise<T>) => ridingThrough(OUTAGE_LIMIT_MS, call, options.onOutage);
      const handle: WorkflowHandle = await riding(() =>
        temporal.workflow.start(INGEST_WORKFLOW, {
          workflowId,
          workflowIdConflictPolicy: options.restart ? 'TERMINATE_EXISTING' : 'USE_EXISTING',
          taskQueue: queue,
          args: [input],
          memo: { ...input, asked } satisfies IngestMemo,
          staticSummary: `${input.source} → ${input.index}`,
        }),
      );
      const running = await riding(() => memoOf(handle));
      refuseOther(running, input);
      const cancel = () => void riding(() => handle.cancel()).catch(() => undefined); // it may have ended meanwhile
      options.signal?.addEventListener('abort', cancel, { once: true });
      if (options.signal?.aborted) cancel();
      const done = new AbortController();
      const following = follow(temporal, handle, { ...options, isResumed: running.asked !== asked }, done.signal);
      try {
        const result = (await riding(() => handle.result())) as IngestResult;
        return { ...result, temporalUrl: urlOf(workflowId) };
      } catch (error) {
        throw ingestFailure(error, urlOf(workflowId));
      } finally {
        options.signal?.removeEventListener('abort', cancel);
        done.abort();
        await following;
      }
    },
  };
}

/** What an ingest was asked to do, and by whom: each start has a name of its own. */
type IngestMemo = IngestInput & { readonly asked: string };

const memoOf = async (handle: WorkflowHandle): Promise<Partial<IngestMemo>> => (await handle.describe()).memo ?? {};

/** A start finds the ingest that is running, if one is: following it is right only where it does what was asked. */
function refuseOther(running: Partial<IngestMemo>, { index, source, chunk, embed }: IngestInput): void {
  if (running.source === source && running.chunk === chunk && running.embed === embed) return;
  throw new SluiceError('index_building', {
    message: `index '${index}' is being built from ${running.source} (chunk: ${running.chunk}, embed: ${running.embed ?? 'as usual'})`,
    remedy: `let that end: give its own command again, which goes on with it; or begin this one in its place: --restart`,
    data: { index, ...(running.source !== undefined && { source: running.source }) },
  });
}

type Follower = Pick<IngestOptions, 'onProgress' | 'onResumed' | 'onRetry'> & { readonly isResumed: boolean };

/** Asks how far it is until it is done. A failed question is no matter: the next one asks again. */
async function follow(temporal: Client, handle: WorkflowHandle, follower: Follower, done: AbortSignal): Promise<void> {
  const { onProgress, onResumed, onRetry, isResumed } = follower;
  if (!onProgress && !onResumed && !onRetry) return;
  const reported = new Set<string>();
  for (let isTold = !isResumed; !done.aborted; ) {
    const progress = await handle.query<IngestProgress>(INGEST_PROGRESS).catch(() => undefined);
    if (progress && !isTold) onResumed?.(progress);
    isTold ||= progress !== undefined;
    if (progress) onProgress?.(progress);
    if (onRetry) await reportRetries(temporal, handle, reported, onRetry).catch(() => undefined);
    await delay(POLL_MS, undefined, { signal: done }).catch(() => undefined);
  }
}

async function reportRetries(
  { options }: Client,
  handle: WorkflowHandle,
  reported: Set<string>,
  onRetry: (retry: IngestRetry) => void,
): Promise<void> {
  const { raw } = await handle.describe();
  for (const { activityId, activityType, attempt, maximumAttempts, lastFailure } of raw.pendingActivities ?? []) {
    const failed = (attempt ?? 1) - 1;
    const key = `${activityId} ${failed}`;
    if (failed < 1 || !lastFailure || reported.has(key)) continue;
    reported.add(key);
    const error = await decodeOptionalFailureToOptionalError(options.loadedDataConverter, lastFailure);
    onRetry({
      ...{ activity: activityType?.name ?? 'activity', attempt: failed, attempts: maximumAttempts ?? 0 },
      reason: error?.message ?? 'unknown',
    });
  }
}

function ingestFailure(error: unknown, url: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure))
    return new SluiceError('ingest_ended', {
      message: `the ingest ended without a result: ${cause?.message ?? error.message}`,
      remedy: `see ${url}; the index is as it was before`,
      cause,
    });
  const details = cause.details?.[0] as { remedy?: string; data?: { readonly [key: string]: Json } } | undefined;
  return new SluiceError(cause.type ?? 'ingest_failed', {
    message: cause.message,
    remedy: details?.remedy ?? `see ${url}; the index is as it was before`,
    ...(details?.data && { data: details.data }),
    cause,
  });
}
