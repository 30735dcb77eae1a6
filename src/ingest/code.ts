/**
 * Source code to blocks: fenced code under the file's path and what it declares. No language is parsed: people indent
 * what belongs together and leave a blank line between what does not, in every language alike, and that is read.
 */
import { type Block, code } from './block.ts';
import { type CodePart, partsOf } from './code-parts.ts';
import { PASSAGE_LIMITS } from './limits.ts';
import { type Note, type Refusal, refused } from './skip.ts';
import { byteLength, countTokens } from './tokens.ts';

/** A longer line leaves no room for its fence. Nobody writes one by hand. */
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
