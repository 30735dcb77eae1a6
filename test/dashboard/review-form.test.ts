/** What experts fill in, by the fields of a queue: which controls, what is missing, and what is sent. */
import { expect, test } from 'vitest';
import { doneOf, draftOf, dropDraft, keepDone, keepDraft } from '../../dashboard/screens/reviews/drafts.ts';
import {
  inWords,
  lacksOf,
  questionsOf,
  saidOf,
  type Written,
  writtenOf,
} from '../../dashboard/screens/reviews/form.ts';
import type { LabelField } from '../../src/model/review-queue.ts';

const field = (name: string, kind: LabelField['kind'], more: Partial<LabelField> = {}): LabelField => ({
  ...{ name, description: null, kind, least: null, most: null, isWhole: false, choices: [] },
  ...more,
});
const FIELDS = [
  field('correct', 'boolean'),
  field('grade', 'number', { isWhole: true, least: 1, most: 5 }),
  field('tone', 'choice', { choices: ['kind', 'curt'] }),
  field('share', 'number', { least: 0, most: 1, description: 'Of the links' }),
];
const asked = questionsOf({ kind: 'fields', fields: FIELDS });
const pair = questionsOf({ kind: 'pair', fields: [] });

test('a field is asked for by what fits it', () => {
  expect(asked.map(({ name, is, about, options }) => [name, is, about, options.map(({ key }) => key)])).toEqual([
    ['correct', 'yes-no', null, ['y', 'n']],
    ['grade', 'scale', null, ['1', '2', '3', '4', '5']],
    ['tone', 'choices', null, ['1', '2']],
    ['share', 'number', 'Of the links (a number from 0 to 1)', []],
  ]);
  expect(pair[0]!.options.map(({ value, key }) => [value, key])).toEqual([
    ['first', '1'],
    ['tie', '0'],
    ['second', '2'],
  ]);
});

test.each([
  [{ least: 0, most: 9 }, 'scale'],
  [{ least: 0, most: 10 }, 'number'],
  [{ least: 1, most: null }, 'number'],
  [{ least: 1, most: 5, isWhole: false }, 'number'],
] as const)('a number with %j is a %s', (bounds, is) => {
  expect(questionsOf({ kind: 'fields', fields: [field('n', 'number', { isWhole: true, ...bounds })] })[0]!.is).toBe(is);
});

test('only the first nine choices, and steps of one digit, have keys', () => {
  const choices = Array.from({ length: 11 }, (_, place) => `choice ${place}`);
  const [chosen, step] = questionsOf({
    kind: 'fields',
    fields: [field('c', 'choice', { choices }), field('n', 'number', { isWhole: true, least: -1, most: 1 })],
  });
  expect(chosen!.options.map(({ key }) => key)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', null, null]);
  expect(step!.options.map(({ key }) => key)).toEqual([null, '0', '1']);
});

test('what is missing, or does not fit, is said, and nothing is sent before', () => {
  const written: Written = { correct: false, tone: 'kind', share: '1,5' };
  expect([...lacksOf(asked, written)]).toEqual([
    ['grade', 'not filled in yet'],
    ['share', 'it takes a number from 0 to 1'],
  ]);
  expect(() => saidOf(asked, written)).toThrow('grade, share');
  expect(saidOf(asked, { ...written, grade: 3, share: ' 0.5 ' })).toEqual({
    value: { correct: false, grade: 3, tone: 'kind', share: 0.5 },
  });
  expect([...lacksOf(pair, {}).keys()]).toEqual(['winner']);
  expect(saidOf(pair, { winner: 'tie' })).toEqual({ winner: 'tie' });
});

test('what was said before is there to be changed', () => {
  const review = { reviewer: 'ada', note: null, at: 1 };
  expect(writtenOf({ mine: { ...review, value: { correct: true }, winner: null } })).toEqual({ correct: true });
  expect(writtenOf({ mine: { ...review, value: { win: 0 }, winner: 'second' } })).toEqual({ winner: 'second' });
  expect(writtenOf({ mine: null })).toEqual({});
});

test.each([
  ['wronglyDeclined', 'Wrongly declined'],
  ['link_quality', 'Link quality'],
  ['ok', 'Ok'],
])('%s is read as %s', (name, words) => expect(inWords(name)).toBe(words));

function storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

const ONE = { queue: 'one', reviewer: 'ada' };
const OTHER = { ...ONE, queue: 'other' };

test('a draft is kept by item until it is sent or emptied', () => {
  const kept = storage();
  const draft = { written: { correct: false }, note: 'so' };
  keepDraft(kept, ONE, 3, draft);
  const others = [OTHER, { ...ONE, reviewer: 'bo' }].map((of) => draftOf(kept, of, 3));
  expect([draftOf(kept, ONE, 3), draftOf(kept, ONE, 4), ...others]).toEqual([draft, undefined, undefined, undefined]);
  keepDraft(kept, ONE, 3, { written: {}, note: '' });
  expect(draftOf(kept, ONE, 3)).toBeUndefined();
  keepDraft(kept, ONE, 3, draft);
  dropDraft(kept, ONE, 3);
  expect(draftOf(kept, ONE, 3)).toBeUndefined();
});

test('storage that is forbidden, full or spoilt costs a draft and no more', () => {
  const forbidden = () => {
    throw new Error('forbidden');
  };
  const none = { getItem: forbidden, setItem: forbidden, removeItem: forbidden };
  keepDraft(none, ONE, 1, { written: { a: 1 }, note: '' });
  dropDraft(none, ONE, 1);
  expect(draftOf(none, ONE, 1)).toBeUndefined();
  const spoilt = { ...storage(), getItem: () => '{"written": 1' };
  expect([draftOf(spoilt, ONE, 1), doneOf(spoilt, ONE)]).toEqual([undefined, []]);
});

test('one goes back over the last 200 items', () => {
  const kept = storage();
  keepDone(
    kept,
    ONE,
    Array.from({ length: 250 }, (_, place) => place),
  );
  expect([doneOf(kept, ONE).length, doneOf(kept, ONE).at(-1)]).toEqual([200, 249]);
  expect([OTHER, { ...ONE, reviewer: 'bo' }].map((of) => doneOf(kept, of))).toEqual([[], []]);
});
