import { describe, expect, test } from 'vitest';
import { parseMarkdown } from '../../src/ingest/markdown.ts';

const textsOf = (source: string, syntax: 'markdown' | 'mdx' = 'mdx') =>
  parseMarkdown(source, syntax).blocks.map((block) =>
    block.kind === 'heading' ? `${'#'.repeat(block.depth)} ${block.text}` : block.text,
  );

describe('front matter', () => {
  test('is read as YAML and is no block', () => {
    const { fields, blocks } = parseMarkdown('---\ntitle: Streams\ntags: [a, b]\n---\n\nText.', 'markdown');
    expect(fields).toEqual({ title: 'Streams', tags: ['a', 'b'] });
    expect(blocks).toHaveLength(1);
  });

  test('that is no YAML map is told, and the text is still read', () => {
    for (const broken of ['title: [unclosed', 'just words', '- a\n- b']) {
      const parsed = parseMarkdown(`---\n${broken}\n---\n\nText.`, 'markdown');
      expect(parsed.frontMatterBroken).toBe(true);
      expect(parsed.blocks).toEqual([{ kind: 'prose', text: 'Text.' }]);
    }
  });
});

describe('components', () => {
  test('go, and what they say stays', () => {
    expect(textsOf('<Note type="warning">\n  Mind the *gap*\n  here.\n</Note>')).toEqual(['Mind the *gap* here.']);
    expect(textsOf('<Card className="a b" title="Weather" description="In a stream" href="/x" />')).toEqual([
      'Weather',
      'In a stream',
    ]);
    expect(textsOf('<Support />')).toEqual([]);
    expect(textsOf("import X from 'y';\n\nexport const a = 1;\n\n{/* hidden */}\n\nText{' '}goes on.")).toEqual([
      'Text goes on.',
    ]);
  });

  test('inside a component, blocks are blocks', () => {
    expect(
      textsOf(
        '<Tabs items={["a"]}>\n  <Tab>\n    ```ts\n    const a = {\n      b: 1,\n    };\n    ```\n  </Tab>\n</Tabs>',
      ),
    ).toEqual(['```ts\nconst a = {\n  b: 1,\n};\n```']);
  });

  test('tables in attributes become nested lists', () => {
    const source = `<PropertiesTable content={[
      { name: 'model', type: 'Model', description: 'The model.' },
      { name: 'onEnd', type: '(event) => void', isOptional: true, description: \`Called \` + 'at the end.',
        properties: [{ type: 'Event', parameters: [{ name: 'usage', type: 'number', description: 'Tokens.' }] }] },
      { name: computed, render: () => <b /> },
    ]} />`;
    expect(textsOf(source)).toEqual([
      [
        '- `model` (`Model`): The model.',
        '- `onEnd` (`(event) => void`, optional): Called at the end.',
        '  - (`Event`)',
        '    - `usage` (`number`): Tokens.',
      ].join('\n'),
    ]);
  });

  test('icons in table cells are yes and no', () => {
    expect(textsOf('| a    | b |\n| --- | --- |\n| <Check size={18} /> | <Cross /> |')).toEqual([
      '| a | b |\n| --- | --- |\n| ✓ | ✗ |',
    ]);
  });

  test('what readers copy is code', () => {
    expect(textsOf('<Snippet text={`import { ai } from "ai"`} prompt={false} />')).toEqual([
      '```\nimport { ai } from "ai"\n```',
    ]);
  });
});

describe('text', () => {
  test('is as written, less relative targets and comments', () => {
    expect(textsOf('See [the `guide`](/docs/guide), [Vercel](https://vercel.com) and ![a chart](./x.png).')).toEqual([
      'See the `guide`, [Vercel](https://vercel.com) and a chart.',
    ]);
    expect(textsOf('A <b>bold</b> word<!-- not this -->.', 'markdown')).toEqual([
      expect.stringMatching(/^A\s+bold\s+word\.$/),
    ]);
  });

  test('soft line ends are spaces, in quotes too', () => {
    expect(textsOf('> one\n> two\n\nthree\nfour', 'markdown')).toEqual(['one two', 'three four']);
  });

  test('lists keep their nesting, numbers and boxes', () => {
    expect(textsOf('3. a\n4. b\n   - c\n\n- [x] done\n- [ ] open', 'markdown')).toEqual([
      '3. a\n4. b\n   - c',
      '- [x] done\n- [ ] open',
    ]);
  });

  test('a fence is longer than any fence in it', () => {
    expect(textsOf('````md\n```ts\na\n```\n````', 'markdown')).toEqual(['````md\n```ts\na\n```\n````']);
  });

  test('MDX that does not parse throws, and parses as Markdown', () => {
    const source = 'if a <b and {c';
    expect(() => parseMarkdown(source, 'mdx')).toThrow();
    expect(textsOf(source, 'markdown')).toEqual([source]);
  });
});
