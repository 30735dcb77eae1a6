/** Which key does what on the reviewing page. Pure: a key and where it was pressed in, what is to be done out. */
import type { LabelValue } from '../../../src/model/review-queue.ts';
import { lacksOf, type Question, type Written } from './form.ts';

export interface Press {
  readonly key: string;
  /** Ctrl, or the command key. */
  readonly hasCommand: boolean;
  readonly hasAlt: boolean;
  /** Held down: nothing is done twice for it. */
  readonly isRepeat: boolean;
  /** Where: in a text that is being written, on what Enter itself presses, or anywhere else. */
  readonly on: 'text' | 'button' | 'page';
}

export interface Standing {
  readonly questions: readonly Question[];
  readonly written: Written;
  /** The question that has the focus; null: none. */
  readonly focused: string | null;
}

export type Deed =
  | { readonly does: 'fill'; readonly question: string; readonly value: LabelValue; readonly next: string | null }
  | { readonly does: 'go'; readonly question: string }
  | { readonly does: 'submit' | 'skip' | 'pass' | 'back' | 'note' | 'expected' | 'help' };

/** Shown on the controls and in the help. */
export const KEYS = {
  ...{ submit: 'Enter', skip: 's', pass: 'x', back: 'u', note: 'w', expected: 'e', help: '?' },
  ...{ down: 'j', up: 'k' },
} as const;

const DEEDS: { readonly [key: string]: 'skip' | 'pass' | 'back' | 'note' | 'expected' | 'help' } = {
  [KEYS.skip]: 'skip',
  [KEYS.pass]: 'pass',
  [KEYS.back]: 'back',
  [KEYS.note]: 'note',
  [KEYS.expected]: 'expected',
  [KEYS.help]: 'help',
};

/** Undefined: the key is the browser's. */
export function deedOf(press: Press, standing: Standing): Deed | undefined {
  const { key, hasCommand, hasAlt, isRepeat, on } = press;
  if (isRepeat || hasAlt) return undefined;
  if (key === KEYS.submit) return hasCommand || on === 'page' ? { does: 'submit' } : undefined;
  if (hasCommand || on === 'text') return undefined;
  const deed = DEEDS[key];
  if (deed !== undefined) return { does: deed };
  if (key === KEYS.down) return goTo(standing, 1);
  if (key === KEYS.up) return goTo(standing, -1);
  return filledBy(key, standing);
}

/** Of the question that has the focus, else of the first that is not filled in. */
function filledBy(key: string, standing: Standing): Deed | undefined {
  const { questions, written } = standing;
  const at = activeOf(standing);
  const question = questions.find(({ name }) => name === at);
  if (question === undefined) return undefined;
  if (question.is === 'number') return /^[\d.-]$/.test(key) ? { does: 'go', question: question.name } : undefined;
  const option = question.options.find((each) => each.key === key);
  if (option === undefined) return undefined;
  const next = nextOf(questions, { ...written, [question.name]: option.value }, question.name);
  return { does: 'fill', question: question.name, value: option.value, next };
}

/** Where keys fill in: null when everything is there and nothing has the focus. */
export function activeOf({ questions, written, focused }: Standing): string | null {
  if (focused !== null) return focused;
  const lacks = lacksOf(questions, written);
  return questions.find(({ name }) => lacks.has(name))?.name ?? null;
}

/** The next that is not filled in, from this one on and round; null: none. */
function nextOf(questions: readonly Question[], written: Written, from: string): string | null {
  const lacks = lacksOf(questions, written);
  const place = questions.findIndex(({ name }) => name === from);
  const order = [...questions.slice(place + 1), ...questions.slice(0, place)];
  return order.find(({ name }) => lacks.has(name))?.name ?? null;
}

function goTo(standing: Standing, by: 1 | -1): Deed | undefined {
  const { questions, focused } = standing;
  if (questions.length === 0) return undefined;
  const at = questions.findIndex(({ name }) => name === focused);
  const to = at < 0 ? (by > 0 ? 0 : questions.length - 1) : (at + by + questions.length) % questions.length;
  return { does: 'go', question: questions[to]!.name };
}

const IS_TEXT = /^(?:textarea|select)$/i;
const IS_PRESSED = /^(?:button|a|summary)$/i;

/** Where a key was pressed, by the element that has the focus. */
export function placeOf(element: { readonly tagName: string; readonly type?: unknown }): Press['on'] {
  const { tagName, type } = element;
  if (IS_TEXT.test(tagName)) return 'text';
  if (/^input$/i.test(tagName)) return type === 'radio' || type === 'checkbox' ? 'page' : 'text';
  return IS_PRESSED.test(tagName) ? 'button' : 'page';
}
