/** The README as its tests see it: fenced blocks, links, command lines. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const readme = readFileSync(join(root, 'README.md'), 'utf8');

export interface Block {
  readonly language: string;
  /** What follows the language: for a `diff`, the file it changes. */
  readonly about: string;
  readonly text: string;
}

const FENCE = /^(?<indent> *)```(?<language>\w+) ?(?<about>\S*)\n(?<text>.*?)^\k<indent>```$/gms;

export function blocksIn(markdown: string): readonly Block[] {
  return [...markdown.matchAll(FENCE)].map(({ groups }) => {
    const { indent = '', language = '', about = '', text = '' } = groups ?? {};
    return { language, about, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

/** The targets of links into this project. */
export function linksIn(markdown: string): readonly string[] {
  const targets = [...markdown.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(({ groups }) => groups?.target ?? '');
  return targets.filter((target) => !/^https?:/.test(target)).map((target) => target.replace(/#.*$/, ''));
}

/** The npm scripts that the text says to run. */
export function scriptsIn(markdown: string): readonly string[] {
  const named = [...markdown.matchAll(/\bnpm run (?<name>[\w:-]+)/g)].map(({ groups }) => groups?.name ?? '');
  return [...new Set(named)];
}

/** The `sluice` command lines, as words; what stands for a value is left as it is. */
export function commandsIn(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.matchAll(/(?:`sluice|npm run sluice --|worker sluice) (?<line>[^`\n]+)/g);
  return [...lines]
    .map(({ groups }) => (groups?.line ?? '').trim().split(/\s+/))
    .filter(([name]) => name !== '<command>');
}

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
