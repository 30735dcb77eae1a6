/**
 * A fit: what latent semantic analysis (Deerwester et al., "Indexing by latent semantic analysis", 1990) has learnt from
 * a corpus, and as bytes. It is named by its content, so that the vectors of two fits are never compared, and damaged
 * bytes are never taken for a fit.
 */
import { createHash } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import type { Terms } from './corpus.ts';

/** Every number of the model in one place. Quality hardly moves for 96 to 192 dimensions, or 0 to 4 power iterations. */
export const LSA_SETTINGS = Object.freeze({
  /** Length of the vectors. */
  dimensions: 128,
  /** Directions followed beyond `dimensions`, and dropped at the end. */
  oversampling: 16,
  powerIterations: 2,
  seed: 20_111,
  /** A larger corpus is fitted on so many passages; the others are folded in. */
  samplePassages: 20_000,
  /** Terms of a single passage stay while there are no more terms than this: they help with few words. */
  hapaxTerms: 50_000,
  /** Beyond this, the terms of most passages stay. With `samplePassages` it bounds the memory of a fit. */
  terms: 60_000,
  /** Weight of a word in the title, relative to the text. */
  titleWeight: 2,
  /** Longer words are no words: hashes, keys, encoded data. */
  termLength: 64,
});

// What a term weighs in a row: the logarithm of how often it occurs there, times how rare it is. The rarity is BM25's
// (Robertson and Zaragoza, 2009): unlike ln(N / n) it is never 0, so that a corpus of equal passages still has rows.

/**
 * 1 + ln(count).
 *
 * @throws SluiceError `lsa_count_invalid` where the count is below 1 or no number
 */
export function logFrequency(term: string, count: number): number {
  if (count >= 1 && Number.isFinite(count)) return 1 + Math.log(count);
  throw new SluiceError('lsa_count_invalid', {
    message: `the term '${term}' is counted ${count} times`,
    remedy: 'leave out terms that do not occur; counts are 1 or more',
    data: { term, count: `${count}` },
  });
}

/** How rare a term is that is in so many of the passages. Positive. */
export function inverseFrequency(passagesWithTerm: number, passages: number): number {
  return Math.log1p((passages - passagesWithTerm + 0.5) / (passagesWithTerm + 0.5));
}

export interface LsaFit {
  /** `local/lsa:` and 16 hex digits of the hash of all that follows. */
  readonly id: string;
  /** Length of the vectors. */
  readonly dimensions: number;
  /** How many of the dimensions are used: less than all where the corpus has fewer passages or terms. */
  readonly rank: number;
  /** How many passages it was fitted on. */
  readonly passages: number;
  /** Each term's row in `projection`. */
  readonly terms: ReadonlyMap<string, number>;
  /** How rare each term is. */
  readonly idf: Float32Array;
  /** terms × rank, row by row: the right singular vectors. */
  readonly projection: Float32Array;
}

/** The byte format this code writes, and the newest it reads. */
const LSA_FORMAT = 1;

const MAGIC = 'SLSA';
const DIGEST_START = 8;
const BODY_START = 40;
/** Behind four counts; a multiple of four, as a view of floats needs. */
const FLOATS_START = BODY_START + 4 * 4;

/** Names the parts of a fit by their content. */
export function createFit(parts: Omit<LsaFit, 'id'>): LsaFit {
  return Object.freeze({ id: idOf(digestOf(bytesOf(parts))), ...parts });
}

/**
 * A fit as bytes: `SLSA`, format, SHA-256 of the rest, four counts, idf and projection as single floats, terms as JSON.
 * Numbers are little-endian.
 */
export function encodeFit(fit: LsaFit): Uint8Array {
  const bytes = bytesOf(fit);
  bytes.set(digestOf(bytes), DIGEST_START);
  return bytes;
}

