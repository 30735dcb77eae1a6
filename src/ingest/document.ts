/**
 * One document, from what was read to what the store takes: parsed by its format, titled, chunked. Pure: the same bytes
 * and settings give the same passages, on any machine, in any order.
 */
import { type Block, byteLength, type Content, countTokens } from './block.ts';
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

// Blocks to passages: sections packed to the token target, each passage remembering the headings above it. A passage
// never crosses into an unrelated section, and a line that introduces code stays with the code.

export interface Chunk {
  /** The headings above the text, outermost first. */
  readonly heading: readonly string[];
  readonly text: string;
  readonly tokens: number;
}

interface Draft {
  readonly path: readonly string[];
  readonly text: string;
  readonly tokens: number;
  readonly bytes: number;
  /** The headings of the text's last section: longer than `path` where headings stand in the text. */
  readonly lastPath: readonly string[];
}

const GLUE = '\n\n';

/** The passages of a document, in order. */
export function chunkBlocks(blocks: readonly Block[]): readonly Chunk[] {
  const drafts = sectionsOf(blocks).flatMap(({ path, contents }) => packSection(path, contents));
  return joinSmall(drafts).map(({ path, text, tokens }) => ({ heading: path, text, tokens }));
}

interface Section {
  readonly path: readonly string[];
  readonly contents: readonly Content[];
}

function sectionsOf(blocks: readonly Block[]): readonly Section[] {
  const sections: { path: readonly string[]; contents: Content[] }[] = [{ path: [], contents: [] }];
  let above: readonly { readonly depth: number; readonly text: string }[] = [];
  for (const block of blocks) {
    if (block.kind === 'heading') {
      above = [
        ...above.filter(({ depth }) => depth < block.depth),
        { depth: block.depth, text: headingText(block.text) },
      ];
      const path = above.map(({ text }) => text).filter((text) => text !== '');
      sections.push({ path: path.slice(0, INGEST_LIMITS.headingDepth), contents: [] });
    } else {
      sections.at(-1)!.contents.push(block);
    }
  }
  return sections.filter(({ contents }) => contents.length > 0);
}

