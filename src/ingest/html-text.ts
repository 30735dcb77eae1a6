/** The text of an HTML page's nodes: plain words, with marks only where they carry meaning (code, links elsewhere). */
import type { Element, Nodes as HtmlNodes } from 'hast';
import type { Nodes } from 'mdast';

/** The text of an inline node of the tree that a page was made into. */
export function htmlText(node: Nodes): string {
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

const textOfChildren = ({ children }: { readonly children: readonly Nodes[] }) => children.map(htmlText).join('');

/** Code in ticks; in two where it has one itself. */
const fenced = (value: string) => (value.includes('`') ? `\`\` ${value} \`\`` : `\`${value}\``);

/** All the text in an element, its space collapsed. */
export function textIn(element: Element): string {
  let text = '';
  const open: HtmlNodes[] = [element];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'text') text += node.value;
    if ('children' in node) open.push(...node.children.toReversed());
  }
  return text.replace(/\s+/g, ' ').trim();
}
