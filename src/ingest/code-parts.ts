/**
 * Lines of code to parts that stand by themselves: top-level declarations with the comments above them; of one that is
 * too large its members, under its name. A line is never cut.
 */
import { indentOf, namesIn } from './code-names.ts';
import { PASSAGE_LIMITS } from './limits.ts';
import { byteLength } from './tokens.ts';

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
export function partsOf(lines: readonly string[]): readonly CodePart[] {
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
