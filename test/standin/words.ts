/**
 * A poor man's meaning of a text: its words, without the commonest ones and without endings. Embeddings hash them, so
 * that texts which share words are near; reranking and answering count them. Deterministic, and good enough to rank by.
 */
import { createHash } from 'node:crypto';
import { stemmer } from 'stemmer';
import { eng, removeStopwords } from 'stopword';

/** Lower case, in order, repeated words kept. */
function wordsOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return removeStopwords(words, eng).map(stemmer);
}

/** The part of the query's different words that the text has: 0 to 1. */
export function overlap(query: string, text: string): number {
  const wanted = new Set(wordsOf(query));
  const present = new Set(wordsOf(text));
  const shared = [...wanted].filter((word) => present.has(word));
  return wanted.size === 0 ? 0 : shared.length / wanted.size;
}

/** A vector of length 1: each word adds to four places chosen by its hash, so that unrelated texts are nearly orthogonal. */
export function embedText(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of wordsOf(text)) {
    const hash = createHash('sha256').update(word).digest();
    for (let place = 0; place < 4; place += 1) {
      const index = hash.readUInt32LE(place * 4) % dimensions;
      const sign = (hash[16 + place] ?? 0) < 128 ? -1 : 1;
      vector[index] = (vector[index] ?? 0) + sign;
    }
  }
  const norm = Math.hypot(...vector);
  if (norm === 0) {
    vector[0] = 1; // A text without words still needs a direction.
    return vector;
  }
  return vector.map((value) => value / norm);
}
