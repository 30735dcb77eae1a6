/**
 * HTML to blocks, by the parsers of the unified project: what a browser makes of the page, as a Markdown tree. Only what
 * the page says is kept; what leads elsewhere in the site, reacts to clicks or is hidden is left out.
 */
import type { Element, ElementContent, Nodes, Root, RootContent } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { toMdast } from 'hast-util-to-mdast';
import type { Nodes as MarkdownNodes } from 'mdast';
import type { Block } from './block.ts';
import { blocksOf } from './tree.ts';

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
    title: titleOf(title ? textIn(title) : '', heading ? textIn(heading) : ''),
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

/** `Streaming – Acme Docs` over the heading `Streaming` is `Streaming`: the site's name tells no page from another. */
function titleOf(title: string, heading: string): string | undefined {
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
      // The sign beside a heading that links to itself.
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
