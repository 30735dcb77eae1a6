/** Cells of human scorers, filled from labels. */
import { expect, it } from 'vitest';
import { ratingsOf, withLabels } from '../../../src/evaluation/calibration/labelled.ts';
import type { Cell } from '../../../src/model/evaluation-result.ts';
import type { ScorerSpec } from '../../../src/model/evaluation-spec.ts';
import { done, failed, missing, rowOf } from '../compare/make.ts';
import { JUDGE, labelOf } from './make.ts';

const share = { better: 'higher', format: 'share', worst: 0, best: 1 } as const;
const human: ScorerSpec = {
  ...JUDGE,
  ...{ id: 'helpful', kind: 'human', call: null },
  fields: { solved: share, clarity: { better: 'higher', format: 'number', worst: 1, best: 5 } },
};
const waiting = (subject: string): Cell => ({
  state: 'missing',
  reason: 'not labelled yet',
  resumable: false,
  subject,
});
const rows = [waiting('s1'), waiting('s2'), waiting('s3'), failed(), missing(), done({ solved: 0.5 })].map(
  (helpful, example) => rowOf(example, 0, { cells: { helpful, judged: waiting('s1') } }),
);
const say = (subject: string, value: Parameters<typeof labelOf>[1], rater = 'ada') =>
  labelOf(subject, value, rater, 'helpful');

it('have the mean over raters, of truth values the share of yes; what nobody has labelled stays missing', () => {
  const ratings = ratingsOf([
    say('s1', { solved: true, clarity: 4 }),
    say('s1', { solved: false, clarity: 5 }, 'ben'),
    say('s1', { solved: true, why: 'short' }, 'cy'),
    say('s2', { why: 'no score' }),
    labelOf('s1', { correct: true }),
  ]);
  const filled = withLabels({ scorers: [human, JUDGE] }, rows, ratings);
  expect(filled.map(({ cells }) => cells.helpful)).toEqual([
    {
      ...{ state: 'done', subject: 's1', detail: { raters: 3 } },
      score: { solved: 2 / 3, clarity: 4.5 },
    },
    ...rows.slice(1).map(({ cells }) => cells.helpful),
  ]);
  expect(filled.every(({ cells }, place) => cells.judged === rows[place]!.cells.judged)).toBe(true);
  expect(withLabels({ scorers: [human] }, rows, ratingsOf([]))).toEqual(rows);
});

it('have what was decided in place of the mean, with those who were asked as raters', () => {
  const said = [say('s1', { solved: true }), say('s1', { solved: true }, 'ben')];
  const ratings = ratingsOf([{ ...say('s1', { solved: false }, 'mo'), isFinal: true }, ...said]);
  const [filled] = withLabels({ scorers: [human] }, rows, ratings);
  expect(filled!.cells.helpful).toMatchObject({ score: { solved: 0 }, detail: { raters: 2 } });
});
