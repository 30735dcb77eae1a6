/** How much calibrating takes and tells. */
export const CALIBRATION_LIMITS = Object.freeze({
  /** Subjects of a sample that is exported: by default, and at most. */
  sample: 100,
  largestSample: 10_000,
  /** Rows of a file of labels. */
  rows: 100_000,
  raterLength: 100,
  noteLength: 4_000,
  /** Of a text that raters are shown, so that a spreadsheet can hold it in a cell. */
  shownCharacters: 30_000,
  /** Of the interval of kappa. */
  resamples: 2_000,
  /** With more examples it is read off the quantiles directly. */
  bcaExamples: 1_000,
  /** Different scores and labels of a table; with more there is none. */
  tableValues: 7,
  /** Tags with a slice, the most frequent, and labels that a tag must have. */
  sliceTags: 20,
  sliceLabels: 10,
});
