/** Scores that are arithmetic: exact against values computed by hand, or published ones. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/index.ts';
import {
  scoreAnswerLocal,
  scoreCitationsLocal,
  scoreRankingLocal,
  scoreRefusalLocal,
} from '../../../src/steps/score-functions.ts';
import { scoreAnswer, scoreCitations, scoreRanking, scoreRefusal } from '../../../src/steps/scoring-steps.ts';
import { callStep } from '../call.ts';

type Config = { readonly [key: string]: Json };
type Grades = { [id: string]: number };
const missing = (code: string) => ({ code, retryable: false, benign: true });

describe('scoreRanking', () => {
  const rank = (ids: readonly string[], relevant?: Grades, config: Config = {}) =>
    callStep(scoreRanking, scoreRankingLocal, { passages: ids.map((id) => ({ id })), relevant }, config);
  const found = ['d3#4', 'd9', 'd3#0', 'd1#0', 'd7'];
  const grades = { d1: 3, d2: 2, d3: 1 };

  test('documents at the place of their first passage, as the contract case rank_metrics has it', async () => {
    const ndcg = (1 + 3 / Math.log2(4)) / (3 + 2 / Math.log2(3) + 1 / Math.log2(4));
    const { ndcg: scored, ...others } = await rank(found, grades, { k: 3 });
    expect(others).toEqual({ recall: 2 / 3, precision: 2 / 3, hit: true, mrr: 1, ap: (1 + 2 / 3) / 3 });
    expect(scored).toBeCloseTo(ndcg, 12);
    expect(scored).toBeCloseTo(0.525004989, 8);
  });

  test('k counts documents, and gain is what a grade is worth', async () => {
    expect(await rank(found, grades, { k: 2 })).toMatchObject({ recall: 1 / 3, precision: 1 / 2, ap: 1 / 3 });
    const { ndcg } = await rank(found, grades, { k: 3, gain: 'exp' });
    expect(ndcg).toBeCloseTo((1 + 7 / Math.log2(4)) / (7 + 3 / Math.log2(3) + 1 / Math.log2(4)), 12);
  });

  test('passages by their own ids, where the grades are for them', async () => {
    const given = { 'd3#0': 1, 'd2#0': 1 };
    expect(await rank(found, given, { level: 'passage', k: 5 })).toMatchObject({ recall: 1 / 2, mrr: 1 / 3 });
    expect(await rank(found, { d3: 1 }, { level: 'passage' })).toMatchObject({ recall: 0, hit: false });
  });

  test('grades of passages count for their document, the highest', async () => {
    const { ndcg, recall } = await rank(['a#0', 'b#0'], { 'b#1': 1, 'b#7': 3, a: 2 });
    expect(recall).toBe(1);
    expect(ndcg).toBeCloseTo((2 + 3 / Math.log2(3)) / (3 + 2 / Math.log2(3)), 12);
  });

  test('finding nothing is zeros; having nothing to find is no score', async () => {
    expect(await rank([], grades)).toEqual({ recall: 0, precision: 0, hit: false, mrr: 0, ap: 0, ndcg: 0 });
    for (const none of [undefined, {}, { d3: 0 }])
      await expect(rank(found, none)).rejects.toMatchObject(missing('no_relevant'));
  });

  test('names of objects are ids like others', async () => {
    expect(await rank(['constructor', 'toString#1'], { toString: 2 })).toMatchObject({ recall: 1, mrr: 1 / 2 });
  });
});

describe('scoreAnswer', () => {
  const score = (answer: string, expected?: string, contains?: string[]) =>
    callStep(scoreAnswer, scoreAnswerLocal, { answer, expected, contains });

  test.each([
    ['the Broncos!', 'Broncos', true, 1],
    // In: denver, broncos, won; of three and two words, two are shared.
    ['Denver Broncos won', 'The Denver Broncos', false, 4 / 5],
    ['Santa Clara, California', "Levi's Stadium", false, 0],
    // A word counts as often as both have it: one 'no' of three.
    ['no no no', 'no', false, 2 / 4],
    ['An apple, a day.', 'apple day', true, 1],
    // Without apostrophe it is one word, as in SQuAD's script.
    ['“Don’t”', "don't", true, 1],
    ['東京です', '東京', false, 4 / 6],
    ['', 'Broncos', false, 0],
  ])('exact and f1 of %j for %j', async (answer, expected, exact, f1) => {
    expect(await score(answer, expected)).toMatchObject({ exact, f1 });
  });

  test.each([
    // Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, 3.1.
    ['police kill the gunman', 'police killed the gunman', 3 / 4],
    ['the gunman kill police', 'police killed the gunman', 2 / 4],
    ['gunman', 'police killed the gunman', 2 / 5],
    ['...', 'police', 0],
  ])('rougeL of %j for %j', async (answer, expected, rougeL) => {
    expect((await score(answer, expected)).rougeL).toBeCloseTo(rougeL, 12);
  });

  test('marks of citations do not count, indexes in code do', async () => {
    expect(await score('Raise maxDuration [1][2].', 'Raise maxDuration')).toMatchObject({
      exact: true,
      f1: 1,
      rougeL: 1,
    });
    expect(await score('It is `list[0]`.', 'It is list[0]')).toMatchObject({ exact: true });
  });

  test('contains: the share of what is required, by whole words, case and white space aside', async () => {
    const answer = 'Call `streamText({ model })` with\n  maxDuration = 3000; see --top-k.';
    const contained = async (...required: string[]) => (await score(answer, 'x', required)).contains;
    expect(await contained('streamtext', 'with maxDuration', '--top-k', 'STREAMTEXT({ model })')).toBe(1);
    expect(await contained('300', 'maxDur', 'text', '--top')).toBe(1 / 4);
    expect((await score('東京は日本の首都です', 'x', ['東京', '首都'])).contains).toBe(1);
  });

  test('where no string is required, the expected answer is', async () => {
    expect((await score('It was Paris, of course', 'Paris.')).contains).toBe(1);
    expect((await score('It was Parisian', 'Paris.')).contains).toBe(0);
  });

  test('nothing expected is no score', async () => {
    for (const expected of [undefined, ' ', 'The.'])
      await expect(score('Paris', expected)).rejects.toMatchObject(missing('no_expected'));
  });
});

describe('scoreCitations', () => {
  const cite = (cited: readonly string[], relevant?: Grades, config: Config = {}) =>
    callStep(
      scoreCitations,
      scoreCitationsLocal,
      {
        citations: cited.map((passageId) => ({ passageId })),
        passages: ['a#0', 'a#1', 'b#0', 'c#0'].map((id) => ({ id })),
        relevant,
      },
      config,
    );

  test('documents cited, and relevant ones among them', async () => {
    expect(await cite(['a#0', 'a#1', 'b#0'], { a: 2, c: 1, d: 1, e: 0 })).toEqual({
      precision: 1 / 2,
      recall: 1 / 3,
      resolved: 1,
    });
    const passages = await cite(['a#0', 'a#1', 'b#0'], { 'a#0': 2, 'b#0': 1 }, { level: 'passage' });
    expect(passages).toEqual({ precision: 2 / 3, recall: 1, resolved: 1 });
  });

  test('what does not resolve is cited, and relevant to nothing', async () => {
    expect(await cite(['d#0', 'a#0'], { a: 1, d: 1 })).toEqual({ precision: 1 / 2, recall: 1 / 2, resolved: 1 / 2 });
    // Of the same document as one that does.
    expect(await cite(['a#9', 'a#0'], { a: 1 })).toEqual({ precision: 1, recall: 1, resolved: 1 / 2 });
  });

  test('only so many count', async () => {
    expect(await cite(['b#0', 'a#0', 'c#0'], { a: 1, c: 1 }, { k: 2 })).toMatchObject({
      precision: 1 / 2,
      recall: 1 / 2,
    });
  });

  test('citing nothing is zeros; nothing to cite is no score', async () => {
    expect(await cite([], { a: 1 })).toEqual({ precision: 0, recall: 0, resolved: 0 });
    await expect(cite(['a#0'], {})).rejects.toMatchObject(missing('no_relevant'));
  });
});

test.each([
  [true, true, { correct: true, declined: false, wronglyDeclined: false, wronglyAnswered: false }],
  [true, false, { correct: false, declined: false, wronglyDeclined: false, wronglyAnswered: true }],
  [false, true, { correct: false, declined: true, wronglyDeclined: true, wronglyAnswered: false }],
  [false, false, { correct: true, declined: true, wronglyDeclined: false, wronglyAnswered: false }],
])('scoreRefusal: answered %s, answerable %s', async (answered, answerable, expected) => {
  expect(await callStep(scoreRefusal, scoreRefusalLocal, { answered, answerable })).toEqual(expected);
});
