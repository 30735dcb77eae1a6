/**
 * The question set keeps its own rules: enough questions of each sort, gold that exists, words that do not give the
 * page away, and halves that nobody chose. How far words overlap is measured here, by means that no retriever uses.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { stemmer } from 'stemmer';
import { eng } from 'stopword';
import { describe, expect, it } from 'vitest';
import { DOCS_FOLDER, isInHalf, type QuestionRow, readQuestions } from '../../bench/support/questions.ts';

const rows = readQuestions();
const answerable = rows.filter(({ expected }) => expected.answerable);
const unanswerable = rows.filter(({ expected }) => !expected.answerable);
const goldOf = ({ relevant }: QuestionRow) => Object.keys(relevant ?? {});
const pathOf = (documentId: string) => join(DOCS_FOLDER, `${documentId}.mdx`);

/** Function words that the list of `stopword` lacks: they name nothing that a page could be about. */
const FUNCTION_WORDS =
  `use used uses using do does did don doesn didn won wouldn couldn isn aren ve ll re them there what
  let us not no`.split(/\s+/);
const STOP_WORDS: ReadonlySet<string> = new Set([...eng, ...FUNCTION_WORDS]);
const HUMP = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

/** Content words by their stems; a name such as `useChat` whole and in its parts. */
function contentStems(text: string): Set<string> {
  const words = (text.match(/[A-Za-z0-9]+/g) ?? []).flatMap((word) => [word, ...word.split(HUMP)]);
  const content = words.map((word) => word.toLowerCase()).filter((word) => word.length > 1 && !STOP_WORDS.has(word));
  return new Set(content.map((word) => stemmer(word)));
}

const namesOf = new Map([...new Set(rows.flatMap(goldOf))].map((page) => [page, contentStems(titleAndHeadings(page))]));

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
function isOblique(row: QuestionRow): boolean {
  const asked = contentStems(row.input.question);
  return goldOf(row).every((page) => [...asked].every((stem) => !namesOf.get(page)?.has(stem)));
}

const wordsOf = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
const runsOf = (words: readonly string[], length: number) =>
  words.slice(0, Math.max(0, words.length - length + 1)).map((_, at) => words.slice(at, at + length).join(' '));

/** Of one group, in the order of their hashes, every other one is for `dev`. */
function devIds(group: readonly QuestionRow[]): ReadonlySet<string> {
  const hash = (id: string) => createHash('sha256').update(id).digest('hex');
  const ids = group.map(({ id }) => id).sort((one, other) => (hash(one) < hash(other) ? -1 : 1));
  return new Set(ids.filter((_, index) => index % 2 === 0));
}

describe('the question set over the ai documentation', () => {
  it('has at least 60 questions with gold, and 10 that the documents do not answer, near and far', () => {
    expect(answerable.length).toBeGreaterThanOrEqual(60);
    expect(unanswerable.length).toBeGreaterThanOrEqual(10);
    expect(unanswerable.filter(({ tags }) => tags.includes('near')).length).toBeGreaterThanOrEqual(8);
    expect(unanswerable.filter(({ tags }) => tags.includes('far')).length).toBeGreaterThanOrEqual(3);
  });

  it('has each id and each question once', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(new Set(rows.map(({ input }) => input.question.toLowerCase())).size).toBe(rows.length);
  });

  it('has gold exactly where a question can be answered, and a page that answers it well or best', () => {
    for (const row of answerable) expect(Math.max(...Object.values(row.relevant ?? {})), row.id).toBe(3);
    for (const row of unanswerable) expect(row.relevant, row.id).toBeUndefined();
  });

  it('names only pages that the package has', () => {
    const missing = rows.flatMap(goldOf).filter((page) => !existsSync(pathOf(page)));
    expect(missing).toEqual([]);
  });

  it('asks about many pages, in every kind of question', () => {
    const best = answerable.flatMap((row) => goldOf(row).filter((page) => row.relevant?.[page] === 3));
    expect(new Set(best).size).toBeGreaterThanOrEqual(100);
    for (const kind of ['how-to', 'concept', 'troubleshooting', 'reference', 'comparison', 'migration'])
      expect(answerable.filter(({ tags }) => tags.includes(kind)).length, kind).toBeGreaterThanOrEqual(5);
  });

  it('gives the page away by no word of its title or headings in at least 60 % of the questions', () => {
    const oblique = answerable.filter(isOblique);
    expect(oblique.length / answerable.length).toBeGreaterThanOrEqual(0.6);
    expect(answerable.filter(({ tags }) => tags.includes('oblique'))).toEqual(oblique);
  });

  it('copies no sentence: no run of six words is in the documents, error messages aside', async () => {
    const files = await Array.fromAsync(glob('**/*.mdx', { cwd: DOCS_FOLDER }));
    const asked = new Map<string, string>();
    for (const { id, input, tags } of rows)
      if (!tags.includes('error-message')) for (const run of runsOf(wordsOf(input.question), 6)) asked.set(run, id);
    const copied = new Set<string>();
    for (const file of files)
      for (const run of runsOf(wordsOf(readFileSync(join(DOCS_FOLDER, file), 'utf8')), 6))
        if (asked.has(run)) copied.add(`${asked.get(run)}: ${run}`);
    expect([...copied]).toEqual([]);
  });

  it('is split by hash: half of those with gold and half of those without for dev, the others for final', () => {
    const dev = new Set([...devIds(answerable), ...devIds(unanswerable)]);
    for (const row of rows) {
      expect(isInHalf(row, 'dev'), row.id).toBe(dev.has(row.id));
      expect(isInHalf(row, 'final'), row.id).toBe(!dev.has(row.id));
    }
  });
});
