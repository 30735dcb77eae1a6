/** Every document: links lead somewhere, and every code block is of a kind that some test checks. */
import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { refusalOf } from './command-line.ts';
import { anchorsIn, blocksIn, commandLinesIn, commandsIn, DOCUMENTS, linksIn, read, root, scriptsIn } from './read.ts';

const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
/** Generated from the program: their blocks are its own output. */
const isReference = (path: string) => path.startsWith('docs/reference/');
const documents = DOCUMENTS.map((path) => ({ path, text: read(path), blocks: blocksIn(read(path)) }));
const blocks = documents
  .filter(({ path }) => !isReference(path))
  .flatMap(({ path, blocks: own }) => own.map((block) => ({ path, ...block })));

describe.each(documents)('$path', ({ path, text }) => {
  it('links to files and headings that exist', () => {
    const broken = linksIn(text).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsIn(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    expect(scriptsIn(text).filter((name) => !name.endsWith(':') && !(name in scripts))).toEqual([]);
  });

  it('names commands and options that the program has', () => {
    const whole = commandLinesIn(text).map((line) => refusalOf(line.replace(/\\$/, '')));
    const begun = commandsIn(text).map((words) => refusalOf(words.join(' '), false));
    expect([...whole, ...begun].filter((refusal) => refusal !== undefined)).toEqual([]);
  });
});

describe('refusalOf', () => {
  it.each([
    ['explain docs-bot', "there is no command 'explain'"],
    ['deploy docs-bot --variants narrow', "'deploy' has no option --variants"],
    ['eval', "'eval' is a group"],
    ['search --index docs --mode meaning question', '--mode is never meaning'],
    ['ask', "'ask' is given 0 arguments"],
    ['ask docs-bot "a question in words" --unit user-7', undefined],
    ['worker', undefined],
  ])('of %s: %s', (line, refusal) => {
    expect(refusalOf(line)).toBe(refusal);
  });
});

describe('code blocks', () => {
  it('have a language that a test checks', () => {
    const known = new Set(['ts', 'python', 'sh', 'diff', 'mermaid', 'yaml', 'text', 'sql']);
    expect(blocks.filter(({ language }) => !known.has(language))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(50);
  });

  it('of a file of the project are in that file', () => {
    const shown = blocks.filter(({ about, language }) => /\.(ts|py)$/.test(about) && language !== 'diff');
    expect(shown.length).toBeGreaterThan(5);
    for (const { path, about, text } of shown) {
      const files = globSync(`{pipelines,test}/**/${basename(about)}`, { cwd: root });
      expect(
        files.some((file) => read(file).includes(text.trim())),
        `${path}: ${about}`,
      ).toBe(true);
    }
  });

  it('of YAML can be read', () => {
    for (const { text } of blocks.filter(({ language }) => language === 'yaml'))
      expect(parse(text)).toBeTypeOf('object');
  });

  it('of Mermaid begin with a kind of diagram, and define the nodes that their arrows join', () => {
    const drawn = blocks.filter(({ language }) => language === 'mermaid');
    expect(drawn.length).toBeGreaterThan(2);
    for (const { text } of drawn) {
      const lines = text.trim().split('\n');
      expect(lines[0]).toMatch(/^(flowchart (TD|LR)|sequenceDiagram)$/);
      const defined = new Set(
        [...text.matchAll(/^ *(?:participant |subgraph )?([\w]+)(?:\[|\(|\{| as )/gm)].map(([, name]) => name),
      );
      const joined = [...text.matchAll(/^ *(\w+) ?-[-.>]+/gm)].map(([, name]) => name);
      expect(joined.filter((name) => !defined.has(name) && !isInline(text, name!))).toEqual([]);
    }
  });

  it('with requests ask for paths of the API', () => {
    const paths = [...read('docs/reference/http.md').matchAll(/^### \w+ (?<path>\S+)$/gm)].map(({ groups }) =>
      groups!.path!.replaceAll(/\{\w+\}/g, '[^/\\s]+'),
    );
    const asked = blocks.flatMap(({ text }) =>
      [...text.matchAll(/curl http:\/\/[\w.:]+(\/\S+)/g)].map(([, path]) => path!),
    );
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.filter((path) => !paths.some((known) => new RegExp(`^${known}$`).test(path)))).toEqual([]);
  });
});

/** Defined where an arrow leads to it: `a --> b["text"]`. */
const isInline = (text: string, name: string) => new RegExp(`> ?(\\|[^|]*\\|)? ?${name}[\\[(]`).test(text);

describe('README.md', () => {
  const text = read('README.md');

  it('has at most 200 lines', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(200);
  });

  it('names the two commands to begin with, and that of the tests', () => {
    expect(blocksIn(text)[0]?.text).toBe('npm ci\nnpm run demo\n');
    expect(text).toContain('`npm test`');
  });

  it('shows a pipeline, an evaluation and an experiment of the project', () => {
    const shown = blocksIn(text).map(({ about }) => basename(about));
    expect(shown).toEqual(
      expect.arrayContaining(['docs-search.ts', 'docs-search.evaluations.ts', 'docs-search.experiments.ts']),
    );
  });
});

describe('docs/architecture.md', () => {
  it('lists the way of `sluice ask` as at most 35 files, which exist', () => {
    const [, section = ''] = read('docs/architecture.md').split('## The way of `sluice ask`');
    const files = [...section.split('\n## ')[0]!.matchAll(/^\|[^|]*\| `([^`]+)` \|/gm)].map(([, file]) => file!);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(new Set(files).size).toBeGreaterThan(20);
    expect(files.length).toBeLessThanOrEqual(35);
  });
});
