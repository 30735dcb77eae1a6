/** Documents as their tests see them: files, fenced blocks, links, headings. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every document, by its path in the project. */
export const DOCUMENTS: readonly string[] = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...globSync('docs/**/*.md', { cwd: root }).sort(),
];

export interface Block {
  readonly language: string;
  /** What follows the language: the file that the block is of, or its name. */
  readonly about: string;
  readonly text: string;
}

const FENCE = /^(?<indent> *)```(?<language>\w*) ?(?<about>\S*)\n(?<text>.*?)^\k<indent>```$/gms;

export function blocksIn(markdown: string): readonly Block[] {
  return [...markdown.matchAll(FENCE)].map(({ groups }) => {
    const { indent = '', language = '', about = '', text = '' } = groups ?? {};
    return { language, about, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

/** The targets of links into this project, with what follows `#`. */
export function linksIn(markdown: string): readonly string[] {
  const targets = [...withoutBlocks(markdown).matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(
    ({ groups }) => groups!.target!,
  );
  return targets.filter((target) => !/^https?:/.test(target));
}

/** The names that links may have behind `#`, as GitHub makes them of headings. */
export const anchorsIn = (markdown: string): readonly string[] =>
  [...withoutBlocks(markdown).matchAll(/^#+ (?<heading>.+)$/gm)].map(({ groups }) =>
    groups!
      .heading!.toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );

/** The npm scripts that the text says to run. */
export function scriptsIn(markdown: string): readonly string[] {
  const named = [...markdown.matchAll(/\bnpm run (?<name>[\w:-]+)/g)].map(({ groups }) => groups!.name!);
  return [...new Set(named)];
}

/** The whole `sluice` command lines of shell blocks, without the program's name. */
export function commandLinesIn(markdown: string): readonly string[] {
  return blocksIn(markdown)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => [...text.matchAll(/^(?:npx |npm run )?sluice (?:-- )?(?<line>.+)$/gm)])
    .map(({ groups }) => groups!.line!);
}

/** The `sluice` commands that texts name in code, as words: of some only the beginning is there. */
export function commandsIn(markdown: string): readonly (readonly string[])[] {
  return [...withoutBlocks(markdown).matchAll(/`(?:npm run |npx )?sluice (?:-- )?(?<line>[^`\n]+)`/g)]
    .map(({ groups }) => groups!.line!.trim().split(/\s+/))
    .filter(([name]) => !name!.startsWith('<'));
}

const withoutBlocks = (markdown: string) => markdown.replaceAll(FENCE, '');

/**
 * A file's text after the edit that a `diff` block shows: lines that are there, that go (`-`) and that come (`+`), with
 * `…` between places. A place that only adds is at the end of the file.
 *
 * @throws Error where a place is not in the file exactly once.
 */
export function applyEdit(text: string, edit: string): string {
  return edit.split(/^…\n/m).reduce((edited, place) => {
    const lines = place.trimEnd().split('\n');
    const before = linesOf(lines, ' -');
    const after = linesOf(lines, ' +');
    if (before === '') return edited + after;
    const found = edited.split(before).length - 1;
    if (found !== 1) throw new Error(`found ${found} times, not once:\n${before}`);
    return edited.replace(before, () => after);
  }, text);
}

function linesOf(lines: readonly string[], marks: string): string {
  return lines.flatMap((line) => (marks.includes(line[0] ?? ' ') ? [`${line.slice(1)}\n`] : [])).join('');
}
