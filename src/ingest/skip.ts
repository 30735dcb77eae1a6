/** What was left out of an index and why, as data: every omission has a name, a reason and what to do about it. */

export type SkipReason =
  | 'unreadable'
  /** No parser is for it. */
  | 'unknown-format'
  | 'encrypted'
  /** A file that was written to each time it was read. */
  | 'changing'
  /** A page that its server does not have. */
  | 'not-found'
  /** A page whose server does not answer, or is unavailable for now. */
  | 'unavailable'
  /** A page that leads to a host which may not be read. */
  | 'host-refused'
  | 'too-large'
  | 'not-utf8'
  | 'empty'
  | 'too-long'
  | 'unparseable'
  | 'bad-line'
  | 'bad-id'
  | 'duplicate-id';

/** One document that is not in the index. `name` is a path in the source, or `file.jsonl:12` for a line. */
export interface Skip {
  readonly name: string;
  readonly reason: SkipReason;
  readonly detail: string;
}

/** Something that was mended, or read in a simpler way, without losing the document. */
export type Note =
  /** NUL characters removed, or lone surrogates replaced by U+FFFD. */
  | 'cleaned'
  /** MDX that does not parse as such, read as Markdown. */
  | 'mdx-as-markdown'
  /** Markdown above its size limit, or that its parser refuses, read as plain text. */
  | 'markdown-as-text'
  /** Front matter that is not YAML, ignored. */
  | 'front-matter-ignored'
  /** Source code without its lines that no passage can hold: generated ones, as a rule. */
  | 'long-lines-left-out';

/** Why a document cannot be read, before it has a name. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: SkipReason;
  readonly detail: string;
}

export const refused = (reason: SkipReason, detail: string): Refusal => ({ kind: 'refused', reason, detail });

export const skip = (name: string, reason: SkipReason, detail: string): Skip => Object.freeze({ name, reason, detail });
