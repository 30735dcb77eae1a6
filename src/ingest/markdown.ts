/**
 * Markdown and MDX to blocks, by the parsers of the unified project (CommonMark, GFM, YAML front matter, MDX). Text is
 * taken from the source as written, so what a reader quotes is what the author wrote; only what a reader elsewhere
 * cannot use is left out: component tags, imports, comments, relative links' targets.
 */
import type { Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { mdxFromMarkdown } from 'mdast-util-mdx';
import { frontmatter } from 'micromark-extension-frontmatter';
import { gfm } from 'micromark-extension-gfm';
import { mdxjs } from 'micromark-extension-mdxjs';
import { parse as parseYaml } from 'yaml';
import type { Block } from './block.ts';
import { inlineText } from './inline.ts';
import { blocksOf } from './tree.ts';

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
