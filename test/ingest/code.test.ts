import { glob, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteLength } from '../../src/ingest/block.ts';
import { chunkDocument, type Passage } from '../../src/ingest/document.ts';
import { PASSAGE_LIMITS } from '../../src/ingest/ingest-limits.ts';

async function chunk(text: string, name = 'src/a.ts', language = 'ts') {
  const result = await chunkDocument({ id: name, name, text, format: 'code', language }, 'headings');
  if (result.kind === 'skipped') throw new Error(`skipped: ${result.skip.detail}`);
  return result.document;
}

/** The lines in a passage's fences. */
const codeOf = ({ text }: Passage): readonly string[] =>
  [...text.matchAll(/^(?<fence>`{3,})\w*\n(?<code>[\s\S]*?)\n\k<fence>$/gm)].flatMap((found) =>
    found.groups!.code!.split('\n'),
  );
const written = (lines: readonly string[]) => lines.map((line) => line.trim()).filter((line) => line !== '');

const filler = (count: number, indent: string) =>
  Array.from({ length: count }, (_, index) => `${indent}total += compute(${index}, 'some words to fill a line');`);

describe('a file of code', () => {
  test('is named by its file, its passages by path and declaration, their code fenced', async () => {
    const { title, passages } = await chunk('/** Adds. */\nexport function add(a: number) {\n  return a;\n}\n');
    expect(title).toBe('a.ts');
    expect(passages).toEqual([
      {
        id: 'src/a.ts#0',
        ordinal: 0,
        title: 'a.ts',
        heading: ['src/a.ts', 'function add'],
        text: '```ts\n/** Adds. */\nexport function add(a: number) {\n  return a;\n}\n```',
        tokens: expect.any(Number),
      },
    ]);
  });

  test('is cut between declarations, small ones together and their comments with them', async () => {
    const declarations = ['one', 'two', 'three'].map((name) =>
      [`/** Does ${name}. */`, `function ${name}() {`, ...filler(12, '  '), '', '  return total;', '}'].join('\n'),
    );
    const { passages } = await chunk(['const limit = 3;', ...declarations].join('\n\n'));
    expect(passages.map(({ heading }) => heading[1])).toEqual([
      'const limit, function one',
      'function two',
      'function three',
    ]);
    for (const name of ['two', 'three'])
      expect(passages.find(({ heading }) => heading[1] === `function ${name}`)!.text).toMatch(
        new RegExp(`^\`\`\`ts\n/\\*\\* Does ${name}\\. \\*/\nfunction ${name}\\(\\) \\{[^]*\n\\}\n\`\`\`$`),
      );
  });

  test('has members of a class that is too large under the name of the class', async () => {
    const method = (name: string) => ['', `  async ${name}(): Promise<void> {`, ...filler(14, '    '), '  }'];
    const source = [
      'export class Parser {',
      '  total = 0;',
      ...method('open'),
      ...method('read'),
      ...['seek', 'skip', 'stop', 'close'].flatMap(method),
      '}',
    ];
    const { passages } = await chunk(source.join('\n'));
    expect(passages.map(({ heading }) => heading.slice(1))).toEqual([
      ['class Parser', 'open'],
      ['class Parser', 'read'],
      ...['seek', 'skip', 'stop', 'close'].map((name) => ['class Parser', name]),
    ]);
    expect(passages[0]!.text).toContain('export class Parser {\n  total = 0;\n\n  async open()');
  });

  test('of any language is read by its indentation', async () => {
    const method = (name: string) => ['', `    def ${name}(self):`, ...filler(14, '        ')];
    const python = [
      'import os',
      '',
      '',
      '@dataclass',
      'class Loader(Base):',
      ...['load', 'save', 'drop', 'list', 'stop'].flatMap(method),
    ];
    const { passages } = await chunk(python.join('\n'), 'src/loader.py', 'python');
    expect(passages.map(({ heading }) => heading.slice(1))).toEqual([
      ['class Loader', 'def load'],
      ...['save', 'drop', 'list', 'stop'].map((name) => ['class Loader', `def ${name}`]),
    ]);
    expect(passages[0]!.text).toContain('```python\n@dataclass\nclass Loader(Base):\n\n    def load(self):\n');
    const headings = async (text: string) => (await chunk(text, 'src/x', 'x')).passages[0]!.heading[1];
    expect(await headings('type Server struct {\n}\n\nfunc (s *Server) Handle(x int) error {\n}')).toBe(
      'type Server, func Handle',
    );
    expect(await headings('CREATE TABLE IF NOT EXISTS users (\n  id int\n);')).toBe('TABLE users');
    expect(await headings('#[derive(Debug)]\npub struct Foo<T> {}\n\nimpl<T> Display for Foo<T> {}')).toBe(
      'struct Foo, impl Display',
    );
    expect(await headings('package a.b;\n\npublic final class Bean {\n}')).toBe('package a.b, class Bean');
    expect(await headings('"""\nThe class that parses, and the\nmodule is part of it.\n"""')).toBeUndefined();
  });

  test('keeps every line, whole and in order, within the limits', async () => {
    const files = await Array.fromAsync(glob('src/{ingest,stats,store,dsl}/*.ts'));
    expect(files.length).toBeGreaterThan(80);
    for (const file of files) {
      const text = await readFile(file, 'utf8');
      const { passages } = await chunk(text, file);
      expect(written(passages.flatMap(codeOf)), file).toEqual(written(text.split('\n')));
      for (const { text, title } of passages) {
        expect(byteLength(text)).toBeLessThanOrEqual(PASSAGE_LIMITS.bytes);
        expect(title).toBe(basename(file));
      }
    }
  });

  test('whatever its lines are', async () => {
    const line = fc.tuple(
      fc.constantFrom('', '', '  ', '    ', '\t'),
      fc.constantFrom(
        '',
        'x = 1',
        '}',
        '{',
        'class A {',
        'def f():',
        '# note',
        '```',
        '````',
        'y '.repeat(300),
        'z'.repeat(3_900),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 60 }), async (parts) => {
        const lines = parts.map(([indent, text]) => indent + text);
        const result = await chunkDocument({ id: 'a', name: 'a', text: lines.join('\n'), format: 'code' }, 'headings');
        const passages = result.kind === 'chunked' ? result.document.passages : [];
        for (const { text } of passages) expect(byteLength(text)).toBeLessThanOrEqual(PASSAGE_LIMITS.bytes);
        const kept = passages.flatMap(({ text }) => text.split('\n')).map((text) => text.trim());
        let at = 0;
        // In order and whole: each line is a line of some passage, after that of the line before.
        for (const each of written(lines)) {
          at = kept.indexOf(each, at) + 1;
          expect(at, each).toBeGreaterThan(0);
        }
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  test('that no passage can hold is left out and told, or refused where it is most of the file', async () => {
    const long = `const data = '${'x'.repeat(5_000)}';`;
    const { passages, notes } = await chunk([long, '', ...filler(120, '')].join('\n'));
    expect(notes).toEqual(['long-lines-left-out']);
    expect(passages[0]!.text).toContain('… (a line of 5016 bytes)');
    const raw = { id: 'a', name: 'a.min.js', text: `${long}\nlet a = 1;`, format: 'code' } as const;
    expect(await chunkDocument(raw, 'headings')).toMatchObject({
      skip: { name: 'a.min.js', reason: 'too-long', detail: expect.stringContaining('generated') },
    });
  });
});
