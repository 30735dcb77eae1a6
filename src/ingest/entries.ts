/** What sources give: their batches when listed, their documents and omissions when a batch is read. */
import { createHash } from 'node:crypto';
import type { Json } from '../plan/plan.ts';
import type { RawDocument } from './document.ts';
import type { Skip } from './skip.ts';

/** A range of a source: the files after one path up to another, some bytes of a JSONL file, some entries of a list. */
export type Batch = FileBatch | LineBatch | ListBatch;

export interface FileBatch {
  readonly kind: 'files';
  /** Exclusive; null from the beginning. */
  readonly after: string | null;
  readonly upTo: string;
}

export interface LineBatch {
  readonly kind: 'lines';
  readonly fromByte: number;
  readonly toByte: number;
  readonly firstLine: number;
  /** Of the file when it was listed: the offsets hold for that file only. */
  readonly fileVersion: string;
  /** Lines of the range that repeat the id of an earlier line. */
  readonly duplicates: readonly number[];
}

export interface ListBatch {
  readonly kind: 'listed';
  /** Positions among the list's entries, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Of the list when it was listed: the positions hold for that list only. */
  readonly listVersion: string;
}

export interface SourceListing {
  /** Documents the batches will meet, those to be skipped included. */
  readonly total: number;
  readonly batches: readonly Batch[];
  /** Files of a folder that are no documents. */
  readonly ignored: number;
}

/** One document, with the hash that detects a change. */
export interface SourceDocument {
  readonly raw: RawDocument;
  readonly contentHash: string;
  readonly metadata?: { readonly [key: string]: Json };
}

export type SourceEntry =
  | { readonly kind: 'document'; readonly document: SourceDocument }
  /** `keep`: the id of a document that cannot be read now, which says nothing against what the index has of it. */
  | { readonly kind: 'skip'; readonly skip: Skip; readonly keep?: string };

/** What a document's identity of content is made of: any difference in any part gives another hash. */
export function contentHash(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

// How many documents make a batch: few enough that the bar moves and little is repeated after a crash, and never so
// many batches that the workflow's history grows long.

const BATCH_DOCUMENTS = 16;
const BATCH_BYTES = 256_000;
/** Each batch is about six events of history: this many are far below what makes a history slow. */
const MAX_BATCHES = 250;

export interface BatchSize {
  readonly documents: number;
  readonly bytes: number;
}

/** The size of a source's batches; each is full when it reaches either number. */
export function batchSize(total: { readonly documents: number; readonly bytes: number }): BatchSize {
  return {
    documents: Math.max(BATCH_DOCUMENTS, Math.ceil((2 * total.documents) / MAX_BATCHES)),
    bytes: Math.max(BATCH_BYTES, Math.ceil((2 * total.bytes) / MAX_BATCHES)),
  };
}

/** Consecutive groups of at most that size; an item that alone exceeds it is a group. */
export function groupBySize<Item extends { readonly bytes: number }>(
  items: readonly Item[],
  size: BatchSize,
): readonly (readonly Item[])[] {
  const groups: Item[][] = [];
  let bytes = 0;
  for (const each of items) {
    const group = groups.at(-1);
    if (group && group.length < size.documents && bytes + each.bytes <= size.bytes) {
      group.push(each);
      bytes += each.bytes;
    } else {
      groups.push([each]);
      bytes = each.bytes;
    }
  }
  return groups;
}
