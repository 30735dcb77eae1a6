/**
 * Parses and chunks documents in a thread. A large reference page keeps a parser busy for more than a second, in which
 * the worker's own thread could neither answer heartbeats nor serve runs; and a text made to be slow, or to need more
 * memory than there is, can only be stopped from outside. Both end as a skip with its reason.
 */
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import type { ChunkTask } from './chunk-thread.ts';
import type { ChunkMode, ChunkResult, RawDocument } from './document.ts';
import { contentHash } from './entries.ts';
import { CHUNKER_VERSION, INGEST_LIMITS, PASSAGE_LIMITS } from './ingest-limits.ts';
import { skip } from './skip.ts';

export interface Chunker {
  /** Rejects only when `signal` aborts. */
  chunk(raw: RawDocument, mode: ChunkMode, signal?: AbortSignal): Promise<ChunkResult>;
  close(): Promise<void>;
}

/** Interval of the memory check. */
const WATCH_MS = 100;

/** An idle thread ends after this time and frees its memory. */
const IDLE_MS = 5_000;

export function createChunker(limits: { readonly documentMs?: number; readonly growthMb?: number } = {}): Chunker {
  const documentMs = limits.documentMs ?? INGEST_LIMITS.documentMs;
  const growthMb = limits.growthMb ?? INGEST_LIMITS.threadGrowthMb;
  const pool = new Piscina<ChunkTask, ChunkResult>({
    // The thread's file has this one's extension: .ts where sources run as they are, .js in the package.
    filename: new URL(`./chunk-thread${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: INGEST_LIMITS.threadHeapMb },
  });
  // One at a time, so that the time limit counts work and not waiting.
  let last: Promise<unknown> = Promise.resolve();
  const run = async (raw: RawDocument, mode: ChunkMode, signal?: AbortSignal): Promise<ChunkResult> => {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(documentMs);
    const growth = watchMemory(growthMb);
    try {
      const signals = [timeout, growth.signal, ...(signal ? [signal] : [])];
      return await pool.run({ raw, mode }, { signal: AbortSignal.any(signals) });
    } catch (error) {
      signal?.throwIfAborted();
      const detail = timeout.aborted
        ? `it took longer than ${documentMs} ms to parse`
        : growth.signal.aborted
          ? `it takes more than ${growthMb} MB to parse`
          : `it could not be parsed (${(error as Error).message})`;
      return { kind: 'skipped', skip: skip(raw.name, 'unparseable', `${detail}: simplify or split it`) };
    } finally {
      growth.stop();
    }
  };
  return {
    chunk(raw, mode, signal) {
      const result = last.then(() => run(raw, mode, signal));
      last = result.catch(() => undefined);
      return result;
    },
    close: () => pool.destroy(),
  };
}

/**
 * Aborts when the process has grown by this much. A thread's heap has a limit, but its buffers have none: a PDF of
 * kilobytes can unpack gigabytes into them.
 */
function watchMemory(growthMb: number): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const limitBytes = process.memoryUsage.rss() + growthMb * 1_000_000;
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > limitBytes) controller.abort();
  }, WATCH_MS);
  return { signal: controller.signal, stop: () => clearInterval(watch) };
}

/** Changes whenever equal documents could make other passages: then none are taken over from the snapshot before. */
export function settingsHash(mode: ChunkMode): string {
  const { bytes, tokens, smallTokens } = PASSAGE_LIMITS;
  return contentHash(['chunker', `${CHUNKER_VERSION}`, mode, `${bytes}`, `${tokens}`, `${smallTokens}`]);
}
