/**
 * What a document is between parsing and chunking: a flat list of headings and contents. Each content knows its whole
 * text and where it may be cut, so that the chunker needs to know nothing of Markdown.
 */
import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base';

export interface Heading {
  readonly kind: 'heading';
  /** 1 is the highest. */
  readonly depth: number;
  readonly text: string;
}

/** Prose: cut between sentences. */
export interface Prose {
  readonly kind: 'prose';
  readonly text: string;
}

/** A fenced block: cut between lines, the fence closed and opened again. */
export interface Code {
  readonly kind: 'code';
  readonly text: string;
  readonly open: string;
  readonly body: string;
  readonly close: string;
}

/** A table: cut between rows, the header repeated. */
export interface Table {
  readonly kind: 'table';
  readonly text: string;
  readonly header: string;
  readonly rows: readonly string[];
}

/** A list, or an item with what it contains: cut between its parts, `lead` (an item's first line) repeated. */
export interface Group {
  readonly kind: 'group';
  readonly text: string;
  readonly lead: string;
  readonly parts: readonly Content[];
}

export type Content = Prose | Code | Table | Group;
export type Block = Heading | Content;

export const prose = (text: string): Prose => ({ kind: 'prose', text });

/** A fence longer than any in the body, so that the body cannot close it. */
export function code(body: string, info = ''): Code {
  const longest = Math.max(2, ...Array.from(body.matchAll(/`{3,}/g), ([run]) => run.length));
  const close = '`'.repeat(longest + 1);
  const open = close + info;
  return { kind: 'code', text: `${open}\n${body}\n${close}`, open, body, close };
}

export function table(header: string, rows: readonly string[]): Table {
  return { kind: 'table', text: [header, ...rows].join('\n'), header, rows };
}

/** A list of items; loose when an item has paragraphs of its own. */
export function list(items: readonly Content[]): Group {
  return { kind: 'group', text: items.map(({ text }) => text).join('\n'), lead: '', parts: items };
}

/** An item: its marker and first line, then what it contains, indented under it. */
export function item(lead: string, parts: readonly Content[], indent = '  '): Content {
  if (parts.length === 0) return prose(lead);
  const inner = parts.map((part) => (part.kind === 'prose' ? '\n' : '') + indentLines(part.text, indent));
  return { kind: 'group', text: [lead, ...inner].join('\n'), lead, parts };
}

const indentLines = (text: string, indent: string) => text.replace(/^(?=.)/gm, indent);

/** All of them as one text, headings marked as in Markdown. */
export function plainTextOf(blocks: readonly Block[]): string {
  const texts = blocks.map((block) =>
    block.kind === 'heading' ? `${'#'.repeat(block.depth)} ${block.text}` : block.text,
  );
  return texts.join('\n\n');
}

/** A text may hold `<|endoftext|>` and the like: here it is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** The number of tokens in a text. Meant for passages: callers bound its length first. */
export function countTokens(text: string): number {
  return count(text, AS_TEXT);
}

export const byteLength = (text: string): number => Buffer.byteLength(text, 'utf8');
