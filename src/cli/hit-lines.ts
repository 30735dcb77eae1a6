/** What `sluice search` shows of an answer: each hit with where it stands, and the stretch of it that was asked for. */

import { count } from '../base/format.ts';
import type { Found } from '../retrieval/search.ts';
import { type Explanation, explanationLine } from './explain-hits.ts';
import { excerptOf, highlight } from './highlight.ts';
import type { Terminal } from './terminal.ts';
import { wrap, wrapWords } from './text.ts';

/** An answer with its query, and why each hit is there where that was asked. */
export interface Shown extends Found {
  readonly query: string;
  readonly explained?: ReadonlyMap<string, Explanation>;
}

const SHOWN_CHARACTERS = 160;
/** Under the first letter after `  1. `. */
const INDENT = ' '.repeat(5);

export function hitLines(
  { id, query, hits, explained }: Shown,
  isOneOfMany: boolean,
  { width, colours }: Terminal,
): string[] {
  return [
    ...(isOneOfMany ? [`${id}: ${count(hits.length, 'hit')}`] : []),
    ...(hits.length === 0 && !isOneOfMany ? ['nothing found'] : []),
    ...hits.flatMap(({ id: passage, score, title, heading, text }, rank) => {
      const place = [title, ...heading].filter((part) => part !== null).join(' › ');
      const [first = '', ...more] = wrap(place || passage, width, INDENT);
      return [
        `${String(rank + 1).padStart(3)}. ${first.trimStart()}`,
        ...more,
        `${INDENT}${score.toFixed(2)}  ${passage}`,
        ...(explained ? [colours.dim(INDENT + explanationLine(explained.get(passage)!))] : []),
        ...wrapWords(INDENT + excerptOf(text, query, SHOWN_CHARACTERS), width).map((line) =>
          highlight(line, query, colours.bold),
        ),
      ];
    }),
  ];
}
