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
  /** Terms of one single passage are kept while there are no more terms than this: they help where words are few. */
  hapaxTerms: 50_000,
  /** Beyond this, the terms of most passages stay. With `samplePassages` it bounds the memory of a fit. */
  terms: 60_000,
  /** How much a word in the title counts, beside those in the text. */
  titleWeight: 2,
  /** Longer words are no words: hashes, keys, encoded data. */
  termLength: 64,
});
