/** What keys do on the reviewing page, and where they do nothing. */
import { describe, expect, test } from 'vitest';
import { questionsOf, type Written } from '../../dashboard/screens/reviews/form.ts';
import { activeOf, deedOf, KEYS, type Press, placeOf } from '../../dashboard/screens/reviews/hotkeys.ts';
import type { LabelField } from '../../src/model/review-queue.ts';

const common = { description: null, least: null, most: null, isWhole: false, choices: [] };
const fields: readonly LabelField[] = [
  { ...common, name: 'correct', kind: 'boolean' },
  { ...common, name: 'grade', kind: 'number', isWhole: true, least: 1, most: 5 },
  { ...common, name: 'tone', kind: 'choice', choices: ['kind', 'curt'] },
  { ...common, name: 'share', kind: 'number', least: 0, most: 1 },
];
const questions = questionsOf({ kind: 'fields', fields });
const pair = questionsOf({ kind: 'pair', fields: [] });

const pressed = (key: string, more: Partial<Press> = {}): Press => ({
  ...{ key, hasCommand: false, hasAlt: false, isRepeat: false, on: 'page' },
  ...more,
});
const deed = (key: string, written: Written = {}, focused: string | null = null, more: Partial<Press> = {}) =>
  deedOf(pressed(key, more), { questions, written, focused });

describe('keys fill in', () => {
  test('the first question that is not filled in, and lead to the next', () => {
    expect(deed('y')).toEqual({ does: 'fill', question: 'correct', value: true, next: 'grade' });
    expect(deed('2', { correct: true })).toEqual({ does: 'fill', question: 'grade', value: 2, next: 'tone' });
    expect(deed('2', { correct: true, grade: 2 })).toMatchObject({ question: 'tone', value: 'curt', next: 'share' });
  });

  test('the question that has the focus, filled in or not', () => {
    expect(deed('n', { correct: true, grade: 1 }, 'correct')).toMatchObject({ value: false, next: 'tone' });
    expect(deed('5', {}, 'grade')).toMatchObject({ question: 'grade', value: 5, next: 'tone' });
    expect(deed('1', { correct: true, grade: 1, share: '1' }, 'tone')).toMatchObject({ value: 'kind', next: null });
  });

  test('nothing where the question has no such option', () => {
    expect([deed('6', { correct: true }), deed('y', {}, 'grade'), deed('1')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('a number by leading to it: the digit is typed there', () => {
    expect(deed('0', { correct: true, grade: 1, tone: 'kind' })).toEqual({ does: 'go', question: 'share' });
  });

  test('which of two is better', () => {
    const of = (key: string) => deedOf(pressed(key), { questions: pair, written: {}, focused: null });
    expect([of('1'), of('2'), of('0')].map((each) => each?.does === 'fill' && each.value)).toEqual([
      'first',
      'second',
      'tie',
    ]);
    expect([of('a'), of('3')]).toEqual([undefined, undefined]);
  });
});

test('keys go from question to question, round', () => {
  const to = (key: string, focused: string | null) => {
    const found = deed(key, {}, focused);
    return found?.does === 'go' ? found.question : found;
  };
  expect([to('j', null), to('j', 'correct'), to('j', 'share')]).toEqual(['correct', 'grade', 'correct']);
  expect([to('k', null), to('k', 'grade'), to('k', 'correct')]).toEqual(['share', 'correct', 'share']);
});

test('Enter submits, but where it presses a button or ends a line; with Ctrl it submits everywhere', () => {
  const on = (where: Press['on'], hasCommand = false) => deed('Enter', {}, null, { on: where, hasCommand })?.does;
  expect([on('page'), on('button'), on('text')]).toEqual(['submit', undefined, undefined]);
  expect([on('page', true), on('button', true), on('text', true)]).toEqual(['submit', 'submit', 'submit']);
});

test('nothing is done while somebody writes, for keys of the browser, or twice for one that is held', () => {
  const keys = ['y', '1', 'j', KEYS.skip, KEYS.pass, KEYS.back, KEYS.note, KEYS.expected, KEYS.help];
  for (const more of [{ on: 'text' }, { hasCommand: true }, { hasAlt: true }, { isRepeat: true }] as const)
    expect(keys.map((key) => deed(key, {}, null, more))).toEqual(keys.map(() => undefined));
});

test('no key has two meanings', () => {
  const own = Object.values(KEYS) as readonly string[];
  const options = [...questions, ...pair].map((each) => each.options.flatMap(({ key }) => key ?? []));
  for (const keys of options) expect(new Set([...keys, ...own]).size).toBe(keys.length + own.length);
});

test('where keys fill in is shown: the focus, else the first that lacks', () => {
  const at = (written: Written, focused: string | null) => activeOf({ questions, written, focused });
  const all = { correct: true, grade: 1, tone: 'kind', share: '0' };
  expect([at({}, null), at({ correct: false }, null), at(all, null), at(all, 'tone')]).toEqual([
    'correct',
    'grade',
    null,
    'tone',
  ]);
});

test.each([
  [{ tagName: 'TEXTAREA' }, 'text'],
  [{ tagName: 'SELECT' }, 'text'],
  [{ tagName: 'INPUT', type: 'text' }, 'text'],
  [{ tagName: 'INPUT', type: 'radio' }, 'page'],
  [{ tagName: 'BUTTON' }, 'button'],
  [{ tagName: 'SUMMARY' }, 'button'],
  [{ tagName: 'A' }, 'button'],
  [{ tagName: 'BODY' }, 'page'],
] as const)('%j is a %s', (element, place) => expect(placeOf(element)).toBe(place));
