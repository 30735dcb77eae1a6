/**
 * Datasets: what a name means, its versions, and their examples. A version is never changed: whatever changes makes
 * another one, and examples that both hold are stored once.
 */
import type { Example, Split } from '../model/dataset.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { type FinalUse, finalUsesOf, type NewFinalUse, useFinal } from './datasets-final.ts';
import { findDataset, listDatasets, versionsOf } from './datasets-find.ts';
import { countMembers, diffVersions, readAll, readPage } from './datasets-read.ts';
import { addExample, addExamples, putVersion } from './datasets-write.ts';

/** Times are milliseconds since the epoch. */
export interface DatasetVersion {
  readonly dataset: string;
  /** The hash of its content, 64 hex digits. */
  readonly version: string;
  /** From 1. */
  readonly sequence: number;
  readonly examples: number;
  /** What it was made from: `questions.jsonl`, `run run-7d2…`. */
  readonly origin: string;
  readonly createdAt: number;
  /** Whether the dataset's name means this one. */
  readonly isCurrent: boolean;
}

export interface PutOutcome {
  /** False: the dataset has had a version of this content before, and that one is current now. */
  readonly created: boolean;
  readonly version: DatasetVersion;
}

export interface ExampleFilter {
  readonly split?: Split | undefined;
  readonly tag?: string | undefined;
  readonly id?: string | undefined;
  /** The id that the page before ended with. */
  readonly after?: string | undefined;
  /** How many are passed over, of those that fit; default 0. */
  readonly offset?: number | undefined;
  /** Of a page; default, and at most, 1,000. */
  readonly limit?: number | undefined;
}

export interface DatasetDiff {
  /** Ids, in order. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly same: number;
}

export interface DatasetMember {
  readonly hash: string;
  readonly example: Example;
}

export interface Datasets {
  /**
   * Makes the dataset's name mean these examples, in a new version if it has had none of this content. Nothing of it is
   * seen before all of it is there; it may be called again after any failure.
   *
   * @param examples valid, as `readDataset` gives them: each id once
   * @throws SluiceError `dataset_name_invalid`
   */
  put(name: string, examples: readonly Example[], origin: string): Promise<PutOutcome>;
  /**
   * Adds one example to the current version.
   *
   * @param options `mayBegin` begins the dataset where there is none of that name
   * @throws SluiceError `dataset_name_invalid`, `dataset_unknown`, `example_exists` where another example has that id, `dataset_changed` when
   * others change it all the time, `dataset_too_long`
   */
  add(name: string, example: Example, origin: string, options?: { readonly mayBegin?: boolean }): Promise<PutOutcome>;
  /**
   * Adds many, in one new version; those whose id is in the dataset already stay as they are there.
   *
   * @param options `by` is who does it: then it is audited
   * @throws SluiceError as `add`, but for `example_exists`
   */
  addAll(
    name: string,
    examples: readonly Example[],
    origin: string,
    options?: { readonly mayBegin?: boolean; readonly by?: string },
  ): Promise<PutOutcome & { readonly added: readonly string[] }>;
  /** Current versions, by name. */
  list(): Promise<readonly DatasetVersion[]>;
  /** The newest first. @throws SluiceError `dataset_unknown` */
  versions(name: string): Promise<readonly DatasetVersion[]>;
  /**
   * One version: the current one, or the only one whose hash begins so.
   *
   * @throws SluiceError `dataset_unknown`, `dataset_version_unknown`, `dataset_version_ambiguous`
   */
  find(name: string, hashPrefix?: string): Promise<DatasetVersion>;
  /** A page of a version's examples, by id. */
  examples(version: string, filter?: ExampleFilter): Promise<readonly Example[]>;
  /** All examples that fit the filter, page by page. */
  eachExample(version: string, filter?: Omit<ExampleFilter, 'after' | 'offset' | 'limit'>): AsyncGenerator<Example>;
  /** The same with the hash of each example's content, which is kept, as `memberOf` gives it. */
  eachMember(
    version: string,
    filter?: Omit<ExampleFilter, 'after' | 'offset' | 'limit'>,
  ): AsyncGenerator<DatasetMember>;
  countExamples(version: string, filter?: Pick<ExampleFilter, 'split' | 'tag'>): Promise<number>;
  diff(from: string, to: string): Promise<DatasetDiff>;
  /**
   * Records that the final split of a version is used, before it is. The same evaluation may ask again.
   *
   * @throws SluiceError `final_used` when another evaluation has used it for this purpose, saying when and for which
   * plans; `final_empty` when the version has no final examples
   */
  useFinal(version: Pick<DatasetVersion, 'dataset' | 'version'>, use: NewFinalUse): Promise<FinalUse>;
  /** Every use of the final split of a version, the newest first. */
  finalUses(version: string): Promise<readonly FinalUse[]>;
}

export function createDatasets(database: Database, clock?: Clock): Datasets {
  return Object.freeze({
    put: (name, examples, origin) => putVersion(database, { name, examples, origin, now: nowParam(clock) }),
    add: (name, example, origin, { mayBegin = false } = {}) =>
      addExample(database, { name, example, origin, mayBegin, now: nowParam(clock) }),
    addAll: (name, examples, origin, { mayBegin = false, by } = {}) =>
      addExamples(database, {
        name,
        examples,
        origin,
        mayBegin,
        now: nowParam(clock),
        ...(by !== undefined && { by }),
      }),
    list: () => listDatasets(database),
    versions: (name) => versionsOf(database, name),
    find: (name, hashPrefix) => findDataset(database, name, hashPrefix),
    examples: (version, filter = {}) => readPage(database, version, filter),
    eachExample: async function* (version, filter = {}) {
      for await (const { example } of readAll(database, version, filter)) yield example;
    },
    eachMember: (version, filter = {}) => readAll(database, version, filter),
    countExamples: (version, filter = {}) => countMembers(database, version, filter),
    diff: (from, to) => diffVersions(database, from, to),
    useFinal: (version, use) => useFinal(database, version, use, nowParam(clock)),
    finalUses: (version) => finalUsesOf(database, version),
  } satisfies Datasets);
}
