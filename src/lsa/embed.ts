/**
 * Passages and queries to vectors, by the same linear map: the weighed row times the projection, made 1 long. What the
 * fit was made of is folded in no differently from what came later.
 */
import type { Terms } from './bag.ts';
import type { LsaFit } from './model.ts';
import { logFrequency } from './weight.ts';

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
