/** What crosses the line between the ingest workflow and everything else. Types and names only. */
import type { ChunkMode } from '../ingest/document.ts';
import type { Batch } from '../ingest/entries.ts';
import type { Note, Skip } from '../ingest/skip.ts';

export const INGEST_WORKFLOW = 'ingest';
/** The query that says how far an ingest is; also its state when it has ended. */
export const INGEST_PROGRESS = 'progress';
/** `type` of the failure of an ingest in which no document could be read. */
export const NOTHING_INGESTED = 'nothing_ingested';

export interface IngestInput {
  readonly index: string;
  /** A folder or a .jsonl file, or `list:` and a list of files and addresses, as the worker sees it: absolute. */
  readonly source: string;
  readonly chunk: ChunkMode;
  /** The embedding model, or `none`; default `local/lsa`. */
  readonly embed?: string;
}

export type IngestPhase = 'listing' | 'reading' | 'committing' | 'done' | 'failed';

export interface IngestProgress extends IngestCounts {
  readonly phase: IngestPhase;
  /** Documents the source holds, those to be skipped included; 0 while it is being listed. */
  readonly total: number;
  /** Documents dealt with. */
  readonly done: number;
}

export interface IngestCounts {
  /** Stored by this ingest, of documents new or changed. */
  readonly passages: number;
  /** Taken over from the snapshot before. */
  readonly unchanged: number;
  readonly skippedCount: number;
  /** The first of the skipped, by name. */
  readonly skipped: readonly Skip[];
  /** Documents that were mended or read in a simpler way. */
  readonly notes: { readonly [note in Note]?: number };
}

/** The new snapshot, and what became of the source's documents. */
export interface IngestResult extends IngestCounts {
  readonly index: string;
  readonly snapshot: string;
  readonly sequence: number;
  /** What the snapshot holds. */
  readonly totals: { readonly documents: number; readonly passages: number };
  /** Documents, against the snapshot before. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export interface BuildName {
  readonly index: string;
  readonly build: number;
}

export interface BatchInput extends BuildName {
  readonly source: string;
  readonly chunk: ChunkMode;
  readonly batch: Batch;
}

export interface BatchResult extends IngestCounts {
  /** Entries of the source that the batch met. */
  readonly met: number;
}

/** What the ingest workflow asks of its worker. Each may be called again: after a crash, a timeout, a lost answer. */
export interface IngestActivities {
  listSource(
    input: Pick<IngestInput, 'source'>,
  ): Promise<{ readonly total: number; readonly batches: readonly Batch[] }>;
  /** Begins a build that holds nothing yet. Made once per ingest, before any batch. */
  beginBuild(input: {
    readonly index: string;
    readonly chunk: ChunkMode;
    readonly owner: string;
    readonly embed?: string;
  }): Promise<{ readonly build: number }>;
  ingestBatch(input: BatchInput): Promise<BatchResult>;
  /** Embeds what the build holds, and makes it the index's snapshot. */
  commitBuild(input: BuildName & Pick<IngestInput, 'embed'>): Promise<Omit<IngestResult, keyof IngestCounts | 'index'>>;
  abandonBuild(input: BuildName): Promise<void>;
}
