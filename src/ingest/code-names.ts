/**
 * What lines of code declare, by the words that languages declare with and by the form of a method. A name too few or
 * too many does no harm: names head passages, and the code is what it is.
 */

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
export function namesIn(lines: readonly string[], level: number, isInside: boolean): readonly string[] {
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
export const indentOf = (line: string): number => line.length - line.trimStart().length;
