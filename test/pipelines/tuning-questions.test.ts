/** The questions for tuning when to decline keep their rules, and are no questions of the set that results come from. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readQuestions, TUNING_FILE } from '../../bench/support/questions.ts';
import { copiedRuns, goldOf, isOblique, pathOf } from './question-words.ts';

const rows = readQuestions(TUNING_FILE);
const answerable = rows.filter(({ expected }) => expected.answerable);
const unanswerable = rows.filter(({ expected }) => !expected.answerable);
const withTag = (tag: string) => unanswerable.filter(({ tags }) => tags.includes(tag));

describe('the questions for tuning', () => {
  it('has at least 60 with gold and 60 without, mostly near', () => {
    expect(answerable.length).toBeGreaterThanOrEqual(60);
    expect(unanswerable.length).toBeGreaterThanOrEqual(60);
    expect(withTag('near').length / unanswerable.length).toBeGreaterThanOrEqual(0.75);
    expect(withTag('near').length + withTag('far').length).toBe(unanswerable.length);
    expect(withTag('invented').length).toBeGreaterThanOrEqual(3);
  });

  it('has each id and each question once, none of them in the other set, and the tag tuning on all', () => {
    const all = [...rows, ...readQuestions()];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ input }) => input.question.toLowerCase())).size).toBe(all.length);
    for (const { id, tags } of rows) expect(tags[0], id).toBe('tuning');
  });

  it('has gold exactly where a question can be answered, a page that answers it best, and only pages that exist', () => {
    for (const row of answerable) expect(Math.max(...Object.values(row.relevant ?? {})), row.id).toBe(3);
    for (const row of unanswerable) expect(row.relevant, row.id).toBeUndefined();
    expect(rows.flatMap(goldOf).filter((page) => !existsSync(pathOf(page)))).toEqual([]);
  });

  it('says which are oblique, at least a third of those with gold', () => {
    const oblique = answerable.filter(isOblique);
    expect(oblique.length / answerable.length).toBeGreaterThanOrEqual(1 / 3);
    expect(answerable.filter(({ tags }) => tags.includes('oblique'))).toEqual(oblique);
  });

  it('copies no sentence of the documents', async () => {
    expect(await copiedRuns(rows)).toEqual([]);
  });
});
