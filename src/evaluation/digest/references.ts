/**
 * Where code names another file or a package, by a literal: only then can it be followed. A name that is made when the code
 * runs, and a file that is found in another way, are not seen.
 */
import type { SyntaxNode } from './code.ts';

export interface Reference {
  /** As it is written: `./words.ts`, `zod`. */
  readonly specifier: string;
  /**
   * `import`: the code cannot be loaded without; `later`: `import()`, or an address asked of the module system; `require`;
   * `file`: `new URL('./prompt.txt', import.meta.url)` or `join(import.meta.dirname, 'prompt.txt')`, which is read or
   * started in some way.
   */
  readonly kind: 'import' | 'later' | 'require' | 'file';
}

/** Of `node:path`, by themselves or as `path.join`. */
const PATH_FUNCTIONS: ReadonlySet<unknown> = new Set(['join', 'resolve']);

export function referenceIn(node: SyntaxNode): Reference | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return referenceTo(node.source, 'import');
    case 'ImportExpression':
      return referenceTo(node.source, 'later');
    case 'CallExpression':
      return referenceOfCall(node.callee as SyntaxNode, node.arguments as readonly SyntaxNode[]);
    case 'NewExpression':
      return referenceOfNew(node.callee as SyntaxNode, node.arguments as readonly SyntaxNode[]);
  }
  return undefined;
}

function referenceOfCall(callee: SyntaxNode, given: readonly SyntaxNode[]): Reference | undefined {
  if (isNamed(callee, 'require')) return referenceTo(given[0], 'require');
  if (isOfImportMeta(callee, 'resolve')) return referenceTo(given[0], 'later');
  if (!isOfImportMeta(given[0], 'dirname') || !PATH_FUNCTIONS.has(lastNameOf(callee))) return undefined;
  const parts = given.slice(1).map(textOf);
  return parts.every((part) => part !== undefined)
    ? { specifier: encodeURI(['.', ...parts].join('/')), kind: 'file' }
    : undefined;
}

function referenceOfNew(callee: SyntaxNode, given: readonly SyntaxNode[]): Reference | undefined {
  return isNamed(callee, 'URL') && isOfImportMeta(given[1], 'url') ? referenceTo(given[0], 'file') : undefined;
}

function referenceTo(node: unknown, kind: Reference['kind']): Reference | undefined {
  const specifier = textOf(node as SyntaxNode | null | undefined);
  return specifier === undefined ? undefined : { specifier, kind };
}

function textOf(node: SyntaxNode | null | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral') return undefined;
  const quasis = node.quasis as readonly { readonly value: { readonly cooked: string | null } }[];
  return quasis.length === 1 ? (quasis[0]!.value.cooked ?? undefined) : undefined;
}

const isNamed = ({ type, name: found }: SyntaxNode, name: string): boolean => type === 'Identifier' && found === name;

/** `join` of `join` and of `path.join`. */
function lastNameOf(callee: SyntaxNode): unknown {
  return callee.type === 'MemberExpression' ? (callee.property as SyntaxNode).name : callee.name;
}

function isOfImportMeta(node: SyntaxNode | undefined, name: string): boolean {
  if (node?.type !== 'MemberExpression') return false;
  const { object, property } = node as unknown as { readonly object: SyntaxNode; readonly property: SyntaxNode };
  return object.type === 'MetaProperty' && isNamed(property, name);
}
