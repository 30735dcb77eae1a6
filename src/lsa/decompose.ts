/** A corpus to the parts of a fit: its terms chosen and weighed, its rows decomposed. Pure, and long: see fit.ts. */
import type { Corpus } from './corpus.ts';
import { inverseFrequency, LSA_SETTINGS } from './model.ts';
import { rightSingularVectors, type SparseMatrix, type SvdSettings } from './svd.ts';

export interface Decomposition {
  readonly passages: number;
  /** In the order of code units. */
  readonly terms: readonly string[];
  readonly idf: Float32Array<ArrayBuffer>;
  readonly rank: number;
  /** terms × rank, row by row. */
  readonly projection: Float32Array<ArrayBuffer>;
}

export function decompose(
  corpus: Corpus,
  settings: SvdSettings,
  onStep?: (done: number, total: number) => void,
): Decomposition {
  const passages = corpus.starts.length - 1;
  const frequencies = new Uint32Array(corpus.terms.length);
  for (const term of corpus.termNumbers) frequencies[term]!++;
  const chosen = chooseTerms(corpus.terms, frequencies);
  const idf = Float32Array.from(chosen, (term) => inverseFrequency(frequencies[term]!, passages));
  const { rank, vectors } = rightSingularVectors(weighRows(corpus, chosen, idf), settings, onStep);
  return { passages, terms: chosen.map((term) => corpus.terms[term]!), idf, rank, projection: vectors };
}

/** Numbers of the terms a fit knows, in the order of the terms themselves. */
export function chooseTerms(terms: readonly string[], frequencies: Uint32Array): readonly number[] {
  const sorted = Array.from(terms.keys())
    .filter((term) => frequencies[term]! > 0)
    .sort((one, other) => (terms[one]! < terms[other]! ? -1 : 1));
  if (sorted.length <= LSA_SETTINGS.hapaxTerms) return sorted;
  const repeated = sorted.filter((term) => frequencies[term]! > 1);
  if (repeated.length <= LSA_SETTINGS.terms) return repeated;
  const byFrequency = repeated.toSorted((one, other) => frequencies[other]! - frequencies[one]!);
  const kept = new Set(byFrequency.slice(0, LSA_SETTINGS.terms));
  return repeated.filter((term) => kept.has(term));
}

/** A row per passage, of length 1, or of 0 where the passage has none of the terms. */
function weighRows(corpus: Corpus, chosen: readonly number[], idf: Float32Array): SparseMatrix {
  const columnOf = new Int32Array(corpus.terms.length).fill(-1);
  for (const [column, term] of chosen.entries()) columnOf[term] = column;
  const rows = corpus.starts.length - 1;
  const starts = new Uint32Array(rows + 1);
  const columnNumbers = new Uint32Array(corpus.termNumbers.length);
  const values = new Float32Array(corpus.termNumbers.length);
  let entries = 0;
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let place = corpus.starts[row]!; place < corpus.starts[row + 1]!; place++) {
      const column = columnOf[corpus.termNumbers[place]!]!;
      if (column < 0) continue;
      const weight = corpus.logFrequencies[place]! * idf[column]!;
      squares += weight * weight;
      columnNumbers[entries] = column;
      values[entries] = weight;
      entries++;
    }
    const length = Math.sqrt(squares);
    for (let entry = starts[row]!; entry < entries; entry++) values[entry] = values[entry]! / length;
    starts[row + 1] = entries;
  }
  return { rows, columns: chosen.length, starts, columnNumbers, values };
}
