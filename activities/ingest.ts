/**
 * What the ingest workflow asks of its worker: list a source, read a batch of it into a build, embed and commit the
 * build. Each may be repeated after a crash: a build knows what it holds, so a repeated batch stores nothing twice, and
 * passages that have their vectors are not embedded again.
 */
import { Context } from '@temporalio/activity';
import { type Chunker, createChunker, settingsHash } from '../src/ingest/chunker.ts';
import type { ChunkMode } from '../src/ingest/document.ts';
import type { SourceDocument } from '../src/ingest/entries.ts';
import type { AllowedHosts } from '../src/ingest/hosts.ts';
import type { Note, Skip } from '../src/ingest/skip.ts';
import { listSource, openSource, readBatch, type SourceOptions } from '../src/ingest/source.ts';
import type { BatchInput, BatchResult, IngestActivities } from '../src/model/ingest-messages.ts';
import { embedBuild } from '../src/retrieval/embed-build.ts';
import type { EmbedCall, EmbedderOf } from '../src/retrieval/embedder.ts';
import { localEmbedderOf } from '../src/retrieval/embedders.ts';
import type { Builds } from '../src/store/builds.ts';
import type { DocumentInput } from '../src/store/documents.ts';
import type { Vectors } from '../src/store/vectors.ts';
import { asActivity } from './as-activity.ts';

export interface IngestDependencies {
  readonly builds: Builds;
  readonly vectors: Vectors;
  /** Default: those that run here. */
  readonly embedderOf?: EmbedderOf;
  /** Hosts that the addresses of a list may name besides this machine; default none. */
  readonly allowedHosts?: AllowedHosts;
  /** Default: one with a thread of its own, which ends when idle. */
  readonly chunker?: Chunker;
}

interface Parts {
  readonly builds: Builds;
  readonly chunker: Chunker;
  readonly options: SourceOptions;
}

/** Documents looked up together, and passages stored together: well within what the store takes at once. */
const LOOKUP_DOCUMENTS = 16;
/** Documents held until they are looked up; one alone may be larger. */
const HELD_BYTES = 16_000_000;
const STORE_PASSAGES = 250;
/** Skipped documents that a batch names; the others are counted. */
const NAMED_SKIPS = 20;
const BEAT_MS = 2_000;
/** Longer than any pause between two calls of one ingest, a restart of its worker included. */
const LEASE_MS = 120_000;
const DEFAULT_EMBED = 'local/lsa';

export function createIngestActivities(dependencies: IngestDependencies): IngestActivities {
  const { builds, vectors, embedderOf = localEmbedderOf, chunker = createChunker(), allowedHosts = [] } = dependencies;
  const optionsFor = (signal: AbortSignal): SourceOptions => ({ allowedHosts, signal });
  return {
    listSource: ({ source }) =>
      asActivity(BEAT_MS, async (signal) => {
        const { total, batches } = await listSource(await openSource(source), optionsFor(signal));
        return { total, batches };
      }),
    beginBuild: ({ index, chunk, owner, embed = DEFAULT_EMBED }) =>
      asActivity(BEAT_MS, () => {
        // Before anything is read: an unknown name or a missing key would otherwise be reported at the end.
        if (embed !== 'none') embedderOf(embed);
        return beginFresh(builds, index, chunk, owner);
      }),
    ingestBatch: (input) =>
      asActivity(BEAT_MS, (signal) => ingestBatch({ builds, chunker, options: optionsFor(signal) }, input, signal)),
    commitBuild: ({ index, build, embed = DEFAULT_EMBED }) =>
      asActivity(BEAT_MS, async (signal) => {
        if (embed !== 'none') await embedBuild(vectors, embedderOf(embed), { index, build }, embedCall(signal));
        const { documents, passages, ...outcome } = await builds.commit(index, build);
        return { ...outcome, totals: { documents, passages } };
      }),
    abandonBuild: ({ index, build }) => asActivity(BEAT_MS, () => builds.abandon(index, build)),
  };
}

/**
 * A build without leftovers. One that this owner left behind is from an ingest that ended early: what it put may be gone
 * from the source since, or be from another one, and would be committed with the rest.
 */
