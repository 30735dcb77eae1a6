/**
 * Parses and chunks documents in a thread. A large reference page keeps a parser busy for more than a second, in which
 * the worker's own thread could neither answer heartbeats nor serve runs; and a text made to be slow, or to need more
 * memory than there is, can only be stopped from outside. Both end as a skip with its reason.
 */
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import type { ChunkTask } from './chunk-thread.ts';
import type { ChunkMode, ChunkResult, RawDocument } from './document.ts';
import { INGEST_LIMITS } from './limits.ts';
import { skip } from './skip.ts';

export interface Chunker {
  /** Rejects only when `signal` aborts. */
  chunk(raw: RawDocument, mode: ChunkMode, signal?: AbortSignal): Promise<ChunkResult>;
  close(): Promise<void>;
}

/** A thread that nobody uses for this long ends, and its memory with it. */
const IDLE_MS = 5_000;

export function createChunker(limits: { readonly documentMs?: number } = {}): Chunker {
  const documentMs = limits.documentMs ?? INGEST_LIMITS.documentMs;
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
    try {
      return await pool.run({ raw, mode }, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    } catch (error) {
      signal?.throwIfAborted();
      const detail = timeout.aborted
        ? `it took longer than ${documentMs} ms to parse`
        : `it could not be parsed (${(error as Error).message})`;
      return { kind: 'skipped', skip: skip(raw.name, 'unparseable', `${detail}: simplify or split it`) };
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
