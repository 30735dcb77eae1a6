/** Starts an ingest and follows it. One ingest per index at a time: asking again while one runs follows that one. */
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import {
  INGEST_PROGRESS,
  INGEST_WORKFLOW,
  type IngestInput,
  type IngestProgress,
  type IngestResult,
} from '../../workflows/ingest-messages.ts';
import { SluiceError } from '../errors.ts';
import type { Json } from '../plan/plan.ts';
import { type OnOutage, ridingThrough } from './outage.ts';

const POLL_MS = 250;
/** How long a follower waits out an outage of the server; the ingest itself goes on without followers. */
const OUTAGE_LIMIT_MS = 120_000;

export interface IngestOptions {
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Cancels the ingest when it aborts; the index stays as it was. */
  readonly signal?: AbortSignal;
  /** Told when Temporal does not answer and is waited for. */
  readonly onOutage?: OnOutage;
}

export interface IngestClient {
  /**
   * Makes a folder or a .jsonl file into a new snapshot of an index.
   *
   * @throws SluiceError what the ingest failed with, such as `index_building` or `nothing_ingested`
   */
  ingest(input: IngestInput, options?: IngestOptions): Promise<IngestResult & { readonly temporalUrl: string }>;
}

interface IngestDependencies {
  readonly temporal: Client;
  readonly queue: string;
  readonly urlOf: (workflowId: string) => string;
}

export function createIngestClient({ temporal, queue, urlOf }: IngestDependencies): IngestClient {
  return {
    async ingest(given, options = {}) {
      const input: IngestInput = { ...given, source: resolve(given.source) };
      const workflowId = `ingest-${input.index}`;
      const riding = <T>(call: () => Promise<T>) => ridingThrough(OUTAGE_LIMIT_MS, call, options.onOutage);
      const handle: WorkflowHandle = await riding(() =>
        temporal.workflow.start(INGEST_WORKFLOW, {
          workflowId,
          workflowIdConflictPolicy: 'USE_EXISTING',
          taskQueue: queue,
          args: [input],
          memo: { ...input },
          staticSummary: `${input.source} → ${input.index}`,
        }),
      );
      await refuseOther(handle, input);
      const cancel = () => void riding(() => handle.cancel()).catch(() => undefined); // it may have ended meanwhile
      options.signal?.addEventListener('abort', cancel, { once: true });
      if (options.signal?.aborted) cancel();
      const done = new AbortController();
      const following = follow(handle, options.onProgress, done.signal);
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

/** A start finds the ingest that is running, if one is: following it is right only where it does what was asked. */
async function refuseOther(handle: WorkflowHandle, { index, source, chunk, embed }: IngestInput): Promise<void> {
  const { memo } = await ridingThrough(OUTAGE_LIMIT_MS, () => handle.describe());
  const running = memo as Partial<IngestInput> | undefined;
  if (running?.source === source && running.chunk === chunk && running.embed === embed) return;
  throw new SluiceError('index_building', {
    message: `index '${index}' is being built from ${running?.source} (chunk: ${running?.chunk}, embed: ${running?.embed ?? 'as usual'})`,
    remedy: 'wait until that ingest is done, or cancel it in the Temporal UI, and give the command again',
    data: { index, ...(running?.source !== undefined && { source: running.source }) },
  });
}

/** Asks how far it is until it is done. A failed question is no matter: the next one asks again. */
async function follow(handle: WorkflowHandle, tell: IngestOptions['onProgress'], done: AbortSignal): Promise<void> {
  if (!tell) return;
  while (!done.aborted) {
    const progress = await handle.query<IngestProgress>(INGEST_PROGRESS).catch(() => undefined);
    if (progress) tell(progress);
    await delay(POLL_MS, undefined, { signal: done }).catch(() => undefined);
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
