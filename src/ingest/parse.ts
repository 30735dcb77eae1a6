/** A document to blocks, by its format; where its own parser refuses it, in the simplest way that loses nothing. */
import { basename } from 'node:path';
import type { Element, ElementContent, Nodes, Root, RootContent } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { toMdast } from 'hast-util-to-mdast';
import type { Nodes as MarkdownNodes } from 'mdast';
import type { PDFDocumentProxy } from 'unpdf/pdfjs';
import { type Block, byteLength, plainTextOf, prose } from './block.ts';
import { cleanText } from './clean-text.ts';
import { parseCode } from './code.ts';
import type { RawDocument, TextDocument } from './document.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { parseMarkdown } from './markdown.ts';
import { type Note, type Refusal, refused } from './skip.ts';
import { blocksOf } from './tree.ts';

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

function parsePlainText(source: string): readonly Block[] {
  return source
    .split(/\n[ \t]*(?:\n[ \t]*)+/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
    .map(prose);
}

// A PDF to blocks: its text page by page, each page a section of its own. A PDF has no paragraphs, only lines placed on
// a page, so that where a line ends well before the others a paragraph is taken to end.

export interface ParsedPdf {
  readonly kind: 'parsed';
  readonly blocks: readonly Block[];
  readonly title: string | undefined;
  /** Whether characters were removed or replaced. */
  readonly cleaned: boolean;
}

/** A line below this part of the page's longest ends a paragraph. */
const SHORT_LINE = 0.7;
/** Producers write the name of the file they printed: `Microsoft Word - report.docx`. */
const NO_TITLE = /\.(docx?|pptx?|xlsx?|odt|indd|tex|dvi|pdf|md|html?)$|^(microsoft|untitled)\b/i;

/** Reads a whole PDF. What cannot be read is refused with its reason; nothing is thrown for what the file holds. */
async function parsePdf(bytes: Uint8Array): Promise<ParsedPdf | Refusal> {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1_024)).toString('latin1');
  // Readers allow for some bytes before the signature.
  if (!start.includes('%PDF-'))
    return refused('unparseable', `it is no PDF${start.startsWith('PK') ? ', but a ZIP archive' : ''}`);
  // Here and not above: it takes megabytes, and most sources hold no PDF.
  const { getDocumentProxy } = await import('unpdf');
  let pdf: PDFDocumentProxy;
  try {
    pdf = await getDocumentProxy(bytes, { verbosity: 0, stopAtErrors: false, maxImageSize: 0 });
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'PasswordException') return refused('encrypted', 'it is encrypted: save it without a password');
    return refused('unparseable', `it is no readable PDF (${message})`);
  }
  try {
    return await readPages(pdf);
  } catch (error) {
    return refused('unparseable', `its pages cannot be read (${(error as Error).message})`);
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function readPages(pdf: PDFDocumentProxy): Promise<ParsedPdf | Refusal> {
  if (pdf.numPages > INGEST_LIMITS.pdfPages)
    return refused('too-large', `it has ${pdf.numPages} pages, ${INGEST_LIMITS.pdfPages} are allowed: split it`);
  const blocks: Block[] = [];
  let characters = 0;
  let cleaned = false;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = cleanText(await textOfPage(pdf, number));
    cleaned ||= page.cleaned;
    characters += page.text.length;
    if (characters > INGEST_LIMITS.documentBytes)
      return refused('too-large', `it holds more than ${INGEST_LIMITS.documentBytes} characters: split it`);
    const paragraphs = paragraphsOf(page.text);
    // Below the first level, which would be the document's title.
    if (paragraphs.length > 0)
      blocks.push({ kind: 'heading', depth: 2, text: `page ${number}` }, ...paragraphs.map(prose));
  }
  if (blocks.length === 0)
    return refused(
      'empty',
      `its pages (${pdf.numPages}) hold no text: scanned pages need text recognition (OCR) first`,
    );
  return { kind: 'parsed', blocks, title: await pdfTitleOf(pdf), cleaned };
}

async function textOfPage(pdf: PDFDocumentProxy, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
}

async function pdfTitleOf(pdf: PDFDocumentProxy): Promise<string | undefined> {
  const { info } = await pdf.getMetadata();
  const title = 'Title' in info && typeof info.Title === 'string' ? cleanText(info.Title).text.trim() : '';
  return title === '' || NO_TITLE.test(title) ? undefined : title;
}

/** Lines of a page to paragraphs; a word that a line's end parts is one again. */
function paragraphsOf(page: string): readonly string[] {
  const lines = page.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  const longest = lines.reduce((most, { length }) => Math.max(most, length), 0);
  const paragraphs = [''];
  for (const line of lines) {
    const before = paragraphs.at(-1)!;
    const isParted = /\p{Ll}-$/u.test(before) && /^\p{Ll}/u.test(line);
    if (isParted) paragraphs[paragraphs.length - 1] = before.slice(0, -1) + line;
    else paragraphs[paragraphs.length - 1] = before === '' ? line : `${before} ${line}`;
    if (line.length < longest * SHORT_LINE && !line.endsWith('-')) paragraphs.push('');
  }
  return paragraphs.map((paragraph) => paragraph.trim()).filter((paragraph) => paragraph !== '');
}

// Parses HTML into blocks, by the parsers of the unified project: what a browser makes of the page, as a Markdown tree.
// Only the page's own content stays; navigation, controls and hidden parts are left out.

