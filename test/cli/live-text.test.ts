import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { createLiveText } from '../../src/cli/terminal.ts';

const ESC = String.fromCharCode(27);
const SEQUENCE = new RegExp(`${ESC}\\[(\\d+)A|${ESC}\\[1G|${ESC}\\[0J|\n|[^${ESC}\n]+`, 'g');

/** A screen that understands what `LiveText` writes: text, line feeds, and moving up and clearing. */
function screen({ columns = 10, rows = 5 } = {}) {
  let lines: string[] = ['$'];
  let [row, column] = [1, 0];
  lines[1] = '';
  const write = (text: string) => {
    for (const [part, up] of text.matchAll(SEQUENCE)) {
      if (up !== undefined) row = Math.max(row - Number(up), 0);
      else if (part === `${ESC}[1G`) column = 0;
      else if (part === `${ESC}[0J`) {
        lines = lines.slice(0, row + 1);
        lines[row] = lines[row]!.slice(0, column);
      } else if (part === '\n') {
        [row, column] = [row + 1, 0];
        lines[row] ??= '';
      } else {
        lines[row] = lines[row]!.slice(0, column) + part;
        column += part.length;
      }
    }
    return true;
  };
  return { output: { write, isTTY: true, columns, rows }, lines: () => lines };
}
const plain = picocolors.createColors(false);

describe('text that can be taken back', () => {
  test('grows in lines that fit, and leaves nothing behind', () => {
    const { output, lines } = screen();
    const live = createLiveText(output, plain);
    for (const token of ['Hel', 'lo, wor', 'ld\n', '\n', 'next']) live.add(token);
    expect(lines()).toEqual(['$', 'Hello, wo', 'rld', '', 'next']);
    live.clear();
    expect(lines()).toEqual(['$', '']);
    live.clear();
    live.add('again');
    expect(lines()).toEqual(['$', 'again']);
  });

  test('counts columns, not characters', () => {
    const { output, lines } = screen({ columns: 7 });
    createLiveText(output, plain).add('日本語é👩‍🚀x');
    expect(lines()).toEqual(['$', '日本語', 'é👩‍🚀x']);
  });

  test('cannot steer the terminal', () => {
    const { output, lines } = screen({ columns: 40 });
    const live = createLiveText(output, plain);
    for (const token of [`a${ESC}`, '[2J', '\rb\x07\u009b1A', '\tc']) live.add(token);
    expect(lines()).toEqual(['$', 'a[2Jb1A  c']);
  });

  test('says what has left the screen', () => {
    const { output, lines } = screen({ rows: 3 });
    const live = createLiveText(output, plain);
    live.add('1\n2\n3\n4\n5');
    live.clear();
    expect(lines()).toEqual(['$', '1', '2', '(the draft above was taken back)', '']);
  });

  test('takes a terminal without a size for one of 80 by 24', () => {
    const { output, lines } = screen({ columns: 0, rows: 0 });
    const live = createLiveText(output, plain);
    live.add('x'.repeat(100));
    expect(lines()).toEqual(['$', 'x'.repeat(79), 'x'.repeat(21)]);
    live.clear();
    expect(lines()).toEqual(['$', '']);
  });
});
