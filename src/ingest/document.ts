/**
 * One document, from what was read to what the store takes: parsed by its format, titled, chunked. Pure: the same bytes
 * and settings give the same passages, on any machine, in any order.
 */
import { type Block, byteLength, countTokens } from './block.ts';
import { type Chunk, chunkBlocks } from './chunk.ts';
import type { TextFormat } from './formats.ts';
import { INGEST_LIMITS, PASSAGE_LIMITS } from './ingest-limits.ts';
import { type Parsed, parseDocument } from './parse.ts';
import { type Note, type Skip, skip } from './skip.ts';

/** `headings`: passages of a section each. `none`: one passage per document, under the document's own id. */
export type ChunkMode = 'headings' | 'none';

/** A document as its source gives it. */
export type RawDocument = TextDocument | PdfDocument;

export interface TextDocument extends DocumentHead {
  readonly format: TextFormat;
  readonly text: string;
  /** Of source code, as a fence names it. */
  readonly language?: string;
  /** Whether characters were removed or replaced when it was read. */
  readonly mended?: boolean;
}

export interface PdfDocument extends DocumentHead {
  readonly format: 'pdf';
  readonly bytes: Uint8Array;
}

interface DocumentHead {
  readonly id: string;
  /** How messages call it: its path in the source, its address, or `file.jsonl:12`. */
  readonly name: string;
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
export async function chunkDocument(raw: RawDocument, mode: ChunkMode): Promise<ChunkResult> {
  const parsed = await parseDocument(raw);
  if (parsed.kind === 'refused') return skipped(raw, parsed.reason, parsed.detail);
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
  return { kind: 'chunked', document: { ...shared, passages, notes: parsed.notes } };
}

const skipped = (raw: RawDocument, reason: Skip['reason'], detail: string): ChunkResult => ({
  kind: 'skipped',
  skip: skip(raw.name, reason, detail),
});

function titleFor(raw: RawDocument, parsed: Parsed): string | undefined {
  const heading = parsed.blocks.find((block) => block.kind === 'heading');
  const ownHeading = heading?.depth === 1 ? heading.text : undefined;
  return [raw.title, parsed.title, ownHeading, raw.fallbackTitle]
    .map((text) => titleOf(text ?? ''))
    .find((text) => text !== '');
}

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
