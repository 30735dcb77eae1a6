/** A document to blocks, by its format; where its own parser refuses it, in the simplest way that loses nothing. */
import { basename } from 'node:path';
import { type Block, plainTextOf } from './block.ts';
import { cleanText } from './clean-text.ts';
import { parseCode } from './code.ts';
import type { RawDocument, TextDocument } from './document.ts';
import { parseHtml } from './html.ts';
import { INGEST_LIMITS } from './limits.ts';
import { parseMarkdown } from './markdown.ts';
import { parsePdf } from './pdf.ts';
import { parsePlainText } from './plain-text.ts';
import { type Note, type Refusal, refused } from './skip.ts';
import { byteLength } from './tokens.ts';

export interface Parsed {
  readonly kind: 'parsed';
  readonly blocks: readonly Block[];
  /** The whole text, without front matter. */
  readonly body: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly notes: readonly Note[];
}

/** Nothing is thrown for what the document holds: what cannot be read is refused with its reason. */
export async function parseDocument(raw: RawDocument): Promise<Parsed | Refusal> {
  if (raw.format !== 'pdf') return readText(raw);
  const pdf = await parsePdf(raw.bytes);
  if (pdf.kind === 'refused') return pdf;
  const { blocks, title, cleaned } = pdf;
  return noteCleaned(parsedFrom({ blocks, body: plainTextOf(blocks), title }), cleaned);
}

function readText(raw: TextDocument): Parsed | Refusal {
  const { text, cleaned } = cleanText(raw.text);
  const parsed = parseText(raw, text);
  return parsed.kind === 'refused' ? parsed : noteCleaned(parsed, cleaned || raw.mended === true);
}

const noteCleaned = (parsed: Parsed, cleaned: boolean): Parsed =>
  cleaned ? { ...parsed, notes: ['cleaned', ...parsed.notes] } : parsed;

function parseText(raw: TextDocument, text: string): Parsed | Refusal {
  switch (raw.format) {
    case 'text':
      return parsedFrom({ blocks: parsePlainText(text), body: text });
    case 'code': {
      const parsed = parseCode(text, { path: raw.name, language: raw.language ?? '' });
      if (parsed.kind === 'refused') return parsed;
      return parsedFrom({ ...parsed, body: text, title: basename(raw.name) });
    }
    case 'html':
      return readHtml(text);
    case 'markdown':
    case 'mdx': {
      if (byteLength(text) > INGEST_LIMITS.markdownBytes) return readAsText(text);
      return (
        parseAs(text, raw.format) ??
        (raw.format === 'mdx' ? withNote(parseAs(text, 'markdown'), 'mdx-as-markdown') : undefined) ??
        readAsText(text)
      );
    }
  }
}

function parsedFrom(parts: Pick<Parsed, 'blocks' | 'body'> & Partial<Parsed>): Parsed {
  return { kind: 'parsed', title: undefined, description: undefined, notes: [], ...parts };
}

function readHtml(text: string): Parsed | Refusal {
  try {
    const { blocks, title } = parseHtml(text);
    return parsedFrom({ blocks, body: plainTextOf(blocks), title });
  } catch (error) {
    if (error instanceof RangeError) return refused('unparseable', 'its elements are nested too deeply: simplify it');
    throw error;
  }
}

const readAsText = (text: string): Parsed =>
  parsedFrom({ blocks: parsePlainText(text), body: text, notes: ['markdown-as-text'] });

const withNote = (parsed: Parsed | undefined, note: Note) => parsed && { ...parsed, notes: [...parsed.notes, note] };

/** Undefined where the parser refuses the text: MDX has syntax errors, and any parser has a depth it cannot follow. */
function parseAs(text: string, syntax: 'markdown' | 'mdx'): Parsed | undefined {
  try {
    const { blocks, fields, frontMatterBroken } = parseMarkdown(text, syntax);
    return parsedFrom({
      blocks,
      body: text.replace(/^---\n[\s\S]*?\n---(?:\n|$)/, ''),
      title: stringOf(fields.title),
      description: stringOf(fields.description),
      notes: frontMatterBroken ? ['front-matter-ignored'] : [],
    });
  } catch {
    return undefined;
  }
}

const stringOf = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value : undefined);
