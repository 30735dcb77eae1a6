/** How far a question's words overlap with the pages that answer it, measured by means that no retriever uses. */
import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { stemmer } from 'stemmer';
import { eng } from 'stopword';
import { DOCS_FOLDER, type QuestionRow } from '../../bench/support/questions.ts';

export const goldOf = ({ relevant }: QuestionRow) => Object.keys(relevant ?? {});
export const pathOf = (documentId: string) => join(DOCS_FOLDER, `${documentId}.mdx`);

/** Function words that the list of `stopword` lacks: they name nothing that a page could be about. */
const FUNCTION_WORDS =
  `use used uses using do does did don doesn didn won wouldn couldn isn aren ve ll re them there what
  let us not no`.split(/\s+/);
const STOP_WORDS: ReadonlySet<string> = new Set([...eng, ...FUNCTION_WORDS]);
const HUMP = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

/** Content words by their stems; a name such as `useChat` whole and in its parts. */
function contentStems(text: string): ReadonlySet<string> {
  const words = (text.match(/[A-Za-z0-9]+/g) ?? []).flatMap((word) => [word, ...word.split(HUMP)]);
  const content = words.map((word) => word.toLowerCase()).filter((word) => word.length > 1 && !STOP_WORDS.has(word));
  return new Set(content.map((word) => stemmer(word)));
}

const namesByPage = new Map<string, ReadonlySet<string>>();

function namesOf(page: string): ReadonlySet<string> {
  const names = namesByPage.get(page) ?? contentStems(titleAndHeadings(page));
  namesByPage.set(page, names);
  return names;
}

/** By lines, since a parser needs half a minute for all pages: `title:` on top, and `#` lines that are not in code. */
function titleAndHeadings(documentId: string): string {
  const lines = existsSync(pathOf(documentId)) ? readFileSync(pathOf(documentId), 'utf8').split('\n') : [];
  const title = lines.find((line) => line.startsWith('title:'))?.slice('title:'.length) ?? '';
  let fence: string | undefined;
  const headings = lines.filter((line) => {
    const [mark] = line.match(/^\s*(?:`{3,}|~{3,})/) ?? [];
    if (mark && !fence) fence = mark.trim();
    else if (fence && line.trim() === fence) fence = undefined;
    return fence === undefined && /^\s*#{1,6}\s/.test(line);
  });
  return [title, ...headings].join('\n');
}

/** Whether no content word of the question is in the title or a heading of any page that answers it. */
export function isOblique(row: QuestionRow): boolean {
  const asked = contentStems(row.input.question);
  return goldOf(row).every((page) => [...asked].every((stem) => !namesOf(page).has(stem)));
}

const wordsOf = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
const runsOf = (words: readonly string[], length: number) =>
  words.slice(0, Math.max(0, words.length - length + 1)).map((_, at) => words.slice(at, at + length).join(' '));

/** Runs of six words that a question shares with the documents, error messages aside. */
export async function copiedRuns(rows: readonly QuestionRow[]): Promise<readonly string[]> {
  const files = await Array.fromAsync(glob('**/*.mdx', { cwd: DOCS_FOLDER }));
  const asked = new Map<string, string>();
  for (const { id, input, tags } of rows)
    if (!tags.includes('error-message')) for (const run of runsOf(wordsOf(input.question), 6)) asked.set(run, id);
  const copied = new Set<string>();
  for (const file of files)
    for (const run of runsOf(wordsOf(readFileSync(join(DOCS_FOLDER, file), 'utf8')), 6))
      if (asked.has(run)) copied.add(`${asked.get(run)}: ${run}`);
  return [...copied];
}

/** Runs of so many words of a text that stand in a page which the question has as gold. */
export function copiedFromGold(row: QuestionRow, text: string, length: number): readonly string[] {
  const pages = goldOf(row).map((page) => wordsOf(readFileSync(pathOf(page), 'utf8')));
  const written = new Set(pages.flatMap((words) => runsOf(words, length)));
  return runsOf(wordsOf(text), length).filter((run) => written.has(run));
}
