/**
 * A Markdown tree (mdast) to blocks, wherever the tree comes from: Markdown, MDX, HTML. `toText` writes a node's text, since
 * only the parser knows whether the source has a form of its own worth keeping.
 */
import type { Expression, Property, SpreadElement } from 'estree';
import type { BlockContent, DefinitionContent, List, ListItem, Nodes, RootContent, Table as TableNode } from 'mdast';
import type { MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx';
import { type Block, type Content, code, item, list, prose, table } from './block.ts';

/** The text of a node: of a heading without its marks, of a cell without its bars. */
export type ToText = (node: Nodes) => string;

/** The blocks of a top-level node, in order; nothing for what is no text, such as an import. */
export function blocksOf(node: RootContent, toText: ToText): readonly Block[] {
  switch (node.type) {
    case 'heading':
      return [{ kind: 'heading', depth: node.depth, text: toText(node) }];
    case 'mdxJsxFlowElement': {
      const inside = node.children.flatMap((child) => blocksOf(child, toText));
      return [...attributeContents(node), ...inside];
    }
    default:
      return contentsOf(node, toText);
  }
}

function contentsOf(node: RootContent, toText: ToText): readonly Content[] {
  switch (node.type) {
    case 'code':
      return node.value.trim() === '' ? [] : [code(node.value, [node.lang, node.meta].filter(Boolean).join(' '))];
    case 'table':
      return [tableOf(node, toText)];
    case 'list':
      return node.children.length === 0 ? [] : [listOf(node, toText)];
    case 'blockquote':
    case 'footnoteDefinition':
      return childContents(node.children, toText);
    case 'mdxJsxFlowElement':
      return [...attributeContents(node), ...childContents(node.children, toText)];
    case 'yaml':
    case 'definition':
    case 'thematicBreak':
    case 'mdxjsEsm':
    case 'mdxFlowExpression':
      return [];
    default:
      return proseOf(toText(node));
  }
}

function childContents(children: readonly (BlockContent | DefinitionContent)[], toText: ToText): readonly Content[] {
  return children.flatMap((child) => contentsOf(child, toText));
}

/** Soft line ends are spaces (inside a quote they carry its mark); a paragraph of components only is nothing. */
function proseOf(text: string): readonly Content[] {
  const line = text.replace(/[ \t]*\n[ \t]*(?:>[ \t]*)*/g, ' ').trim();
  return line === '' ? [] : [prose(line)];
}

function listOf(node: List, toText: ToText): Content {
  const start = node.start ?? 1;
  return list(node.children.map((child, index) => itemOf(child, node.ordered ? `${start + index}. ` : '- ', toText)));
}

function itemOf(node: ListItem, marker: string, toText: ToText): Content {
  const box = node.checked === null || node.checked === undefined ? '' : node.checked ? '[x] ' : '[ ] ';
  const [first, ...rest] = childContents(node.children, toText);
  if (first === undefined) return prose(marker.trimEnd());
  const lead = first.kind === 'prose' ? first.text : '';
  return item(`${marker}${box}${lead}`.trimEnd(), lead === '' ? [first, ...rest] : rest, ' '.repeat(marker.length));
}

function tableOf(node: TableNode, toText: ToText): Content {
  const rows = node.children.map((row) => {
    const cells = row.children.map((cell) => toText(cell).replace(/\s+/g, ' ').trim());
    return `| ${cells.join(' | ')} |`;
  });
  const width = node.children[0]?.children.length ?? 1;
  return table(`${rows[0]}\n|${' --- |'.repeat(width)}`, rows.slice(1));
}

// What a JSX component of MDX says in its attributes. Documentation puts whole tables into them
// (`<PropertiesTable content={[{ name, type, description, properties: [...] }]} />`), so literal data becomes a nested
// list; attributes meant for the eye become text; the rest is layout.

type Element = MdxJsxFlowElement | MdxJsxTextElement;
type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data };
type DataObject = { readonly [key: string]: Data };

const TEXT_ATTRIBUTES = ['title', 'label', 'alt', 'summary', 'caption', 'description'];
/** What readers copy: shown as code when the component has nothing inside. */
const CODE_ATTRIBUTES = ['text', 'code', 'command', 'packages'];
const NAME_KEYS = ['name', 'title', 'label', 'key'];
const PROSE_KEYS = ['description', 'text', 'content', 'summary'];
/** Nesting deeper than this is no documentation. */
const MAX_DEPTH = 12;

