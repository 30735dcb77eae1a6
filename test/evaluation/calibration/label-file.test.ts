/** Files of labels: what raters fill in, read row by row, or refused with all that is wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SluiceError } from '../../../src/base/errors.ts';
import {
  fieldsOfScorer,
  fieldsOfSpec,
  type KnownScorer,
  readLabels,
} from '../../../src/evaluation/calibration/label-file.ts';
import { defineHumanScorer } from '../../../src/index.ts';
import { describeField } from '../../../src/model/review-queue.ts';
import { small } from '../small-evaluation.ts';
import { JUDGE, subjectOf } from './make.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-labels-'));
});
afterAll(() => rm(folder, { recursive: true }));

const helpful = defineHumanScorer(
  'helpful',
  { pipeline: small },
  {
    question: 'Is it of help?',
    fields: z.object({
      solved: z.boolean().describe('nothing is left to ask'),
      clarity: z.int().min(1).max(5).describe('5: at once').default(3),
      tone: z.enum(['warm', 'cold']),
      note: z.boolean(),
    }),
  },
  ({ output }) => ({ answer: output.text }),
);
const pair = fieldsOfSpec({ fields: { win: { better: 'higher', format: 'share', worst: 0, best: 1 } } });
const OF = { pipeline: 'small', version: 'd1' };
const SCORERS: readonly KnownScorer[] = [
  { ...OF, scorer: 'judged', fields: fieldsOfSpec(JUDGE), isEvaluated: true },
  { ...OF, scorer: 'helpful', fields: fieldsOfScorer(helpful), isEvaluated: true },
  { ...OF, scorer: 'preferred', fields: pair, isEvaluated: true },
  { ...OF, scorer: 'preferred', version: 'not evaluated', fields: pair, isEvaluated: false },
];
const NOW = Date.UTC(2026, 0, 2);

async function read(name: string, content: string, rater?: string) {
  const path = join(folder, name);
  await writeFile(path, content);
  return readLabels(path, name.endsWith('csv') ? 'csv' : 'jsonl', {
    ...{ scorers: SCORERS, rater, now: NOW },
  });
}
const jsonl = (...rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const refusal = (reading: Promise<unknown>): Promise<SluiceError> =>
  reading.then(
    () => Promise.reject(new Error('it was read')),
    (error: SluiceError) => error,
  );
const s = subjectOf(1, 0);

describe('a file of labels', () => {
  it('has a column per field, others that are not read, and rows that are not filled in', async () => {
    const text = [
      'scorer,subject,rater,correct,score,note,input.question,verdict.correct',
      `judged,${s},ada,TRUE,0.5,"so, so",why?,false`,
      `judged,${subjectOf(2, 0)},, no ,,,why?,true`,
      `judged,${subjectOf(3, 0)},ada,,,,why?,true`,
    ].join('\r\n');
    expect(await read('spread.csv', text, 'ben')).toEqual({
      labels: [
        ...[
          {
            ...OF,
            scorer: 'judged',
            subject: s,
            rater: 'ada',
            value: { correct: true, score: 0.5 },
            note: 'so, so',
            labelledAt: NOW,
          },
        ],
        ...[
          {
            ...OF,
            ...OF,
            scorer: 'judged',
            subject: subjectOf(2, 0),
            rater: 'ben',
            value: { correct: false },
            note: null,
            labelledAt: NOW,
          },
        ],
      ],
      ...{ blank: 1, duplicates: 0, ignored: ['input.question', 'verdict.correct'] },
    });
  });

  it('is JSON lines, flat or with values apart, at their own times', async () => {
    const { labels } = await read(
      'mixed.jsonl',
      jsonl(
        {
          scorer: 'judged',
          subject: s,
          rater: 'ada',
          value: { correct: false, score: null },
          at: '2026-01-01T00:00:00Z',
        },
        { scorer: 'helpful', subject: s, rater: 'ada', solved: 'yes', clarity: 4, tone: 'warm', at: 5 },
      ),
    );
    expect(labels.map(({ value, labelledAt }) => [value, labelledAt])).toEqual([
      [{ correct: false }, Date.UTC(2026, 0, 1)],
      [{ solved: true, clarity: 4, tone: 'warm' }, 5],
    ]);
  });

  it('tells fields that are called as its own columns by a prefix', async () => {
    const text = `scorer,subject,rater,value.note,note\nhelpful,${s},ada,no,careful\n`;
    expect((await read('prefix.csv', text)).labels).toMatchObject([{ value: { note: false }, note: 'careful' }]);
  });

  it('may say which of two is better, in the order that was shown', async () => {
    const rows = (winner: string, swapped: boolean) => ({
      scorer: 'preferred',
      subject: s,
      rater: `${winner}-${swapped}`,
      winner,
      swapped,
    });
    const { labels } = await read(
      'pairs.jsonl',
      jsonl(rows('first', false), rows('first', true), rows('second', true), rows('tie', true), {
        ...rows('', true),
        win: 1,
      }),
    );
    expect(labels.map(({ value }) => value.win)).toEqual([0, 1, 0, 0.5, 1]);
  });

  it('counts what comes twice: the latest stays, of those as late the last', async () => {
    const row = (correct: boolean, at?: number) => ({ scorer: 'judged', subject: s, rater: 'ada', correct, at });
    const { labels, duplicates } = await read(
      'twice.jsonl',
      jsonl(row(true, 9), row(false, 5), row(false, 9), row(true, 1)),
    );
    expect(duplicates).toBe(3);
    expect(labels).toMatchObject([{ value: { correct: false }, labelledAt: 9 }]);
  });

  it('is refused as a whole, with each line that is wrong, by name', async () => {
    const row = { scorer: 'judged', subject: s, rater: 'ada', correct: true };
    const error = await refusal(
      read(
        'wrong.jsonl',
        [
          jsonl(
            { ...row, correct: 'maybe' },
            { ...row, score: 1.5 },
            { ...row, scorer: 'juged' },
            { ...row, subject: 'abc' },
            { ...row, rater: '' },
            { ...row, value: { corect: true } },
            { scorer: 'helpful', subject: s, rater: 'ada', clarity: 2.5 },
            { scorer: 'helpful', subject: s, rater: 'ada', tone: 'lukewarm' },
            { scorer: 'helpful', subject: s, rater: 'ada', solved: 2 },
            { ...row, at: 'yesterday' },
            { ...row, at: NOW + 200_000_000 },
            { ...row, note: 'x'.repeat(4_001) },
            { scorer: 'preferred', subject: s, rater: 'ada', winner: 'third' },
            [],
          ),
          '{"scorer"',
          jsonl(row),
        ].join('\n'),
      ),
    );
    expect(error.code).toBe('labels_invalid');
    expect(error.message).toContain('has 15 problems; nothing was imported');
    const problems = error.data.problems as unknown as {
      line: number;
      code: string;
      message: string;
      remedy: string;
    }[];
    expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '1 value_unfit',
      '2 value_unfit',
      '3 scorer_unknown',
      '4 row_invalid',
      '5 rater_missing',
      '6 field_unknown',
      '7 value_unfit',
      '8 value_unfit',
      '9 value_unfit',
      '10 row_invalid',
      '11 row_invalid',
      '12 row_invalid',
      '13 row_invalid',
      '14 row_invalid',
      '15 not_json',
    ]);
    expect(problems.map(({ message }) => message).slice(0, 2)).toEqual([
      'correct: "maybe" is not true, false or a number from 0 to 1',
      'score: 1.5 is not true, false or a number from 0 to 1',
    ]);
    expect([problems[2]!.remedy, problems[5]!.remedy]).toEqual(["did you mean 'judged'?", "did you mean 'correct'?"]);
    expect(problems[6]!.message).toBe('clarity: 2.5 is not a whole number from 1 to 5');
    expect(problems[7]!.message).toBe('tone: "lukewarm" is not one of: warm, cold');
    expect(problems[8]!.message).toBe('solved: 2 is not true or false');
  });

  it.each([
    ['no rows', 'empty.jsonl', '\n', 'labels_missing', /has no rows/],
    [
      'nothing filled in',
      'blank.csv',
      `scorer,subject,Correct\njudged,${s},yes\n`,
      'labels_missing',
      /1 rows, and nothing/,
    ],
    ['no column for the subject', 'no.csv', 'scorer,correct\njudged,yes\n', 'header_invalid', /no column 'subject'/],
    ['a column twice', 'two.csv', 'scorer,subject,note,note\n', 'header_invalid', /two columns 'note'/],
    [
      'a row that is short',
      'short.csv',
      `scorer,subject,correct\njudged,${s}\n`,
      'labels_invalid',
      /line 2: the row has 2 cells/,
    ],
  ])('is refused with %s', async (_, name, content, code, message) => {
    expect(await refusal(read(name, content))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('ends where it has too many rows', async () => {
    const many = Array.from({ length: 100_001 }, () => `judged,${s},`).join('\n');
    expect(await refusal(read('many.csv', `scorer,subject,correct\n${many}`))).toMatchObject({
      code: 'labels_too_many',
      data: { line: 100_002 },
    });
  });
});

it('fields are described as people fill them in', () => {
  const score = (worst: number, best: number | null, better: 'higher' | 'lower' = 'higher') =>
    [...fieldsOfSpec({ fields: { x: { better, format: 'number', worst, best } } }).values()].map(describeField)[0];
  expect([...fieldsOfScorer(helpful).values()].map(describeField)).toEqual([
    'true or false',
    'a whole number from 1 to 5',
    'one of: warm, cold',
    'true or false',
  ]);
  const described = [...fieldsOfScorer(helpful).values()].map(({ description }) => description);
  expect(described).toEqual(['nothing is left to ask', '5: at once', null, null]);
  expect([score(0, 1), score(0, null), score(10, 0, 'lower'), score(10, null, 'lower')]).toEqual([
    'true, false or a number from 0 to 1',
    'true, false or a number from 0 up',
    'true, false or a number from 0 to 10',
    'true, false or a number up to 10',
  ]);
});
