/**
 * Makes a source into a snapshot of an index: list it, read its batches, commit. Everything heavy is in activities that
 * may be repeated, and only counts pass through here, so a source of any size makes a short history; killed at any
 * moment, it goes on with the batches that were not answered.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  proxyActivities,
  type RetryPolicy,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Batch } from '../src/ingest/entries.ts';
import {
  type BatchResult,
  type BuildName,
  INGEST_PROGRESS,
  type IngestActivities,
  type IngestCounts,
  type IngestInput,
  type IngestProgress,
  type IngestResult,
  NOTHING_INGESTED,
} from '../src/model/ingest-messages.ts';

/** Batches under way at once: one is stored while the next is parsed. */
const CONCURRENCY = 2;
/** Skipped documents named in the state; the others are counted. */
const NAMED_SKIPS = 100;

/** Outlasts an outage of the database of about ten minutes. */
const retry: RetryPolicy = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '30 seconds',
  maximumAttempts: 25,
};

/** A worker that was killed is missed after this long; an activity beats every two seconds. */
const HEARTBEAT_TIMEOUT = '6 seconds';

const { beginBuild, abandonBuild } = proxyActivities<IngestActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry,
});
/** Reading and parsing, embedding: long, and watched by heartbeats rather than by its own time. */
const { listSource, ingestBatch, commitBuild } = proxyActivities<IngestActivities>({
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry,
});

const NO_COUNTS: IngestCounts = { passages: 0, unchanged: 0, skippedCount: 0, skipped: [], notes: {} };

export async function ingest(input: IngestInput): Promise<IngestResult> {
  let progress: IngestProgress = { phase: 'listing', total: 0, done: 0, ...NO_COUNTS };
  const show = (change: Partial<IngestProgress>) => {
    progress = { ...progress, ...change };
    setCurrentDetails(describe(input, progress));
  };
  setHandler(defineQuery<IngestProgress>(INGEST_PROGRESS), () => progress);
  show({});
  let begun: BuildName | undefined;
  try {
    const { total, batches } = await listSource({ source: input.source });
    show({ phase: 'reading', total });
    const owner = workflowInfo().workflowId;
    const embed = { ...(input.embed !== undefined && { embed: input.embed }) };
    const { build } = await beginBuild({ index: input.index, chunk: input.chunk, owner, ...embed });
    begun = { index: input.index, build };
    const name = begun;
    await readAll(
      batches,
      (batch) => ingestBatch({ ...name, source: input.source, chunk: input.chunk, batch }),
      (result) => show({ ...addCounts(progress, result), done: progress.done + result.met }),
    );
    if (progress.skippedCount === progress.done) throw nothingIngested(input, progress);
    show({ phase: 'committing' });
    const committed = await commitBuild({ ...begun, ...embed });
    show({ phase: 'done' });
    return { index: input.index, ...committed, ...countsOf(progress) };
  } catch (error) {
    show({ phase: 'failed' });
    // After any other failure the next ingest drops what is left: the database may be what failed.
    const unwanted = isCancellation(error) || (error instanceof ApplicationFailure && error.type === NOTHING_INGESTED);
    if (begun && unwanted) await dropBuild(begun);
    throw asIngestFailure(error);
  }
}

/** All batches, a few at a time, in order. The first failure stops the others. */
async function readAll(
  batches: readonly Batch[],
  read: (batch: Batch) => Promise<BatchResult>,
  add: (result: BatchResult) => void,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) add(await read(batch));
  };
  await CancellationScope.cancellable(async () => {
    try {
      await Promise.all(Array.from({ length: CONCURRENCY }, lane));
    } catch (error) {
      CancellationScope.current().cancel();
      throw error;
    }
  });
}

function addCounts(sum: IngestCounts, more: IngestCounts): IngestCounts {
  const notes: { [note: string]: number } = { ...sum.notes };
  for (const [note, count] of Object.entries(more.notes)) notes[note] = (notes[note] ?? 0) + count;
  return {
    passages: sum.passages + more.passages,
    unchanged: sum.unchanged + more.unchanged,
    skippedCount: sum.skippedCount + more.skippedCount,
    skipped: [...sum.skipped, ...more.skipped].slice(0, NAMED_SKIPS),
    notes,
  };
}

const countsOf = ({ passages, unchanged, skippedCount, skipped, notes }: IngestCounts): IngestCounts => ({
  passages,
  unchanged,
  skippedCount,
  skipped,
  notes,
});

async function dropBuild(build: BuildName): Promise<void> {
  await CancellationScope.nonCancellable(() => abandonBuild(build));
}

const nothingIngested = ({ source }: IngestInput, { skipped }: IngestProgress) =>
  ApplicationFailure.create({
    message: `none of the documents in '${source}' could be ingested; the first, '${skipped[0]?.name}': ${skipped[0]?.detail}`,
    type: NOTHING_INGESTED,
    nonRetryable: true,
    details: [{ remedy: 'mend the documents, or check the path', data: { skipped: skipped.slice(0, 10) } }],
  });

/** What the worker said, without the layers that Temporal wraps around it. */
function asIngestFailure(error: unknown): unknown {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return error;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return error;
  return ApplicationFailure.create({
    message: cause.message,
    type: cause.type ?? 'Error',
    nonRetryable: true,
    ...(cause.details && { details: cause.details }),
    cause: error,
  });
}

/** For the Temporal UI. */
function describe(
  { index, source }: IngestInput,
  { phase, done, total, passages, unchanged, skippedCount, skipped }: IngestProgress,
): string {
  const lines = [
    `**${phase}** \`${source}\` into \`${index}\``,
    `${done} of ${total} documents · ${passages} passages stored · ${unchanged} documents unchanged · ${skippedCount} skipped`,
    ...skipped.slice(0, 20).map(({ name, reason, detail }) => `- \`${name}\` ${reason}: ${detail}`),
  ];
  return lines.join('\n\n');
}
