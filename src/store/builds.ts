/**
 * Building an index. One builder per index, by a lease that every call renews; readers see what was committed before
 * until the build is. Every method may be called twice, so a build survives its builder: the same owner resumes it.
 */

import { beginBuild } from './build-begin.ts';
import { keepDocuments, knownDocuments, putDocuments } from './build-documents.ts';
import { abandonBuild, commitBuild } from './build-ends.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database.ts';
import type { DocumentInput } from './documents.ts';

export interface BuildStart {
  /** Of everything but the documents that decides what the passages are: the chunker, its version, its limits. */
  readonly settingsHash: string;
  /** Who builds: the same ingest resuming gives the same owner. */
  readonly owner: string;
  /** How long the build stays this owner's without a call; default 60 s. */
  readonly leaseMs?: number;
}

export interface PutCounts {
  /** Documents new to the index. */
  readonly added: number;
  /** Documents in place of an older version. */
  readonly changed: number;
  /** Documents that the index, or this build, already holds just so. */
  readonly unchanged: number;
  /** Passages stored by this call. */
  readonly passages: number;
  /** Passages or documents in which NUL or lone surrogates were replaced by U+FFFD. */
  readonly cleaned: number;
}

export interface BuildOutcome {
  /** The snapshot's hash. */
  readonly snapshot: string;
  readonly sequence: number;
  readonly documents: number;
  readonly passages: number;
  /** Documents, against the snapshot before. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export interface Builds {
  /** Begins a build, or resumes the one this owner left. @throws SluiceError `index_building`, `index_name_invalid` */
  begin(index: string, start: BuildStart): Promise<{ readonly build: number; readonly resumed: boolean }>;
  /** Of these documents, the content hashes of those in this build or, under the same settings, in the snapshot. */
  known(index: string, build: number, documentIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** @throws SluiceError `build_ended`, `document_invalid`, `batch_too_large`, `passage_duplicate` */
  put(index: string, build: number, documents: readonly DocumentInput[]): Promise<PutCounts>;
  /** Marks documents, given by id, as still there and unchanged. @throws SluiceError `build_ended`, `document_unknown` */
  keep(index: string, build: number, documentIds: readonly string[]): Promise<void>;
  /**
   * Makes the build what readers see; documents neither put nor kept are removed. A build that changed nothing leaves
   * the snapshot as it was.
   *
   * @throws SluiceError `build_ended`, `passage_duplicate`
   */
  commit(index: string, build: number): Promise<BuildOutcome>;
  /** Drops the build and what it put. One that has ended is left alone. */
  abandon(index: string, build: number): Promise<void>;
}

export function createBuilds(database: Database, clock?: Clock): Builds {
  return Object.freeze({
    begin: (index, start) => beginBuild(database, clock, index, start),
    known: (index, build, ids) => knownDocuments(database, { index, build, clock }, ids),
    put: (index, build, documents) => putDocuments(database, { index, build, clock }, documents),
    keep: (index, build, ids) => keepDocuments(database, { index, build, clock }, ids),
    commit: (index, build) => commitBuild(database, { index, build, clock }),
    abandon: (index, build) => abandonBuild(database, { index, build, clock }),
  } satisfies Builds);
}
