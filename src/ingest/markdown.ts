/**
 * Markdown and MDX to blocks, by the parsers of the unified project (CommonMark, GFM, YAML front matter, MDX). Text is
 * taken from the source as written, so what a reader quotes is what the author wrote; only what a reader elsewhere
 * cannot use is left out: component tags, imports, comments, relative links' targets.
 */
import type { Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { mdxFromMarkdown } from 'mdast-util-mdx';
import { frontmatter } from 'micromark-extension-frontmatter';
import { gfm } from 'micromark-extension-gfm';
import { mdxjs } from 'micromark-extension-mdxjs';
import { parse as parseYaml } from 'yaml';
import type { Block } from './block.ts';
import { blocksOf, inlineAttributeText } from './tree.ts';

export interface ParsedMarkdown {
  readonly blocks: readonly Block[];
  /** The front matter's fields; undefined where there is none or it is no YAML map. */
  readonly fields: { readonly [key: string]: unknown };
  readonly frontMatterBroken: boolean;
}

const markdown = {
  extensions: [frontmatter(['yaml']), gfm()],
  mdastExtensions: [frontmatterFromMarkdown(['yaml']), gfmFromMarkdown()],
};
const mdx = {
  extensions: [...markdown.extensions, mdxjs()],
  mdastExtensions: [...markdown.mdastExtensions, mdxFromMarkdown()],
};

/**
 * Parses a whole document.
 *
 * @throws the parser's own error where `syntax` is 'mdx' and the text is not MDX
 */
export function parseMarkdown(source: string, syntax: 'markdown' | 'mdx'): ParsedMarkdown {
  const tree: Root = fromMarkdown(source, syntax === 'mdx' ? mdx : markdown);
  const first = tree.children[0];
  const front = first?.type === 'yaml' ? readFrontMatter(first.value) : {};
  return {
    blocks: tree.children.flatMap((node) => blocksOf(node, (part) => inlineText(part, source))),
    fields: front ?? {},
    frontMatterBroken: front === undefined,
  };
}

function readFrontMatter(yaml: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = parseYaml(yaml, { maxAliasCount: 100 });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Icons that say yes or no in the tables of component-based documentation. */
const ICONS: { readonly [component: string]: string } = {
  Check: '✓',
  CheckIcon: '✓',
  Cross: '✗',
  CrossIcon: '✗',
  X: '✗',
};

/** The source of a node with its components, comments and relative links reduced to their text. */
function inlineText(node: Nodes, source: string): string {
  switch (node.type) {
    case 'mdxJsxTextElement':
    case 'mdxJsxFlowElement': {
      const icon = node.name === null ? undefined : ICONS[node.name];
      return icon ?? (innerText(node, source) || inlineAttributeText(node));
    }
    case 'mdxTextExpression':
    case 'mdxFlowExpression':
      // `{' '}` and other plain strings are text; anything else is code of the page.
      return /^\s*(['"`])(.*)\1\s*$/s.exec(node.value)?.[2] ?? '';
    case 'html':
      return stripTags(node.value);
    case 'image':
      return node.alt ?? '';
    case 'imageReference':
      return node.alt ?? '';
    case 'footnoteReference':
      return '';
    case 'link':
      return isAbsolute(node.url) ? written(node, source) : innerText(node, source);
    case 'linkReference':
      return innerText(node, source);
    case 'heading':
      // A closing sequence is parted by a space: the sign of `C#` is the author's.
      return written(node, source).replace(/^#+\s*|\s+#+\s*$/g, '');
    case 'tableCell':
      return written(node, source).replace(/^\||\|$/g, '');
    default:
      return 'children' in node ? written(node, source) : sliceOf(node, source);
  }
}

function innerText(node: Extract<Nodes, { children: unknown[] }>, source: string): string {
  return written(node, source, true);
}

/** The node's own marks around its children's text, or with `inner` the children's text alone. */
function written(node: Extract<Nodes, { children: unknown[] }>, source: string, inner = false): string {
  const { children } = node;
  const [start, end] = span(node);
  if (children.length === 0) return inner ? '' : source.slice(start, end);
  let text = '';
  let at = inner ? span(children[0]!)[0] : start;
  for (const child of children) {
    const [from, to] = span(child);
    text += source.slice(at, from) + inlineText(child, source);
    at = to;
  }
  return inner ? text : text + source.slice(at, end);
}

const sliceOf = (node: Nodes, source: string) => source.slice(...span(node));

/** Parsers give every node they read from a source its offsets. */
function span(node: Nodes): readonly [number, number] {
  return [node.position?.start.offset ?? 0, node.position?.end.offset ?? 0];
}

const isAbsolute = (url: string) => /^[a-z][a-z0-9+.-]*:/i.test(url);

/** HTML inside Markdown: comments go, tags go, their text stays. */
function stripTags(html: string): string {
  return html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/<\/?[a-z][^>]*>/gi, ' ')
    .trim();
}
