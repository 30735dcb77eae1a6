/**
 * One document, from what was read to what the store takes: parsed by its format, titled, chunked. Pure: the same bytes
 * and settings give the same passages, on any machine, in any order.
 */
import type { Block } from './block.ts';
import { type Chunk, chunkBlocks } from './chunk.ts';
import { cleanText } from './clean-text.ts';
import { INGEST_LIMITS, PASSAGE_LIMITS } from './limits.ts';
import { parseMarkdown } from './markdown.ts';
import { parsePlainText } from './plain-text.ts';
import { type Note, type Skip, skip } from './skip.ts';
import { byteLength, countTokens } from './tokens.ts';

export type TextFormat = 'markdown' | 'mdx' | 'text';
/** `headings`: passages of a section each. `none`: one passage per document, under the document's own id. */
export type ChunkMode = 'headings' | 'none';

/** A document as its source gives it. */
export interface RawDocument {
  readonly id: string;
  /** How messages call it: its path in the source, or `file.jsonl:12`. */
  readonly name: string;
  readonly text: string;
  /** Whether characters were removed or replaced when it was read. */
  readonly mended?: boolean;
  readonly format: TextFormat;
  readonly title?: string;
  /** For a document that does not name itself. */
  readonly fallbackTitle?: string;
  readonly url?: string;
}

export interface Passage {
  readonly id: string;
  readonly ordinal: number;
  readonly text: string;
  readonly title?: string;
  readonly heading: readonly string[];
  readonly url?: string;
  readonly tokens: number;
}

export interface ChunkedDocument {
  readonly title?: string;
  readonly url?: string;
  readonly passages: readonly Passage[];
  readonly notes: readonly Note[];
}

export type ChunkResult =
  | { readonly kind: 'chunked'; readonly document: ChunkedDocument }
  | { readonly kind: 'skipped'; readonly skip: Skip };

/** Parses and chunks a document. Never throws for what a document holds. */
export function chunkDocument(raw: RawDocument, mode: ChunkMode): ChunkResult {
  const { text, cleaned } = cleanText(raw.text);
  const parsed = parse(text, raw.format);
  const notes: Note[] = [...(cleaned || raw.mended ? (['cleaned'] as const) : []), ...parsed.notes];
  const title = titleFor(raw, parsed);
  const shared = { ...(title !== undefined && { title }), ...(raw.url !== undefined && { url: raw.url }) };

  const chunks = mode === 'none' ? wholeChunk(parsed.body) : chunkBlocks(describedBlocks(parsed, title));
  if (chunks.length === 0) return skipped(raw, 'empty', 'it holds no text');
  if (mode === 'none') {
    const bytes = byteLength(chunks[0]!.text);
    if (bytes > PASSAGE_LIMITS.bytes)
      return skipped(
        raw,
        'too-long',
        `its text is ${bytes} bytes; with --chunk none at most ${PASSAGE_LIMITS.bytes} fit a passage`,
      );
  }
  if (chunks.length > INGEST_LIMITS.documentPassages)
    return skipped(
      raw,
      'too-large',
      `it makes ${chunks.length} passages, ${INGEST_LIMITS.documentPassages} are allowed: split it`,
    );
  const passages = chunks.map((chunk, ordinal) => ({
    id: mode === 'none' ? raw.id : `${raw.id}#${ordinal}`,
    ordinal,
    ...chunk,
    ...shared,
  }));
  return { kind: 'chunked', document: { ...shared, passages, notes } };
}

const skipped = (raw: RawDocument, reason: Skip['reason'], detail: string): ChunkResult => ({
  kind: 'skipped',
  skip: skip(raw.name, reason, detail),
});

interface Parsed {
  readonly blocks: readonly Block[];
  /** The text without front matter. */
  readonly body: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly notes: readonly Note[];
}

function parse(text: string, format: TextFormat): Parsed {
  switch (format) {
    case 'text':
      return { blocks: parsePlainText(text), body: text, title: undefined, description: undefined, notes: [] };
    case 'markdown':
    case 'mdx': {
      if (byteLength(text) > INGEST_LIMITS.markdownBytes) return readAsText(text);
      return (
        parseAs(text, format) ??
        (format === 'mdx' ? withNote(parseAs(text, 'markdown'), 'mdx-as-markdown') : undefined) ??
        readAsText(text)
      );
    }
  }
}

const readAsText = (text: string): Parsed => ({ ...parse(text, 'text'), notes: ['markdown-as-text'] });

const withNote = (parsed: Parsed | undefined, note: Note) => parsed && { ...parsed, notes: [...parsed.notes, note] };

/** Undefined where the parser refuses the text: MDX has syntax errors, and any parser has a depth it cannot follow. */
function parseAs(text: string, syntax: 'markdown' | 'mdx'): Parsed | undefined {
  try {
    const { blocks, fields, frontMatterBroken } = parseMarkdown(text, syntax);
    return {
      blocks,
      body: text.replace(/^---\n[\s\S]*?\n---(?:\n|$)/, ''),
      title: stringOf(fields.title),
      description: stringOf(fields.description),
      notes: frontMatterBroken ? ['front-matter-ignored'] : [],
    };
  } catch {
    return undefined;
  }
}

function titleFor(raw: RawDocument, parsed: Parsed): string | undefined {
  const heading = parsed.blocks.find((block) => block.kind === 'heading');
  const ownHeading = heading?.depth === 1 ? heading.text : undefined;
  return [raw.title, parsed.title, ownHeading, raw.fallbackTitle]
    .map((text) => titleOf(text ?? ''))
    .find((text) => text !== '');
}

const stringOf = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value : undefined);

/** The blocks below the title: a first heading that repeats it adds nothing, a description is text like any other. */
function describedBlocks({ blocks, description }: Parsed, title: string | undefined): readonly Block[] {
  const [first, ...rest] = blocks;
  const body = first?.kind === 'heading' && first.depth === 1 && sameWords(first.text, title ?? '') ? rest : blocks;
  return description === undefined ? body : [{ kind: 'prose', text: titleLine(description) }, ...body];
}

const sameWords = (one: string, other: string) => letters(one) === letters(other);
const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

function wholeChunk(body: string): readonly Chunk[] {
  const text = body.trim();
  if (text === '') return [];
  const tokens = byteLength(text) > PASSAGE_LIMITS.bytes ? 0 : countTokens(text);
  return [{ heading: [], text, tokens }];
}

const titleLine = (text: string) => text.replace(/\s+/g, ' ').trim();
const titleOf = (text: string) =>
  titleLine(text.replace(/[`*]/g, '')).slice(0, INGEST_LIMITS.titleLength).toWellFormed();
