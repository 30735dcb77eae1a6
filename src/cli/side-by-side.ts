/** Texts beside each other where there is room for that, else one below the other. */
import { wrapWords } from './text.ts';

export interface Block {
  readonly heading: string;
  readonly lines: readonly string[];
}

const GAP = '  ';
/** Columns of less are hard to read. */
const NARROWEST = 30;

export function beside(blocks: readonly Block[], width: number): string[] {
  const room = Math.floor((width - GAP.length * (blocks.length - 1)) / blocks.length);
  const longest = Math.max(...blocks.flatMap(({ heading, lines }) => [heading, ...lines]).map(longestWord));
  if (room < Math.max(NARROWEST, longest) || blocks.length < 2) return below(blocks, width);
  const columns = blocks.map(({ heading, lines }) => [heading, ...lines.flatMap((line) => wrapWords(line, room))]);
  const height = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    columns
      .map((column) => (column[at] ?? '').padEnd(room))
      .join(GAP)
      .trimEnd(),
  );
}

function below(blocks: readonly Block[], width: number): string[] {
  return blocks.flatMap(({ heading, lines }, place) => [
    ...(place > 0 ? [''] : []),
    heading,
    ...lines.flatMap((line) => wrapWords(line, width - GAP.length)).map((line) => GAP + line),
  ]);
}

const longestWord = (line: string): number => Math.max(...line.split(' ').map(({ length }) => length));
