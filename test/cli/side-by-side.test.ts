import { describe, expect, it } from 'vitest';
import { beside } from '../../src/cli/table.ts';

const block = (heading: string, ...lines: string[]) => ({ heading, lines });

describe('texts', () => {
  it('stand beside each other where there is room, wrapped at words', () => {
    const words = 'one two three four five six seven';
    expect(beside([block('a', words), block('b', 'short', 'and more')], 64)).toEqual([
      'a                                b',
      'one two three four five six      short',
      'seven                            and more',
    ]);
  });
  it('stand below each other where columns would be narrow, or a word would not fit', () => {
    const below = ['a', '  one', '', 'b', '  two'];
    expect(beside([block('a', 'one'), block('b', 'two')], 60)).toEqual(below);
    expect(beside([block('a', 'one')], 200)).toEqual(['a', '  one']);
    expect(beside([block('a', 'x'.repeat(40)), block('b', 'two')], 70)[1]).toBe(`  ${'x'.repeat(40)}`);
  });
});