/** @throws SluiceError `lsa_fit_damaged`, `lsa_fit_format` */
export function decodeFit(stored: Uint8Array): LsaFit {
  // A copy: what a database gives is part of a larger buffer, and floats need to start at a multiple of four.
  const bytes = new Uint8Array(stored);
  if (bytes.length < FLOATS_START) throw damaged(`it is ${bytes.length} bytes long`);
  const view = new DataView(bytes.buffer);
  if (textOf(bytes.subarray(0, 4)) !== MAGIC) throw damaged(`it does not begin with '${MAGIC}'`);
  const format = view.getUint32(4, true);
  if (format !== LSA_FORMAT) throw unknownFormat(format);
  const digest = digestOf(bytes);
  if (!digest.equals(bytes.subarray(DIGEST_START, BODY_START))) throw damaged('its checksum does not fit');

  const [dimensions, rank, passages, terms] = [0, 1, 2, 3].map((place) => view.getUint32(BODY_START + 4 * place, true));
  const idfEnd = FLOATS_START + 4 * terms!;
  const floatsEnd = idfEnd + 4 * terms! * rank!;
  const names = JSON.parse(textOf(bytes.subarray(floatsEnd))) as readonly string[];
  return Object.freeze({
    id: idOf(digest),
    dimensions: dimensions!,
    rank: rank!,
    passages: passages!,
    terms: numbered(names),
    idf: new Float32Array(bytes.buffer, FLOATS_START, terms),
    projection: new Float32Array(bytes.buffer, idfEnd, terms! * rank!),
  });
}

/** Each term with its place. */
export const numbered = (terms: readonly string[]): ReadonlyMap<string, number> =>
  new Map(terms.map((term, place) => [term, place]));

/** All but the digest is filled in. */
function bytesOf({ dimensions, rank, passages, terms, idf, projection }: Omit<LsaFit, 'id'>): Uint8Array<ArrayBuffer> {
  const names = new TextEncoder().encode(JSON.stringify([...terms.keys()]));
  const idfEnd = FLOATS_START + idf.byteLength;
  const floatsEnd = idfEnd + projection.byteLength;
  const bytes = new Uint8Array(floatsEnd + names.length);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, LSA_FORMAT, true);
  for (const [place, count] of [dimensions, rank, passages, terms.size].entries())
    view.setUint32(BODY_START + 4 * place, count, true);
  new Float32Array(bytes.buffer, FLOATS_START, idf.length).set(idf);
  new Float32Array(bytes.buffer, idfEnd, projection.length).set(projection);
  bytes.set(names, floatsEnd);
  return bytes;
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes.subarray(BODY_START)).digest();
const idOf = (digest: Buffer) => `local/lsa:${digest.toString('hex', 0, 8)}`;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const damaged = (why: string) =>
  new SluiceError('lsa_fit_damaged', {
    message: `the stored fit of local/lsa is damaged: ${why}`,
    remedy: 'ingest the index again: a new fit is made of its passages',
    data: { why },
  });

const unknownFormat = (format: number) =>
  new SluiceError('lsa_fit_format', {
    message: `the stored fit of local/lsa has format ${format}; this version reads ${LSA_FORMAT}`,
    remedy: 'use the version of sluice that made it, or ingest the index again',
    data: { format, known: LSA_FORMAT },
  });

// Passages and queries to vectors, by the same linear map: the weighed row times the projection, made 1 long. What the
// fit was made of is folded in no differently from what came later.

/** A row of which less than this part lies in the fitted space lies outside but for rounding. */
const OUTSIDE = 1e-6;

/**
 * The vector of a bag of terms: of length 1, `fit.dimensions` numbers, those beyond `fit.rank` 0. Undefined where the
 * fit knows none of the terms, or nothing of them lies in its space: such a text is like no passage.
 *
 * @throws SluiceError `lsa_count_invalid`
 */
export function embed(fit: LsaFit, terms: Terms): Float32Array<ArrayBuffer> | undefined {
  const { rank, projection } = fit;
  const sums = new Float64Array(rank);
  let squares = 0;
  for (const { number, weight } of weighTerms(fit, terms)) {
    squares += weight * weight;
    const start = number * rank;
    for (let dimension = 0; dimension < rank; dimension++)
      sums[dimension] = sums[dimension]! + weight * projection[start + dimension]!;
  }
  const length = Math.sqrt(sums.reduce((sum, value) => sum + value * value, 0));
  if (length <= OUTSIDE * Math.sqrt(squares)) return undefined;
  const vector = new Float32Array(fit.dimensions);
  vector.set(sums.map((value) => value / length));
  return vector;
}

/** In the order of the terms, so that equal bags have equal vectors to the last bit. */
function weighTerms({ terms, idf }: LsaFit, bag: Terms) {
  const weighed: { readonly number: number; readonly weight: number }[] = [];
  for (const [term, count] of bag) {
    const frequency = logFrequency(term, count);
    const number = terms.get(term);
    if (number !== undefined) weighed.push({ number, weight: frequency * idf[number]! });
  }
  return weighed.sort((one, other) => one.number - other.number);
}
