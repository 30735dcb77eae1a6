/**
 * The question set keeps its own rules: enough questions of each sort, gold that exists, words that do not give the
 * page away, and halves that nobody chose.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isInHalf, type QuestionRow, readQuestions } from '../../bench/support/questions.ts';
import { copiedFromGold, copiedRuns, goldOf, isOblique, pathOf } from './question-words.ts';

const rows = readQuestions();
const answerable = rows.filter(({ expected }) => expected.answerable);
const unanswerable = rows.filter(({ expected }) => !expected.answerable);

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
    expect(await copiedRuns(rows)).toEqual([]);
  });

  it('has a reference answer for each question of dev that can be answered, and for none that cannot', () => {
    const unanswered = answerable.filter((row) => isInHalf(row, 'dev') && row.expected.answer === undefined);
    expect(unanswered.map(({ id }) => id)).toEqual([]);
    expect(unanswerable.filter(({ expected }) => expected.answer !== undefined)).toEqual([]);
  });

  it('answers in words of its own: no run of ten words is in a page that it was written from', () => {
    const copied = answerable.flatMap((row) => copiedFromGold(row, row.expected.answer ?? '', 10));
    expect(copied).toEqual([]);
  });

  it('is split by hash: half of those with gold and half of those without for dev, the others for final', () => {
    const dev = new Set([...devIds(answerable), ...devIds(unanswerable)]);
    for (const row of rows) {
      expect(isInHalf(row, 'dev'), row.id).toBe(dev.has(row.id));
      expect(isInHalf(row, 'final'), row.id).toBe(!dev.has(row.id));
    }
  });
});
