/**
 * Markdown and MDX to blocks, by the parsers of the unified project (CommonMark, GFM, YAML front matter, MDX). Text is
 * taken from the source as written, so what a reader quotes is what the author wrote; only what a reader elsewhere
 * cannot use is left out: component tags, imports, comments, relative links' targets.
 */
import type { BlockContent, DefinitionContent, List, ListItem, Root, RootContent, Table as TableNode } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { mdxFromMarkdown } from 'mdast-util-mdx';
import { frontmatter } from 'micromark-extension-frontmatter';
import { gfm } from 'micromark-extension-gfm';
import { mdxjs } from 'micromark-extension-mdxjs';
import { parse as parseYaml } from 'yaml';
import { type Block, type Content, code, item, list, prose, table } from './block.ts';
import { inlineText } from './inline.ts';
import { attributeContents } from './jsx.ts';

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
    blocks: tree.children.flatMap((node) => blocksOf(node, source)),
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

function blocksOf(node: RootContent, source: string): readonly Block[] {
  switch (node.type) {
    case 'heading':
      return [{ kind: 'heading', depth: node.depth, text: inlineText(node, source).replace(/^#+\s*|\s*#*$/g, '') }];
    case 'mdxJsxFlowElement': {
      const inside = node.children.flatMap((child) => blocksOf(child, source));
      return [...attributeContents(node), ...inside];
    }
    default:
      return contentsOf(node, source);
  }
}

function contentsOf(node: RootContent, source: string): readonly Content[] {
  switch (node.type) {
    case 'code':
      return node.value.trim() === '' ? [] : [code(node.value, [node.lang, node.meta].filter(Boolean).join(' '))];
    case 'table':
      return [tableOf(node, source)];
    case 'list':
      return node.children.length === 0 ? [] : [listOf(node, source)];
    case 'blockquote':
    case 'footnoteDefinition':
      return childContents(node.children, source);
    case 'mdxJsxFlowElement':
      return [...attributeContents(node), ...childContents(node.children, source)];
    case 'yaml':
    case 'definition':
    case 'thematicBreak':
    case 'mdxjsEsm':
    case 'mdxFlowExpression':
      return [];
    default:
      return proseOf(inlineText(node, source));
  }
}

function childContents(children: readonly (BlockContent | DefinitionContent)[], source: string): readonly Content[] {
  return children.flatMap((child) => contentsOf(child, source));
}

/** Soft line ends are spaces (inside a quote they carry its mark); a paragraph of components only is nothing. */
function proseOf(text: string): readonly Content[] {
  const line = text.replace(/[ \t]*\n[ \t]*(?:>[ \t]*)*/g, ' ').trim();
  return line === '' ? [] : [prose(line)];
}

function listOf(node: List, source: string): Content {
  const start = node.start ?? 1;
  return list(node.children.map((child, index) => itemOf(child, node.ordered ? `${start + index}. ` : '- ', source)));
}

function itemOf(node: ListItem, marker: string, source: string): Content {
  const box = node.checked === null || node.checked === undefined ? '' : node.checked ? '[x] ' : '[ ] ';
  const [first, ...rest] = childContents(node.children, source);
  if (first === undefined) return prose(marker.trimEnd());
  const lead = first.kind === 'prose' ? first.text : '';
  return item(`${marker}${box}${lead}`.trimEnd(), lead === '' ? [first, ...rest] : rest, ' '.repeat(marker.length));
}

function tableOf(node: TableNode, source: string): Content {
  const rows = node.children.map((row) => {
    const cells = row.children.map((cell) =>
      inlineText(cell, source)
        .replace(/^\||\|$/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    );
    return `| ${cells.join(' | ')} |`;
  });
  const width = node.children[0]?.children.length ?? 1;
  return table(`${rows[0]}\n|${' --- |'.repeat(width)}`, rows.slice(1));
}
