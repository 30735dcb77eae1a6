/**
 * What of a file of code decides what it does: its syntax tree without comments, layout and types. So a digest stays when a
 * file is formatted or explained better, and changes with everything else. What is not known to be without effect counts.
 */
import { parseSync } from 'oxc-parser';

export interface Code {
  /** The same text for the same code; not a program. */
  readonly text: string;
  /** The files and packages it names, in their order. */
  readonly references: readonly Reference[];
}

/** A node of the syntax tree (ESTree with TypeScript's additions). */
export interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Where things stand and how they were typed: nothing of it is there when the code runs. */
const ERASED_KEYS: ReadonlySet<string> = new Set([
  ...['type', 'start', 'end', 'parent', 'importKind', 'exportKind'],
  ...['typeAnnotation', 'returnType', 'typeParameters', 'typeArguments', 'superTypeArguments', 'implements'],
  ...['accessibility', 'override', 'definite', 'readonly', 'abstract', 'declare'],
]);
/** Types by name, and signatures without a body. */
const ERASED_NODES: ReadonlySet<string> = new Set([
  ...['TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'TSDeclareFunction', 'TSGlobalDeclaration'],
]);
/** Around an expression that is the same without. */
const TYPE_WRAPPERS: ReadonlySet<string> = new Set([
  ...['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'TSTypeAssertion', 'TSInstantiationExpression'],
]);

/**
 * Reads code.
 *
 * @param name decides the language by its extension
 * @returns what is wrong with it, where it cannot be parsed
 */
export function readCode(name: string, source: string): Code | { readonly problem: string } {
  const parsed = parse(name, source);
  if ('problem' in parsed) return parsed;
  const references: Reference[] = [];
  const pieces: string[] = [];
  try {
    write(parsed.body, pieces, references);
  } catch (error) {
    // Nested thousands of levels deep.
    if (error instanceof RangeError) return { problem: 'it is nested too deeply' };
    throw error;
  }
  return { text: pieces.join(''), references };
}

/** The code of a function, as far as it can be seen: one of the engine's own, or a bound one, is its name for it. */
export function functionText(run: (...given: never[]) => unknown): string {
  const text = run.toString();
  // A method is no expression by itself.
  for (const source of [`(${text})`, `({${text}})`]) {
    const code = readCode('run.js', source);
    if ('text' in code) return code.text;
  }
  return text;
}

function parse(name: string, source: string): { readonly body: readonly unknown[] } | { readonly problem: string } {
  let problem: string | undefined;
  // A file of CommonJS may have the same extension; what only one of the two allows is refused by the other.
  for (const sourceType of ['module', 'commonjs'] as const) {
    const { program, errors } = parseSync(name, source, { astType: 'ts', preserveParens: false, sourceType });
    if (errors.length === 0) return { body: program.body };
    problem ??= errors[0]!.message;
  }
  return { problem: problem! };
}

/** Each value has a distinct prefix and terminator, so that two different trees never have the same text. */
function write(value: unknown, pieces: string[], references: Reference[]): void {
  if (Array.isArray(value)) {
    pieces.push('[');
    for (const each of value) if (!isErased(each)) write(each, pieces, references);
    pieces.push(']');
  } else if (isNode(value) && TYPE_WRAPPERS.has(value.type)) write(value.expression, pieces, references);
  else if (value !== null && typeof value === 'object') {
    if (isNode(value)) {
      const reference = referenceIn(value);
      if (reference) references.push(reference);
    }
    writeObject(value as SyntaxNode, pieces, references);
  } else pieces.push(JSON.stringify(value) ?? 'null', ',');
}

function writeObject(node: SyntaxNode, pieces: string[], references: Reference[]): void {
  pieces.push(node.type ?? '', '{');
  for (const key in node) {
    const value = node[key];
    if (ERASED_KEYS.has(key) || isNothing(value) || isOtherSpelling(node, key)) continue;
    pieces.push(key, ':');
    write(isErased(value) ? null : value, pieces, references);
  }
  pieces.push('}');
}

/** What a node lacks, which is most of a tree: under one key of one type of node there is only one way to say so. */
function isNothing(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}

/** A literal has its value and how it is written. Of text the value counts; of others (a bigint, an expression) the writing. */
function isOtherSpelling(node: SyntaxNode, key: string): boolean {
  if (typeof node.value === 'string') return key === 'raw';
  return key === 'value' && node.type === 'Literal';
}

function isErased(value: unknown): boolean {
  if (!isNode(value)) return false;
  // `import { type A } from` is not: what is left of it, `import {} from`, runs the file.
  const isType = value.importKind === 'type' || value.exportKind === 'type';
  return isType || value.declare === true || ERASED_NODES.has(value.type);
}

const isNode = (value: unknown): value is SyntaxNode =>
  value !== null && typeof value === 'object' && 'type' in value && typeof value.type === 'string';

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

/**
 * Where code names another file or a package, by a literal: only then can it be followed. A name that is made when the code
 * runs, and a file that is found in another way, are not seen.
 */
function referenceIn(node: SyntaxNode): Reference | undefined {
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