async function beginFresh(builds: Builds, index: string, chunk: ChunkMode, owner: string): Promise<{ build: number }> {
  const start = { settingsHash: settingsHash(chunk), owner, leaseMs: LEASE_MS };
  const { build, resumed } = await builds.begin(index, start);
  if (!resumed) return { build };
  await builds.abandon(index, build);
  return { build: (await builds.begin(index, start)).build };
}

/** What an ingest embeds is paid for under the name of its workflow. Requests have priority. */
function embedCall(signal: AbortSignal): EmbedCall {
  const { attempt, workflowExecution } = Context.current().info;
  const { workflowId, runId } = workflowExecution!;
  return {
    runId: workflowId,
    key: 'embed',
    attempt,
    idempotencyKey: `${workflowId}:${runId}:embed`,
    signal,
    priority: 'evaluation',
  };
}

async function ingestBatch(dependencies: Parts, input: BatchInput, signal: AbortSignal): Promise<BatchResult> {
  const tally = createTally();
  const source = await openSource(input.source);
  let group: SourceDocument[] = [];
  let heldBytes = 0;
  for await (const entry of readBatch(source, input.batch, dependencies.options)) {
    signal.throwIfAborted();
    if (entry.kind === 'skip') {
      tally.skip(entry.skip);
      if (entry.keep !== undefined) await keepAsItWas(dependencies, input, entry.keep);
      continue;
    }
    group.push(entry.document);
    heldBytes += sizeOf(entry.document);
    if (group.length >= LOOKUP_DOCUMENTS || heldBytes >= HELD_BYTES) {
      await ingestGroup(dependencies, input, group, tally, signal);
      group = [];
      heldBytes = 0;
    }
  }
  await ingestGroup(dependencies, input, group, tally, signal);
  return tally.result();
}

const sizeOf = ({ raw }: SourceDocument) => (raw.format === 'pdf' ? raw.bytes.length : raw.text.length);

/** The version that the index has stays; a document that it does not have, or has under other settings, does not come. */
async function keepAsItWas({ builds }: Parts, { index, build }: BatchInput, id: string): Promise<void> {
  const known = await builds.known(index, build, [id]);
  if (known.has(id)) await builds.keep(index, build, [id]);
}

async function ingestGroup(
  { builds, chunker }: Parts,
  { index, build, chunk }: BatchInput,
  group: readonly SourceDocument[],
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  if (group.length === 0) return;
  const known = await builds.known(
    index,
    build,
    group.map(({ raw }) => raw.id),
  );
  const isKnown = ({ raw, contentHash }: SourceDocument) => known.get(raw.id) === contentHash;
  const unchanged = group.filter(isKnown).map(({ raw }) => raw.id);
  if (unchanged.length > 0) await builds.keep(index, build, unchanged);
  tally.unchanged(unchanged.length);

  let pending: DocumentInput[] = [];
  let passages = 0;
  const store = async () => {
    if (pending.length > 0) await builds.put(index, build, pending);
    tally.stored(pending.length, passages);
    pending = [];
    passages = 0;
  };
  for (const { raw, contentHash, metadata } of group.filter((document) => !isKnown(document))) {
    const result = await chunker.chunk(raw, chunk, signal);
    if (result.kind === 'skipped') {
      tally.skip(result.skip);
      continue;
    }
    const { notes, ...document } = result.document;
    tally.note(notes);
    if (passages + document.passages.length > STORE_PASSAGES) await store();
    pending.push({ id: raw.id, contentHash, ...document, ...(metadata && { metadata }) });
    passages += document.passages.length;
  }
  await store();
}

interface Tally {
  skip(skip: Skip): void;
  note(notes: readonly Note[]): void;
  unchanged(documents: number): void;
  stored(documents: number, passages: number): void;
  result(): BatchResult;
}

function createTally(): Tally {
  const skipped: Skip[] = [];
  const notes: { [note in Note]?: number } = {};
  const counts = { met: 0, passages: 0, unchanged: 0, skippedCount: 0 };
  return {
    skip(skip) {
      counts.met += 1;
      counts.skippedCount += 1;
      if (skipped.length < NAMED_SKIPS) skipped.push(skip);
    },
    note(given) {
      for (const note of given) notes[note] = (notes[note] ?? 0) + 1;
    },
    unchanged(documents) {
      counts.met += documents;
      counts.unchanged += documents;
    },
    stored(documents, passages) {
      counts.met += documents;
      counts.passages += passages;
    },
    result: () => ({ ...counts, skipped, notes }),
  };
}
