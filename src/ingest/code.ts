/**
 * Source code to blocks: fenced code under the file's path and what it declares. No language is parsed: people indent
 * what belongs together and leave a blank line between what does not, in every language alike, and that is read.
 */
import { type Block, byteLength, code, countTokens } from './block.ts';
import { PASSAGE_LIMITS } from './ingest-limits.ts';
import { type Note, type Refusal, refused } from './skip.ts';

/** A longer line leaves no room for its fence; only generated code has one. */
const LINE_BYTES = PASSAGE_LIMITS.bytes - 128;
/** Names of declarations in one heading. */
const HEADING_NAMES = 8;

/**
 * Code of which most is in lines that no passage can hold is refused: it was generated.
 *
 * @param file its path, for the heading, and its language, for the fences
 */
export function parseCode(
  source: string,
  file: { readonly path: string; readonly language: string },
): { readonly kind: 'parsed'; readonly blocks: readonly Block[]; readonly notes: readonly Note[] } | Refusal {
  let leftOutBytes = 0;
  const lines = source.split('\n').map((line) => {
    const bytes = byteLength(line);
    if (bytes <= LINE_BYTES) return line;
    leftOutBytes += bytes;
    return `… (a line of ${bytes} bytes)`;
  });
  if (leftOutBytes * 2 > byteLength(source))
    return refused('too-long', `most of it is in lines of more than ${LINE_BYTES} bytes, as in generated code`);
  const blocks = packParts(partsOf(lines)).flatMap(({ path, names, lines }): readonly Block[] => [
    ...[...path, ...headingOf(names)].map((text, index): Block => ({ kind: 'heading', depth: index + 2, text })),
    code(lines.join('\n').replace(/^(?:[ \t]*\n)+|\s+$/g, ''), file.language),
  ]);
  return {
    kind: 'parsed',
    blocks: blocks.length === 0 ? [] : [{ kind: 'heading', depth: 1, text: file.path }, ...blocks],
    notes: leftOutBytes > 0 ? ['long-lines-left-out'] : [],
  };
}

/** Neighbours under one declaration together, up to the token target; a part that is larger stays whole. */
function packParts(parts: readonly CodePart[]): readonly CodePart[] {
  const packed: { part: CodePart; tokens: number }[] = [];
  for (const next of parts) {
    const last = packed.at(-1);
    const tokens = countTokens(next.lines.join('\n'));
    if (last && last.tokens + tokens <= PASSAGE_LIMITS.tokens && isSame(last.part.path, next.path)) {
      const names = [...last.part.names, ...next.names];
      last.part = { path: next.path, names, lines: [...last.part.lines, ...next.lines] };
      last.tokens += tokens;
    } else packed.push({ part: next, tokens });
  }
  return packed.map(({ part }) => part).filter(({ lines }) => lines.some((line) => line.trim() !== ''));
}

const isSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((text, index) => text === other[index]);

function headingOf(names: readonly string[]): readonly string[] {
  const named = [...new Set(names)];
  if (named.length === 0) return [];
  return [named.slice(0, HEADING_NAMES).join(', ') + (named.length > HEADING_NAMES ? ', …' : '')];
}

// Lines of code to parts that stand by themselves: top-level declarations with the comments above them; of one that is
// too large its members, under its name. A line is never cut.

export interface CodePart {
  /** The declarations that this is inside, outermost first. */
  readonly path: readonly string[];
  /** What is declared in it. */
  readonly names: readonly string[];
  /** Those of all parts, in order, are the file. */
  readonly lines: readonly string[];
}

/** A part up to this is left whole: there is room for the fence around it. */
const PART_BYTES = PASSAGE_LIMITS.bytes - 64;
/** Declarations in declarations: further down, what is too large is cut between any two lines. */
const MAX_DEPTH = 4;

/** Goes on with what is above, though it is indented no more: closing brackets, an opening one, the words between. */
const CONTINUES =
  /^\s*(?:[)\]}>{;,]|(?:end|else|elif|elsif|elseif|except|rescue|ensure|catch|finally|then|do|begin)\b)/i;