/** The contents that a block component's attributes hold, in order. */
function attributeContents(element: Element): readonly Content[] {
  return attributesOf(element).flatMap(([name, value]): readonly Content[] => {
    if (typeof value === 'string') return textContent(name, value, element.children.length === 0);
    const items = itemsOf(value, 0);
    return items.length === 0 ? [] : [list(items)];
  });
}

/** The same for a component inside a line. */
export function inlineAttributeText(element: Element): string {
  const texts = attributesOf(element).filter(
    ([name]) => TEXT_ATTRIBUTES.includes(name) || CODE_ATTRIBUTES.includes(name),
  );
  return texts
    .map(([, value]) => (typeof value === 'string' ? value.trim() : ''))
    .join(' ')
    .trim();
}

function textContent(name: string, value: string, childless: boolean): readonly Content[] {
  if (value.trim() === '') return [];
  if (TEXT_ATTRIBUTES.includes(name)) return [prose(value.replace(/\s+/g, ' ').trim())];
  return childless && CODE_ATTRIBUTES.includes(name) ? [code(value.trim())] : [];
}

function attributesOf(element: Element): readonly (readonly [name: string, value: Data])[] {
  return element.attributes.flatMap((attribute) => {
    if (attribute.type !== 'mdxJsxAttribute') return [];
    const { name, value } = attribute;
    if (typeof value === 'string') return [[name, value] as const];
    const statement = value?.data?.estree?.body[0];
    const data = statement?.type === 'ExpressionStatement' ? dataOf(statement.expression, 0) : undefined;
    return data === undefined ? [] : [[name, data] as const];
  });
}

/** The value of a literal expression; parts that only a running page knows are left out. */
function dataOf(node: Expression | SpreadElement, depth: number): Data | undefined {
  if (depth > MAX_DEPTH) return undefined;
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'object' || typeof node.value === 'bigint' ? undefined : node.value;
    case 'TemplateLiteral':
      return node.quasis.map(({ value }) => value.cooked ?? '').join('…');
    case 'BinaryExpression': {
      const sides =
        node.left.type === 'PrivateIdentifier' ? [] : [dataOf(node.left, depth + 1), dataOf(node.right, depth + 1)];
      return node.operator === '+' && sides.every((side) => typeof side === 'string') ? sides.join('') : undefined;
    }
    case 'ArrayExpression':
      return node.elements.flatMap((element) => (element === null ? [] : (dataOf(element, depth + 1) ?? [])));
    case 'ObjectExpression':
      return Object.fromEntries(node.properties.flatMap((property) => entryOf(property, depth)));
    default:
      return undefined;
  }
}

function entryOf(property: Property | SpreadElement, depth: number): readonly (readonly [string, Data])[] {
  if (property.type !== 'Property' || property.computed) return [];
  const { key, value } = property;
  const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
  const data = isExpression(value) ? dataOf(value, depth + 1) : undefined;
  return name === undefined || name === '__proto__' || data === undefined ? [] : [[name, data]];
}

const isExpression = (node: Property['value']): node is Expression =>
  !['AssignmentPattern', 'ArrayPattern', 'ObjectPattern', 'RestElement'].includes(node.type);

/** One item per object with text in the data, at any depth of its list. */
function itemsOf(data: Data, depth: number): readonly Content[] {
  if (depth > MAX_DEPTH) return [];
  if (isList(data)) return data.filter(isObject).flatMap((each) => objectItem(each, depth));
  return isObject(data) ? objectItem(data, depth) : [];
}

function objectItem(data: DataObject, depth: number): readonly Content[] {
  const name = firstString(data, NAME_KEYS);
  const type = typeof data.type === 'string' ? data.type : undefined;
  const optional = data.isOptional === true || data.optional === true ? ', optional' : '';
  const description = firstString(data, PROSE_KEYS);
  const title = typeof data.name === 'string' ? `\`${data.name}\`` : name;
  const head = [title, type && `(\`${type}\`${optional})`].filter(Boolean).join(' ');
  const lead = `- ${[head, description?.replace(/\s+/g, ' ').trim()].filter(Boolean).join(': ')}`;
  const nested = Object.values(data).flatMap((value) => (isList(value) ? itemsOf(value, depth + 1) : []));
  if (nested.length === 0) return lead === '- ' ? [] : [item(lead, [])];
  return lead === '- ' ? nested : [item(lead, [list(nested)])];
}

function firstString(data: DataObject, keys: readonly string[]): string | undefined {
  return keys.map((key) => data[key]).find((value) => typeof value === 'string' && value.trim() !== '') as
    | string
    | undefined;
}

const isList = (data: Data): data is readonly Data[] => Array.isArray(data);
const isObject = (data: Data): data is DataObject => typeof data === 'object' && data !== null && !isList(data);
