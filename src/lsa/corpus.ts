/**
 * Collects bags into a corpus of typed arrays: 6 times smaller than maps, and transferable to a thread. Equal passages
 * make an equal corpus in any order, since floating-point sums depend on order. Of too many passages a sample is kept,
 * by a hash of each id, so that it does not depend on the order or the reader.
 */
import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { stemmer } from 'stemmer';
import { eng } from 'stopword';
import { SluiceError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';
import { LSA_SETTINGS, logFrequency } from './model.ts';

// Text as a bag of terms: words without their endings (Porter, "An algorithm for suffix stripping", 1980), stop words
// left out. The model itself takes any bags, such as the lexemes PostgreSQL makes; passages and queries of one fit must
// only be made into bags by the same function.

/** How often each term occurs. Counts are at least 1; those of title words are multiples. */
export type Terms = ReadonlyMap<string, number>;

export interface Bag {
  readonly id: string;
  readonly terms: Terms;
}

/** What PostgreSQL leaves out besides: a query of nothing else must have no terms. */
const MORE_STOP_WORDS = `myself ours ourselves yours yourself yourselves he she hers herself its itself theirs themselves
  whom having does doing until against during above below down off again further once when why few no nor not own so
  s t will just don`;
const STOP_WORDS: ReadonlySet<string> = new Set([...eng, ...MORE_STOP_WORDS.split(/\s+/)]);

/** The terms of a passage: those of its title count more. */
export function bagOf({
  id,
  text,
  title,
}: {
  readonly id: string;
  readonly text: string;
  readonly title?: string;
}): Bag {
  const terms = new Map<string, number>();
  addTerms(terms, text, 1);
  if (title !== undefined) addTerms(terms, title, LSA_SETTINGS.titleWeight);
  return { id, terms };
}

/** The terms of a text without a title, such as a query. Empty where it has none but stop words. */
export function termsOf(text: string): Terms {
  const terms = new Map<string, number>();
  addTerms(terms, text, 1);
  return terms;
}

function addTerms(terms: Map<string, number>, text: string, weight: number): void {
  for (const word of wordsOf(text).split(' ')) {
    if (word === '' || word.length > LSA_SETTINGS.termLength || STOP_WORDS.has(word)) continue;
    const term = stemmer(word);
    terms.set(term, (terms.get(term) ?? 0) + weight);
  }
}

/** Passages in order of their ids, terms in the order of first use. */
export interface Corpus {
  readonly terms: readonly string[];
  /** Where each passage's entries start in the two arrays below; one more than there are passages. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** Places in `terms`; within a passage in the order of the terms as strings. */
  readonly termNumbers: Uint32Array<ArrayBuffer>;
  /** 1 + ln(count). */
  readonly logFrequencies: Float32Array<ArrayBuffer>;
}

export interface CollectOptions {
  /** Passages to keep at most. */
  readonly samplePassages: number;
  readonly signal?: AbortSignal | undefined;
  readonly onRead?: ((passages: number) => void) | undefined;
}

interface Row {
  readonly id: string;
  readonly sampleKey: string;
  readonly termNumbers: Uint32Array;
  readonly logFrequencies: Float32Array;
}

/** Bags read before other work of this thread has its turn: some 20 ms. */
const BAGS_PER_TURN = 256;

/** @throws SluiceError `lsa_passage_duplicate`, `lsa_count_invalid` */
export async function collectCorpus(
  bags: Iterable<Bag> | AsyncIterable<Bag>,
  { samplePassages, signal, onRead }: CollectOptions,
): Promise<Corpus> {
  const numbers = new Map<string, number>();
  let rows: Row[] = [];
  let firstKeyLeftOut: string | undefined;
  let read = 0;
  for await (const { id, terms } of bags) {
    const sampleKey = sampleKeyOf(id);
    if (firstKeyLeftOut === undefined || sampleKey < firstKeyLeftOut) rows.push(rowOf(id, sampleKey, terms, numbers));
    // Cutting at twice the size, and not at every passage, makes the cost of sorting negligible.
    if (rows.length >= 2 * samplePassages) {
      rows = inSampleOrder(rows);
      firstKeyLeftOut = rows[samplePassages]?.sampleKey;
      rows.length = samplePassages;
    }
    read += 1;
    if (read % BAGS_PER_TURN > 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
    onRead?.(read);
  }
  onRead?.(read);
  const sample = inSampleOrder(rows).slice(0, samplePassages);
  return joinRows(
    sample.toSorted((one, other) => compare(one.id, other.id)),
    [...numbers.keys()],
  );
}

/**
 * The ids a fit would be made on if it were given all of them, so that only their bags need be read.
 */
export function sampleIds(ids: Iterable<string>, samplePassages: number): readonly string[] {
  const keyed = Array.from(ids, (id) => ({ id, sampleKey: sampleKeyOf(id) }));
  return inSampleOrder(keyed)
    .slice(0, samplePassages)
    .map(({ id }) => id);
}

const sampleKeyOf = (id: string) => hash('sha256', id).slice(0, 16);

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** Two ids may, if never so rarely, share a key. */
const inSampleOrder = <T extends { readonly id: string; readonly sampleKey: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((one, other) => compare(one.sampleKey, other.sampleKey) || compare(one.id, other.id));

function rowOf(id: string, sampleKey: string, terms: Bag['terms'], numbers: Map<string, number>): Row {
  const sorted = [...terms.keys()].sort();
  const termNumbers = Uint32Array.from(sorted, (term) => {
    const number = numbers.get(term) ?? numbers.size;
    if (number === numbers.size) numbers.set(term, number);
    return number;
  });
  const logFrequencies = Float32Array.from(sorted, (term) => logFrequency(term, terms.get(term)!));
  return { id, sampleKey, termNumbers, logFrequencies };
}

function joinRows(rows: readonly Row[], terms: readonly string[]): Corpus {
  const entries = rows.reduce((sum, row) => sum + row.termNumbers.length, 0);
  const starts = new Uint32Array(rows.length + 1);
  const termNumbers = new Uint32Array(entries);
  const logFrequencies = new Float32Array(entries);
  for (const [place, row] of rows.entries()) {
    if (row.id === rows[place - 1]?.id) throw duplicatePassage(row.id);
    const start = starts[place]!;
    termNumbers.set(row.termNumbers, start);
    logFrequencies.set(row.logFrequencies, start);
    starts[place + 1] = start + row.termNumbers.length;
  }
  return { terms, starts, termNumbers, logFrequencies };
}

const duplicatePassage = (id: string) =>
  new SluiceError('lsa_passage_duplicate', {
    message: `the passage id '${id}' was given twice to one fit`,
    remedy: 'give every passage once, under an id of its own',
    data: { id },
  });
