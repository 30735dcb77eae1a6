/**
 * Blocks to passages: sections packed to the token target, each passage remembering the headings above it. A passage
 * never crosses into an unrelated section, and a line that introduces code stays with the code.
 */
import type { Block, Content } from './block.ts';
import { cutContent, type Piece } from './cut.ts';
import { INGEST_LIMITS, PASSAGE_LIMITS } from './limits.ts';
import { byteLength, countTokens } from './tokens.ts';

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

/** `first` and then `next`, under `path`, the headings of `next` that are not in `said` written out. */
function glue(path: readonly string[], first: string, next: Draft, said: readonly string[]): Draft | undefined {
  const draft = draftOf(path, `${first}${GLUE}${withHeadings(next, said)}`, next.lastPath);
  return draft.bytes <= PASSAGE_LIMITS.bytes ? draft : undefined;
}

function sharedPath(one: readonly string[], other: readonly string[]): readonly string[] {
  const differs = one.findIndex((text, index) => text !== other[index]);
  return differs === -1 ? one : one.slice(0, differs);
}

function withHeadings({ path, text }: Draft, said: readonly string[]): string {
  const level = (index: number) => '#'.repeat(Math.min(6, said.length + index + 2));
  const own = path.slice(said.length).map((heading, index) => `${level(index)} ${heading}`);
  return [...own, text].join(GLUE);
}
