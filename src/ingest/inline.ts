/** The text of a node as its author wrote it, less what only a browser can use. */
import type { Nodes } from 'mdast';
import { inlineAttributeText } from './jsx.ts';

/** Icons that say yes or no in the tables of component-based documentation. */
const ICONS: { readonly [component: string]: string } = {
  Check: '✓',
  CheckIcon: '✓',
  Cross: '✗',
  CrossIcon: '✗',
  X: '✗',
};

/** The source of a node with its components, comments and relative links reduced to their text. */
export function inlineText(node: Nodes, source: string): string {
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