/** A heading as a name: without the marks of code and emphasis. */
function headingText(text: string): string {
  const plain = text.replace(/[`*]/g, '').replace(/\s+/g, ' ').trim();
  return plain.slice(0, INGEST_LIMITS.headingLength).toWellFormed();
}

function packSection(path: readonly string[], contents: readonly Content[]): readonly Draft[] {
  const packed: Piece[][] = [[]];
  for (const piece of contents.flatMap(cutContent)) {
    const current = packed.at(-1)!;
    const last = current.at(-1);
    if (hasRoom(current, piece, PASSAGE_LIMITS.tokens)) current.push(piece);
    // 'For example:' belongs to the example, even where both together exceed the target.
    else if (last && introduces(last) && hasRoom([last], piece, Number.POSITIVE_INFINITY))
      packed.push([...current.splice(-1), piece]);
    else packed.push([piece]);
  }
  const texts = packed.filter((pieces) => pieces.length > 0).map((pieces) => pieces.map(({ text }) => text).join(GLUE));
  return texts.map((text) => draftOf(path, text, path));
}

const introduces = (piece: Piece) => piece.text.endsWith(':') && piece.tokens < PASSAGE_LIMITS.smallTokens;

function hasRoom(current: readonly Piece[], next: Piece, tokenLimit: number): boolean {
  if (current.length === 0) return true;
  const bytes = current.reduce((sum, piece) => sum + piece.bytes + GLUE.length, next.bytes);
  const tokens = current.reduce((sum, piece) => sum + piece.tokens, next.tokens);
  return bytes <= PASSAGE_LIMITS.bytes && tokens <= tokenLimit;
}

function draftOf(path: readonly string[], text: string, lastPath: readonly string[]): Draft {
  return { path, text, tokens: countTokens(text), bytes: byteLength(text), lastPath };
}

/**
 * Joins neighbours of which one is small, where both fit: an introduction goes under the heading it leads to; short
 * sections under one parent stand together under that parent, their own headings in the text.
 */
function joinSmall(drafts: readonly Draft[]): readonly Draft[] {
  const joined: Draft[] = [];
  for (const next of drafts) {
    const both = joined.length > 0 ? joinPair(joined.at(-1)!, next) : undefined;
    if (both) joined.pop();
    joined.push(both ?? next);
  }
  return joined;
}

function joinPair(previous: Draft, next: Draft): Draft | undefined {
  const small = PASSAGE_LIMITS.smallTokens;
  if (previous.tokens >= small && next.tokens >= small) return undefined;
  if (previous.tokens + next.tokens > PASSAGE_LIMITS.tokens) return undefined;
  const shared = sharedPath(previous.path, next.path);
  const below = shared.length === previous.path.length;
  const siblings = previous.path.length === next.path.length && shared.length === previous.path.length - 1;
  const hasOwnHeadings = previous.lastPath.length > previous.path.length;
  if (below && previous.tokens < small && !hasOwnHeadings) return glue(next.path, previous.text, next, next.path);
  if (below) return glue(shared, previous.text, next, sharedPath(previous.lastPath, next.path));
  if (siblings) return glue(shared, withHeadings(previous, shared), next, shared);
  return undefined;
}

/** `first` followed by `next`, under `path`. Headings of `next` beyond those `covered` are written out. */
function glue(path: readonly string[], first: string, next: Draft, covered: readonly string[]): Draft | undefined {
  const draft = draftOf(path, `${first}${GLUE}${withHeadings(next, covered)}`, next.lastPath);
  return draft.bytes <= PASSAGE_LIMITS.bytes ? draft : undefined;
}

function sharedPath(one: readonly string[], other: readonly string[]): readonly string[] {
  const differs = one.findIndex((text, index) => text !== other[index]);
  return differs === -1 ? one : one.slice(0, differs);
}

function withHeadings({ path, text }: Draft, covered: readonly string[]): string {
  const level = (index: number) => '#'.repeat(Math.min(6, covered.length + index + 2));
  const own = path.slice(covered.length).map((heading, index) => `${level(index)} ${heading}`);
  return [...own, text].join(GLUE);
}

// Cuts one content into pieces that a passage can hold. Prose is packed to the token target; code and tables are whole
// up to the byte limit, then cut between lines or rows with their fence or header repeated. Only a line, row or
// sentence that alone exceeds the limit is cut inside, between characters.

export interface Piece {
  readonly text: string;
  readonly tokens: number;
  readonly bytes: number;
}

interface Room {
  readonly tokens: number;
  readonly bytes: number;
}

/** What every cut piece of one content starts and ends with, and what stands between its parts. */
interface Frame {
  readonly head: string;
  readonly tail: string;
  readonly glue: string;
}

const PROSE_ROOM: Room = PASSAGE_LIMITS;
const WHOLE_ROOM: Room = { bytes: PASSAGE_LIMITS.bytes, tokens: Number.POSITIVE_INFINITY };
/** A lead longer than this share of the room leaves too little for its content: it is written only once. */
const LEAD_SHARE = 4;

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The pieces of a content, in order, each within the passage limits. */
function cutContent(content: Content): readonly Piece[] {
  return cut(content, PROSE_ROOM, WHOLE_ROOM)
    .filter((text) => text.trim() !== '')
    .map(measure);
}

function cut(content: Content, proseRoom: Room, wholeRoom: Room): readonly string[] {
  const room = content.kind === 'code' || content.kind === 'table' ? wholeRoom : proseRoom;
  if (fits(content.text, room)) return [content.text];
  switch (content.kind) {
    case 'prose':
      return pack(splitSentences(content.text), { head: '', tail: '', glue: '' }, room);
    case 'code':
      return pack(
        content.body.split('\n'),
        { head: `${content.open}\n`, tail: `\n${content.close}`, glue: '\n' },
        room,
      );
    case 'table':
      return pack(content.rows, { head: `${content.header}\n`, tail: '', glue: '\n' }, room);
    case 'group': {
      const head = content.lead === '' ? '' : `${content.lead}\n\n`;
      const isShort = byteLength(head) * LEAD_SHARE <= room.bytes && countTokens(head) * LEAD_SHARE <= room.tokens;
      const repeated = isShort && content.parts.every((part) => staysWhole(part, wholeRoom, head));
      if (!repeated)
        return [...cut({ kind: 'prose', text: content.lead }, proseRoom, wholeRoom), ...cutParts(content.parts, '')];
      return cutParts(content.parts, head);
    }
  }

  function cutParts(parts: readonly Content[], head: string): readonly string[] {
    const texts = parts.flatMap((part) => cut(part, less(proseRoom, head), less(wholeRoom, head)));
    // Code and tables in the group may use the whole room; prose is packed to the target.
    return pack(texts, { head, tail: '', glue: '\n' }, { tokens: proseRoom.tokens, bytes: wholeRoom.bytes });
  }
}

/** Whether no code or table in it is cut for the sake of a lead, which would fit without one. */
function staysWhole(content: Content, room: Room, head: string): boolean {
  if (content.kind === 'group') return content.parts.every((part) => staysWhole(part, room, head));
  return content.kind === 'prose' || !fits(content.text, room) || fits(content.text, less(room, head));
}

/** Parts in order, as many together as there is room for. */
function pack(parts: readonly string[], frame: Frame, room: Room): readonly string[] {
  const head = byteLength(frame.head + frame.tail) * 2 > room.bytes ? '' : frame.head;
  const tail = head === '' ? '' : frame.tail;
  const inner = less(room, head + tail);
  const packed: string[] = [];
  let current: string[] = [];
  let bytes = 0;
  let tokens = 0;
  const flush = () => {
    if (current.length > 0) packed.push(`${head}${current.join(frame.glue)}${tail}`.trim());
    current = [];
    bytes = 0;
    tokens = 0;
  };
  const glueBytes = byteLength(frame.glue);
  for (const part of parts.flatMap((each) => splitCharacters(each, inner.bytes))) {
    const partBytes = byteLength(part) + glueBytes;
    const partTokens = inner.tokens === Number.POSITIVE_INFINITY ? 0 : countTokens(part);
    if (bytes + partBytes - glueBytes > inner.bytes || (current.length > 0 && tokens + partTokens > inner.tokens))
      flush();
    current.push(part);
    bytes += partBytes;
    tokens += partTokens;
  }
  flush();
  return packed.filter((text) => text !== '');
}

const less = (room: Room, used: string): Room =>
  used === ''
    ? room
    : {
        bytes: room.bytes - byteLength(used),
        tokens: room.tokens - (room.tokens === Number.POSITIVE_INFINITY ? 0 : countTokens(used)),
      };

/** The text between characters, in parts of at most `bytes`. */
function splitCharacters(text: string, bytes: number): readonly string[] {
  if (byteLength(text) <= bytes) return [text];
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endWithin(text, start, bytes);
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

/** The furthest end for which `text.slice(start, end)` has at most `bytes` bytes and cuts no character. */
function endWithin(text: string, start: number, bytes: number): number {
  let end = Math.min(text.length, start + bytes);
  while (byteLength(text.slice(start, end)) > bytes)
    end -= Math.max(1, Math.ceil((byteLength(text.slice(start, end)) - bytes) / 4));
  const inPair = end < text.length && /[\uDC00-\uDFFF]/.test(text.charAt(end));
  return inPair ? end - 1 : end;
}

/** Sentences with the space after them, so that joined they are the text again. */
function splitSentences(text: string): readonly string[] {
  return Array.from(sentences.segment(text), ({ segment }) => segment);
}

function fits(text: string, room: Room): boolean {
  // Bytes first: the tokenizer never sees more than a passage's worth of text.
  if (byteLength(text) > room.bytes) return false;
  return room.tokens === Number.POSITIVE_INFINITY || countTokens(text) <= room.tokens;
}

const measure = (text: string): Piece => ({ text, tokens: countTokens(text), bytes: byteLength(text) });
