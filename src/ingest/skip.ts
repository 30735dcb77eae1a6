/** What was left out of an index and why, as data: every omission has a name, a reason and what to do about it. */

export type SkipReason =
  | 'unreadable'
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
  | 'front-matter-ignored';

export const skip = (name: string, reason: SkipReason, detail: string): Skip => Object.freeze({ name, reason, detail });
