/**
 * Text that grows on a terminal and can be taken back. Lines are broken here, before the terminal would, so that it is
 * known how many there are to clear; characters that could move the cursor are left out.
 */
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import stringWidth from 'string-width';
import type { Colours, Output } from './terminal.ts';

/** Of terminals that do not say, or say 0. */
const UNKNOWN_ROWS = 24;
const UNKNOWN_COLUMNS = 80;
/** All control characters but the line feed: a model's text is not to steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is meant.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

export interface LiveText {
  add(text: string): void;
  /** Takes back all that was added; what has left the screen is said to be void. */
  clear(): void;
}

export function createLiveText(output: Output, colours: Colours): LiveText {
  const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const stream = output as NodeJS.WritableStream;
  let [row, column] = [0, 0];

  function* broken(text: string): Generator<string> {
    const room = (output.columns || UNKNOWN_COLUMNS) - 1;
    for (const { segment } of graphemes.segment(text.replace(/\t/g, '  ').replace(CONTROLS, ''))) {
      const width = segment === '\n' ? 0 : stringWidth(segment);
      const isBreak = segment === '\n' || column + width > room;
      if (isBreak) {
        yield '\n';
        [row, column] = [row + 1, 0];
      }
      if (segment !== '\n') yield segment;
      column += width;
    }
  }

  return Object.freeze({
    add(text: string) {
      // Coloured line by line: a colour that spans lines would be left on where the screen scrolls.
      const lines = [...broken(text)].join('').split('\n');
      output.write(lines.map((line) => (line === '' ? '' : colours.dim(line))).join('\n'));
    },
    clear() {
      if (row === 0 && column === 0) return;
      const onScreen = Math.min(row, (output.rows || UNKNOWN_ROWS) - 1);
      moveCursor(stream, 0, -onScreen);
      cursorTo(stream, 0);
      clearScreenDown(stream);
      if (row > onScreen) output.write(`${colours.dim('(the draft above was taken back)')}\n`);
      [row, column] = [0, 0];
    },
  });
}
