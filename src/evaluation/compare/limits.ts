/** How much a comparison takes and tells. What is computed on demand (`comparedExamples`) has no limit of its own. */
export const COMPARE_LIMITS = Object.freeze({
  /** The baseline included. */
  sides: 20,
  /** Of a leaderboard, each compared with each other: 2,016 pairs. Further ones are listed without a rank. */
  rankedSides: 64,
  /** Tags with a slice: the most frequent. */
  sliceTags: 20,
  /** Reasons that are named where cells are missing or failed: the most frequent. */
  reasonsTold: 5,
  /** Different reasons of one evaluation that are told apart; further ones count as others. */
  reasonsKept: 1_000,
});
