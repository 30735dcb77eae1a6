/** What counts in code and what does not. */
import { describe, expect, it } from 'vitest';
import { functionText, readCode } from '../../../src/evaluation/digest/code.ts';

function textOf(source: string, name = 'a.ts'): string {
  const code = readCode(name, source);
  if ('problem' in code) throw new Error(`${source}: ${code.problem}`);
  return code.text;
}

describe('code is the same', () => {
  it.each([
    ['with other comments', 'f(a, b); // one', '/* two */ f(a /* first */, b); /** three */'],
    ['in another layout', "const a={b:'c'};", 'const a = {\n  b: "c",\n};\n'],
    ['with other parentheses', 'f((a));', 'f(a);'],
    ['with types', 'const f = (a) => a.b;', 'const f = <T>(a: T): string => (a as { b: string }).b!;'],
    ['with declared types', 'f();', 'interface A { b: 1 }\nexport type B = A;\ndeclare const c: 1;\nf();'],
    [
      'with imported types',
      "import { a } from 'a';",
      "import { a, type B } from 'a';\nimport type { C } from './c.ts';",
    ],
    ['with exported types', "export { a } from 'a';", "export { a, type B } from 'a';\nexport type * from './c.ts';"],
    [
      'of a class with types',
      'class A { b = 1 }',
      'class A<T> implements B { private readonly b: number = 1; declare c: T }',
    ],
  ])('%s', (_, one, other) => {
    expect(textOf(other)).toBe(textOf(one));
  });
});

describe('code is another', () => {
  it.each([
    ['a.b', 'a?.b'],
    ['a[b]', 'a.b'],
    ['a[0]', "a['0']"],
    ['1', '1n'],
    ["'\\ud800'", "'\\ud801'"],
    ['/a/', '/a/g'],
    ['`a`', "'a'"],
    ['`a\\n`', '`a\n`'],
    ['f`a`', 'f(`a`)'],
    ['[a]', '[, a]'],
    ['[a, b]', '[[a], b]'],
    ['a + b', 'b + a'],
    ['a + b', 'a - b'],
    ['a + (b + c)', 'a + b + c'],
    ['-a', '+a'],
    ['a++', '++a'],
    ['() => a', 'async () => a'],
    ['() => a', '() => { a }'],
    ['() => a', '() => ({ a })'],
    ['(function () {})', '(function* () {})'],
    ['({ a: 1 })', '({ [a]: 1 })'],
    ['({ a() {} })', '({ get a() {} })'],
    ['class A { b = 1 }', 'class A { static b = 1 }'],
    ['class A { b = 1 }', 'class A { #b = 1 }'],
    ['let a = 1', 'const a = 1'],
    ['if (a) b; else c', 'if (a) c; else b'],
    ['for await (const a of b) c', 'for (const a of b) c'],
    ["import { a } from 'a'", "import { b as a } from 'a'"],
    ["import { a } from 'a'", "import a from 'a'"],
    ["import {} from './a.ts'", "import type {} from './a.ts'"],
    ["import { type A } from './a.ts'", "import type { A } from './a.ts'"],
    ["import a from 'a'", "import a from 'a' with { type: 'json' }"],
    ["export { a } from 'a'", 'export { a }'],
    ['enum A { B }', 'enum A { C }'],
    ["'use strict'; a", 'a'],
  ])('%s against %s', (one, other) => {
    expect(textOf(other)).not.toBe(textOf(one));
  });
});

it('reads what only a file of CommonJS may have', () => {
  expect(readCode('a.js', "if (!a) return;\nmodule.exports = require('./b');")).toMatchObject({
    references: [{ specifier: './b', kind: 'require' }],
  });
});

it('finds what is named by a literal, and nothing else', () => {
  const source = `
    import a from './a.ts'; import './b.ts'; import type { T } from './type.ts'; import { type U } from './u.ts';
    export * from './c.ts'; export { d } from 'd'; export type { V } from './type.ts';
    const e = () => import('./e.ts'), f = () => import(\`./f.ts\`), g = (name) => import(\`./\${name}.ts\`);
    type W = import('./type.ts').W;
    read(new URL('./h.txt', import.meta.url), new URL(name, import.meta.url), new URL('./i', base));
    read(join(import.meta.dirname, 'prompts', 'j k.txt'), path.resolve(import.meta.dirname, '../l.txt'));
    read(join(import.meta.dirname, name), join(folder, 'm.txt'), start(import.meta.dirname, 'n.txt'));
    import.meta.resolve('o/words.json');`;
  const code = readCode('a.ts', source);
  const found = 'references' in code ? code.references.map(({ kind, specifier }) => `${kind} ${specifier}`) : [];
  expect(found).toEqual([
    ...['import ./a.ts', 'import ./b.ts', 'import ./u.ts', 'import ./c.ts', 'import d', 'later ./e.ts', 'later ./f.ts'],
    ...['file ./h.txt', 'file ./prompts/j%20k.txt', 'file ./../l.txt', 'later o/words.json'],
  ]);
});

describe('a function’s text', () => {
  it.each([
    ['an arrow', (a: number) => a + 1, (a: number) => a + 2],
    ['a method', { run: () => 1 }.run, { run: () => 2 }.run],
    ['a shorthand method', { run() { return 1; } }.run, { run() { return 2; } }.run], // biome-ignore format: one line each
    ['an asynchronous method', { async run() { return 1; } }.run, { async run() { return 2; } }.run], // biome-ignore format: one line each
  ])('of %s is its code', (_, run, other) => {
    expect(functionText(run)).not.toBe(functionText(other));
  });

  it('does not have its comments', () => {
    const bare = new Function('a', 'return a + 1;');
    const explained = new Function('a', '// the next one\nreturn a   + 1;');
    expect(functionText(explained as () => number)).toBe(functionText(bare as () => number));
  });

  it('of one that the engine made is what the engine says', () => {
    expect(functionText(Math.max)).toBe('function max() { [native code] }');
  });
});
