/**
 * A Markdown tree (mdast) to blocks, wherever the tree comes from: Markdown, MDX, HTML. `say` writes a node's text, since
 * only the parser knows whether the source has a form of its own worth keeping.
 */
import type { BlockContent, DefinitionContent, List, ListItem, Nodes, RootContent, Table as TableNode } from 'mdast';
import { type Block, type Content, code, item, list, prose, table } from './block.ts';
import { attributeContents } from './jsx.ts';

/** The text of a node: of a heading without its marks, of a cell without its bars. */
export type Say = (node: Nodes) => string;

/** The blocks of a top-level node, in order; nothing for what is no text, such as an import. */
export function blocksOf(node: RootContent, say: Say): readonly Block[] {
  switch (node.type) {
    case 'heading':
      return [{ kind: 'heading', depth: node.depth, text: say(node) }];
    case 'mdxJsxFlowElement': {
      const inside = node.children.flatMap((child) => blocksOf(child, say));
      return [...attributeContents(node), ...inside];
    }
    default:
      return contentsOf(node, say);
  }
}

function contentsOf(node: RootContent, say: Say): readonly Content[] {
  switch (node.type) {
    case 'code':
      return node.value.trim() === '' ? [] : [code(node.value, [node.lang, node.meta].filter(Boolean).join(' '))];
    case 'table':
      return [tableOf(node, say)];
    case 'list':
      return node.children.length === 0 ? [] : [listOf(node, say)];
    case 'blockquote':
    case 'footnoteDefinition':
      return childContents(node.children, say);
    case 'mdxJsxFlowElement':
      return [...attributeContents(node), ...childContents(node.children, say)];
    case 'yaml':
    case 'definition':
    case 'thematicBreak':
    case 'mdxjsEsm':
    case 'mdxFlowExpression':
      return [];
    default:
      return proseOf(say(node));
  }
}

function childContents(children: readonly (BlockContent | DefinitionContent)[], say: Say): readonly Content[] {
  return children.flatMap((child) => contentsOf(child, say));
}

/** Soft line ends are spaces (inside a quote they carry its mark); a paragraph of components only is nothing. */
function proseOf(text: string): readonly Content[] {
  const line = text.replace(/[ \t]*\n[ \t]*(?:>[ \t]*)*/g, ' ').trim();
  return line === '' ? [] : [prose(line)];
}

function listOf(node: List, say: Say): Content {
  const start = node.start ?? 1;
  return list(node.children.map((child, index) => itemOf(child, node.ordered ? `${start + index}. ` : '- ', say)));
}

function itemOf(node: ListItem, marker: string, say: Say): Content {
  const box = node.checked === null || node.checked === undefined ? '' : node.checked ? '[x] ' : '[ ] ';
  const [first, ...rest] = childContents(node.children, say);
  if (first === undefined) return prose(marker.trimEnd());
  const lead = first.kind === 'prose' ? first.text : '';
  return item(`${marker}${box}${lead}`.trimEnd(), lead === '' ? [first, ...rest] : rest, ' '.repeat(marker.length));
}

function tableOf(node: TableNode, say: Say): Content {
  const rows = node.children.map((row) => {
    const cells = row.children.map((cell) => say(cell).replace(/\s+/g, ' ').trim());
    return `| ${cells.join(' | ')} |`;
  });
  const width = node.children[0]?.children.length ?? 1;
  return table(`${rows[0]}\n|${' --- |'.repeat(width)}`, rows.slice(1));
}
