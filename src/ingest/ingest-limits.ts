/**
 * Every number that bounds what is read and how it is cut, in one place. The chunk sizes are part of what a passage is:
 * a change of them is a change of `CHUNKER_VERSION`, so that unchanged documents are chunked anew.
 */

/**
 * Goes up when the same bytes would give other passages, be it by the chunker, a parser or a newer release of a parser's
 * library: documents of an older version are not taken over.
 */
export const CHUNKER_VERSION = 3;

export const INGEST_LIMITS = Object.freeze({
  /** A larger file, or line of a JSONL file, is skipped by name. */
  documentBytes: 10_000_000,
  /** The same for a PDF, of which most is pictures and fonts. */
  pdfBytes: 32_000_000,
  pdfPages: 2_000,
  /** Larger Markdown is read as plain text: the parser's memory and time grow faster than its input. */
  markdownBytes: 1_000_000,
  /** A document of more passages is skipped by name. */
  documentPassages: 2_000,
  /** One document may take this long to parse and chunk, then it is skipped by name. */
  documentMs: 30_000,
  /** Heap of the thread that parses. A document that needs more is skipped by name. */
  threadHeapMb: 512,
  /** Memory that the parser of one document may add to the process, outside its heap. */
  threadGrowthMb: 1_000,
  /** More documents than this in one source are refused. */
  documents: 1_000_000,
  /** More addresses than this in one list are refused. */
  pages: 10_000,
  /** One page may take this long, redirects included, then its server counts as away. */
  pageMs: 20_000,
  /** Attempts for a page of an unavailable server, and redirects that are followed. */
  pageTries: 3,
  pageRedirects: 5,
  /** Folders below the source's own. */
  folderDepth: 32,
  idBytes: 512,
  titleLength: 300,
  urlLength: 2_000,
  metadataBytes: 16_000,
  /** Levels of heading a passage remembers, and the longest heading. */
  headingDepth: 6,
  headingLength: 200,
});

/** What one passage may hold. */
export const PASSAGE_LIMITS = Object.freeze({
  /** UTF-8 bytes of a passage's text: nothing exceeds it. */
  bytes: 4_096,
  /** Tokens that prose is packed to. Code and tables are left whole beyond it, up to `bytes`. */
  tokens: 384,
  /** A smaller passage is joined with its neighbour when both fit: a heading with one line is never found. */
  smallTokens: 96,
});
