/**
 * A dataset: examples that a pipeline is evaluated on. A version of it is its content: the hash of the examples, whatever
 * order they were in, so that the same file is the same version wherever and whenever it is read.
 */
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';

export interface JsonObject {
  readonly [key: string]: Json;
}

/** One line of a dataset's JSONL. */
export interface Example {
  /** Unique in a version: what results are paired by. */
  readonly id: string;
  readonly input: JsonObject;
  /** What a good output holds. Scorers that read it give no score where it is absent. */
  readonly expected?: JsonObject;
  /** Grades by passage or document id, from 0 (irrelevant) up. */
  readonly relevant?: { readonly [passageId: string]: number };
  /** Examples that are not independent (one document, one conversation) share it. */
  readonly cluster?: string;
  /** Sorted, each once. `final` puts the example into that split, anything else into `dev`. */
  readonly tags?: readonly string[];
  /** The run that it was taken from. */
  readonly run?: string;
}

/** `dev` is for looking at and tuning on; `final` is kept for the end, once per promotion. */
export const SPLITS = ['dev', 'final'] as const;
export type Split = (typeof SPLITS)[number];

export const DATASET_LIMITS = Object.freeze({
  /** Of a file that is imported. */
  fileBytes: 100_000_000,
  examples: 100_000,
  /** Of one example as JSON: what a run's input may have, and half of it again for what is expected. */
  exampleBytes: 1_000_000,
  idLength: 200,
  clusterLength: 200,
  tags: 50,
  tagLength: 100,
  /** Passages with a grade, of one example. */
  relevant: 1_000,
  passageIdBytes: 1_024,
  grade: 100,
  columns: 200,
  /** Problems of one file that are looked for; the rest is found the next time. */
  problems: 50,
  /** Examples per page that is read from the store. */
  page: 1_000,
});

/** An example by its identity and the hash of its content. */
export interface Member {
  readonly id: string;
  readonly hash: string;
}

export const splitOf = ({ tags = [] }: Pick<Example, 'tags'>): Split => (tags.includes('final') ? 'final' : 'dev');

export const memberOf = (example: Example): Member => ({ id: example.id, hash: hashJson(example as unknown as Json) });

/** The identity of a set of examples, 64 hex digits; their order is none of it. */
export function contentHash(members: readonly Member[]): string {
  const ordered = [...members].sort((one, other) => (one.id < other.id ? -1 : 1));
  return hashJson(ordered.map(({ hash }) => hash));
}