/** Belongs to what is below: comments, decorators, attributes. */
const INTRODUCES = /^\s*(?:\/\/|\/\*|\*|#|--|@)/;

/** The parts of a file, in order. */
function partsOf(lines: readonly string[]): readonly CodePart[] {
  return partsBelow(lines, -1, []);
}

/** The parts of lines that are indented by more than `above`, but for those that end what they are in. */
function partsBelow(lines: readonly string[], above: number, path: readonly string[]): readonly CodePart[] {
  const level = lines.reduce((least, line) => {
    const indent = indentOf(line);
    return isText(line) && indent > above ? Math.min(least, indent) : least;
  }, Number.POSITIVE_INFINITY);
  const starts = (line: string) => isText(line) && indentOf(line) <= level && !CONTINUES.test(line);
  const part = (lines: readonly string[]): CodePart => ({ path, names: namesIn(lines, level, path.length > 0), lines });
  const groups = splitBefore(lines, (line, before) => starts(line) && !isText(before));
  return groups.flatMap((group) => {
    if (isSmall(group)) return [part(group)];
    // Statements that no blank line parts, or one that is large by itself.
    const statements = splitBefore(group, (line, before) => starts(line) && !INTRODUCES.test(before));
    return statements.flatMap((statement) =>
      isSmall(statement) ? [part(statement)] : membersOf(part(statement), level),
    );
  });
}

/** The parts inside a declaration, its first lines with the first of them. */
function membersOf(whole: CodePart, level: number): readonly CodePart[] {
  const { path, names, lines } = whole;
  const from = lines.findIndex((line) => isText(line) && indentOf(line) > level);
  if (from === -1 || names[0] === undefined || path.length >= MAX_DEPTH) return [whole];
  const inside = [...path, names[0]];
  const [first, ...rest] = partsBelow(lines.slice(from), level, inside);
  const head = lines.slice(0, from);
  const opened = { path: inside, names: first!.names, lines: [...head, ...first!.lines] };
  return isSmall(opened.lines) ? [opened, ...rest] : [{ path: inside, names: [], lines: head }, first!, ...rest];
}

/** The lines in groups, of which one begins before each line that `begins`. */
function splitBefore(
  lines: readonly string[],
  begins: (line: string, before: string) => boolean,
): readonly (readonly string[])[] {
  const groups: string[][] = [];
  lines.forEach((line, index) => {
    if (index === 0 || begins(line, lines[index - 1]!)) groups.push([line]);
    else groups.at(-1)!.push(line);
  });
  return groups;
}

const isText = (line: string) => line.trim() !== '';

function isSmall(lines: readonly string[]): boolean {
  let bytes = 0;
  for (const line of lines) {
    bytes += byteLength(line) + 1;
    if (bytes > PART_BYTES) return false;
  }
  return true;
}

// What lines of code declare, by the words that languages declare with and by the form of a method. A name too few or
// too many does no harm: names head passages, and the code is what it is.

const KEYWORDS = [
  ...['function', 'func', 'fun', 'fn', 'def', 'defp', 'defmodule', 'sub', 'proc', 'procedure', 'macro', 'macro_rules!'],
  ...['class', 'interface', 'type', 'enum', 'struct', 'union', 'record', 'trait', 'impl', 'protocol', 'extension'],
  ...['object', 'module', 'mod', 'namespace', 'package', 'contract', 'message', 'service', 'schema', 'resource'],
  ...['table', 'view', 'index', 'trigger'],
];
/** Worth a heading at the top of a file only: inside, they are what code is made of. */
const VARIABLES = ['const', 'let', 'var', 'val', 'static'];

/** What languages put before the keyword. Any word would make declarations of prose: "the class that". */
const MODIFIERS = [
  ...['export', 'default', 'declare', 'async', 'public', 'private', 'protected', 'internal', 'static', 'abstract'],
  ...['final', 'sealed', 'open', 'data', 'inner', 'override', 'virtual', 'inline', 'partial', 'readonly', 'suspend'],
  ...['pub', 'unsafe', 'extern', 'const', 'constexpr', 'template', 'local', 'create', 'or', 'replace', 'temporary'],
  ...['unique', 'materialized', 'typedef', 'implicit', 'case', 'rec'],
];
const PROSE =
  /^(?:a|an|and|are|as|be|by|can|contains|for|from|has|in|is|it|may|must|of|on|or|that|the|to|was|which|will|with)$/i;

/** A Go receiver, type parameters or SQL's `if not exists` may stand before the name. */
const declaration = (keywords: readonly string[]) =>
  new RegExp(
    `^\\s*(?:(?:@[\\w.]+|(?:${MODIFIERS.join('|')})(?:\\([^)]*\\))?)\\s+){0,6}?(?<keyword>${keywords.join('|')})\\*?` +
      '(?:<[^>]*>)?\\s+(?:\\([^)]*\\)\\s*|if\\s+not\\s+exists\\s+)?(?<name>[\\w$.:"`]+)',
    'i',
  );
const INSIDE = declaration(KEYWORDS);
const TOP = declaration([...KEYWORDS, ...VARIABLES]);
/** `async load(path) {`, `static int parse(`, as they stand in classes; not calls, which end in a semicolon. */
const METHOD = /^\s*(?:[\w<>[\],.?&*:]+\s+){0,6}?(?<name>[\w$#~]+)\s*(?:<[^>]*>)?\([^;]*(?:[{:(,]|=>)\s*$/;
const CONTROL =
  /^(?:if|for|foreach|while|switch|match|case|with|catch|return|throw|await|else|do|try|using|lock|assert|not)$/;
const COMMENT = /^\s*(?:\/\/|\/\*|\*|#(?!\[)|--|"""|''')/;

/** What the lines indented by up to `level` declare, in order: `class Parser`, `function read`, `read`. */
function namesIn(lines: readonly string[], level: number, isInside: boolean): readonly string[] {
  return lines.flatMap((line) => {
    if (line.trim() === '' || indentOf(line) > level || COMMENT.test(line)) return [];
    const start = line.slice(0, 300);
    const declared = (isInside ? INSIDE : TOP).exec(start)?.groups;
    if (declared && !PROSE.test(declared.name!)) return [`${declared.keyword} ${declared.name!.replace(/[:.]+$/, '')}`];
    const method = METHOD.exec(start)?.groups?.name;
    return method !== undefined && !CONTROL.test(method) && !CONTROL.test(start.trim().split(/\W/)[0]!) ? [method] : [];
  });
}

/** A tab is one: within a file, indentation is of one kind. */
const indentOf = (line: string): number => line.length - line.trimStart().length;
