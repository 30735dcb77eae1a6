/** How much a report holds, so that it opens at once and can be mailed, whatever was compared. */
export const REPORT_LIMITS = Object.freeze({
  /** Examples × metrics × sides whose values a page carries; of more examples those that differ most, and a sample. */
  values: 1_000_000,
  /** Characters of what an example asks. */
  questionLength: 200,
  /** Of each side and primary so many that got worst, and as many that got best, have their outputs in the page. */
  outputsEachEnd: 20,
  /** Examples that have their outputs, of all sides and primaries together. */
  examplesWithOutputs: 300,
  /** Characters of one output, or of what a scorer says of it. */
  outputLength: 4_000,
  /** Of all outputs together; those of the smallest differences are left out first. */
  outputsLength: 8_000_000,
  /** Calls of one run whose trace is told. */
  calls: 200,
  /** Calls of all runs of an example whose traces are told together. */
  callsTogether: 1_000,
  /** Passages of one list, and characters of one. */
  passages: 50,
  passageLength: 2_000,
  /** Different reasons for missing values that are told apart. */
  reasons: 1_000,
  /** Of a comment on a pull request: GitHub takes 65,536. */
  markdownLength: 65_000,
  /** Rows of one table in such a comment. */
  markdownRows: 40,
  /** Worst examples of each side in such a comment. */
  markdownExamples: 5,
});
