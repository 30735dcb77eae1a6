/**
 * What an expression cannot say of what it has found: check digits, known lengths, and what only looks alike. Each gives how
 * many characters of what was found count; 0 where it is a near miss.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { hasCheckDigit, ibanCountry, isModulo97 } from './check-digits.ts';

/** @param at where in the text it was found */
export type Accept = (found: string, text: string, at: number) => number;

const whole = (found: string, isMeant: boolean): number => (isMeant ? found.length : 0);
const digitsOf = (found: string): string => found.replace(/\D/g, '');

/** File names (`logo@2x.png`) and the user that Git's own addresses have are nobody's. */
export const acceptEmail: Accept = (found) => {
  const isFile = /\.(?:png|jpe?g|gif|svg|webp|ico|js|ts|css|md|py)$/i.test(found);
  return whole(found, !isFile && !/^git(?:@|%40)/i.test(found) && !found.endsWith('@redacted.invalid'));
};

const [FEWEST_DIGITS, MOST_DIGITS] = [7, 15];

/** By E.164 a number has at most 15 digits. */
export const acceptPhone: Accept = (found) => {
  const { length } = digitsOf(found);
  return whole(found, length >= FEWEST_DIGITS && length <= MOST_DIGITS && isBalanced(found));
};

const isBalanced = (found: string): boolean => found.split('(').length === found.split(')').length;

/** Issuers by their first digits, with the lengths that their numbers have. */
const CARDS =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17})$/;

export const acceptCard: Accept = (found) => {
  const digits = digitsOf(found);
  return whole(found, CARDS.test(digits) && hasCheckDigit(digits));
};

/** Words may follow a number that is written in groups: as many characters count as its country's numbers have. */
export const acceptIban: Accept = (found) => {
  const size = ibanCountry(found.slice(0, 2));
  if (size === undefined) return 0;
  let at = 0;
  let number = '';
  for (; at < found.length && number.length < size; at += 1) if (/\w/.test(found[at]!)) number += found[at];
  const isWhole = number.length === size && !/\w/.test(found[at] ?? ' ');
  return isWhole && isModulo97(number) ? at : 0;
};

/** Of a machine itself, of all of them, and masks: those say nothing of anybody. */
const NOBODYS = /^(?:0\.|127\.|255\.)/;
const VERSION = /(?:\bv|version|ver\.?|release|build|rev)[ :=]{0,3}$/i;

export const acceptAddress: Accept = (found, text, at) => {
  if (isIPv4(found)) return whole(found, !NOBODYS.test(found) && !VERSION.test(text.slice(Math.max(0, at - 12), at)));
  // `a::b` is also how names are written in code: an address that is somebody's has digits, and is longer.
  return whole(found, isIPv6(found) && found !== '::1' && /\d/.test(found) && /[\da-f]{2}/i.test(found));
};

/** A user alone (`ssh://git@host`) opens nothing. */
export const acceptCredentials: Accept = (found) => whole(found, /:./.test(found));

/** A word that follows `bearer` in prose has no digit. */
export const acceptToken: Accept = (found) => whole(found, /\d/.test(found) && /[a-z]/i.test(found));

/** What stands for a secret in examples, or is where one comes from. */
const STAND_IN =
  /^(?:<.*|\$.*|\{.*|%.*|\*+|x{3,}|\.{3,}|…+|\[.*|your[-_ ].*|(?:process|import|os|env|config|secrets?|settings|self|this|args|options)\.[\w.]*|(?:null|none|undefined|true|false|string|required|optional|redacted)\b.*)$/i;
const SHORTEST_SECRET = 6;

/** Quoted, anything; else what has a digit, or follows `=` at once and is no name or call of a program. */
export const acceptAssigned: Accept = (found, text, at) => {
  if (STAND_IN.test(found)) return 0;
  if (/["']$/.test(text.slice(0, at).slice(-1)))
    return whole(found, !/\s/.test(found) || found.length >= SHORTEST_SECRET);
  const isCalled = /^[\w.]*\($/.test(`${found}${text[at + found.length] ?? ''}`);
  if (isCalled || /^\d{1,9}(?:\.\d*)?$/.test(found)) return 0;
  return whole(found, /\d/.test(found) || (text[at - 1] === '=' && !/[.](?=\w)/.test(found)));
};