export interface ParsedHtml {
  readonly blocks: readonly Block[];
  readonly title: string | undefined;
}

/** Of the site and not of the page, or of use in a browser only. Headers stay: a page's own has its heading. */
const NO_CONTENT = new Set([
  ...['nav', 'footer', 'script', 'style', 'noscript', 'template', 'iframe', 'object', 'svg', 'canvas'],
  ...['button', 'input', 'select', 'textarea', 'dialog', 'audio', 'video', 'datalist', 'menu'],
  // Where a long name may be broken: not where it ends.
  'wbr',
]);

/**
 * Parses a whole page. Broken HTML is read as browsers read it.
 *
 * @throws RangeError where elements are nested more deeply than the stack reaches
 */
export function parseHtml(source: string): ParsedHtml {
  const tree = fromHtml(source);
  // Pictures have titles, too.
  const head = elementsOf(tree).find(({ tagName }) => tagName === 'head');
  const title = head && elementsOf(head).find(({ tagName }) => tagName === 'title');
  prune(tree);
  const content = contentOf(tree);
  const heading = elementsOf(content).find(({ tagName }) => tagName === 'h1');
  const mdast = toMdast(content);
  return {
    blocks: mdast.type === 'root' ? mdast.children.flatMap((node) => blocksOf(node, htmlText)) : [],
    title: pageTitleOf(title ? textIn(title) : '', heading ? textIn(heading) : ''),
  };
}

/** The part that the page itself marks as its content, else all of it. */
function contentOf(tree: Root): Root {
  const elements = elementsOf(tree);
  const marked = elements.filter(({ tagName, properties }) => tagName === 'main' || properties.role === 'main');
  const articles = elements.filter(({ tagName }) => tagName === 'article');
  const [only] = marked.length > 0 ? marked : articles;
  const isOne = only !== undefined && (marked.length === 1 || articles.length === 1) && textIn(only).trim() !== '';
  return isOne ? { type: 'root', children: [only] } : tree;
}

/**
 * `Streaming – Acme Docs` over the heading `Streaming` becomes `Streaming`: the site's name does not distinguish pages.
 */
function pageTitleOf(title: string, heading: string): string | undefined {
  const [full, short] = [title, heading].map((text) => text.replace(/[#¶]\s*$/, '').trim()) as [string, string];
  const named = short !== '' && full.toLowerCase().startsWith(short.toLowerCase()) ? short : full;
  return named || short || undefined;
}

/** All elements, in document order; without recursion, since a page may be nested as deeply as its author likes. */
function elementsOf(tree: Root | Element): readonly Element[] {
  const found: Element[] = [];
  const open: Nodes[] = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'element') found.push(node);
    if ('children' in node) open.push(...node.children.toReversed());
  }
  return found;
}

/** Takes out of the tree what is no content. */
function prune(tree: Root): void {
  tree.children = tree.children.filter(isContent);
  for (const element of elementsOf(tree)) {
    element.children = element.children.filter(isContent);
    // A cell becomes one line: its paragraphs must not run together.
    if (CELLS.has(element.tagName))
      element.children = element.children.flatMap((child) => [child, ...breakAfter(child)]);
  }
}

const CELLS = new Set(['td', 'th']);
const BLOCKS = new Set(['p', 'div', 'ul', 'ol', 'dl', 'pre', 'table']);

const breakAfter = (node: ElementContent): readonly Element[] =>
  node.type === 'element' && BLOCKS.has(node.tagName)
    ? [{ type: 'element', tagName: 'br', properties: {}, children: [] }]
    : [];

function isContent(node: RootContent | ElementContent): boolean {
  if (node.type !== 'element') return node.type !== 'comment';
  const { hidden, ariaHidden } = node.properties;
  const isHidden = (hidden !== undefined && hidden !== null && hidden !== false) || ariaHidden === 'true';
  return !NO_CONTENT.has(node.tagName) && !isHidden;
}

/** The text of an inline node of the tree that a page was made into. */
function htmlText(node: MarkdownNodes): string {
  switch (node.type) {
    case 'text':
      return node.value;
    case 'inlineCode':
      return node.value === '' ? '' : fenced(node.value);
    case 'break':
      return '\n';
    case 'image':
      return node.alt ?? '';
    case 'link': {
      const text = textOfChildren(node);
      // The anchor sign of a heading that links to itself.
      if (node.url.startsWith('#') && !/[\p{L}\p{N}]/u.test(text)) return '';
      return /^https?:/i.test(node.url) && text !== '' && text !== node.url ? `[${text}](${node.url})` : text;
    }
    case 'tableCell':
      return textOfChildren(node).replaceAll('|', '\\|');
    default:
      return 'children' in node ? textOfChildren(node) : '';
  }
}

const textOfChildren = ({ children }: { readonly children: readonly MarkdownNodes[] }) =>
  children.map(htmlText).join('');

/** Code in ticks; in two where it has one itself. */
const fenced = (value: string) => (value.includes('`') ? `\`\` ${value} \`\`` : `\`${value}\``);

/** All the text in an element, its space collapsed. */
function textIn(element: Element): string {
  let text = '';
  const open: Nodes[] = [element];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'text') text += node.value;
    if ('children' in node) open.push(...node.children.toReversed());
  }
  return text.replace(/\s+/g, ' ').trim();
}
