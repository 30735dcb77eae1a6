/** Fifty secrets and personal data, made up, four of each kind: one for each place where such things come from. */

import { createHash } from 'node:crypto';

export const PLACES = ['input', 'output', 'failure', 'feedback'] as const;
export type Place = (typeof PLACES)[number];

/** Of these characters, the same ones for the same words. */
function made(characters: string, size: number, ...words: readonly (string | number)[]): string {
  const bytes = createHash('sha512').update(words.join(' ')).digest();
  return Array.from({ length: size }, (_, at) => characters[bytes[at % bytes.length]! % characters.length]).join('');
}

const mixed = (size: number, seed: number) => made('aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYz', size, 'mixed', size, seed);
const digits = (size: number, seed: number) => made('0123456789', size, 'digits', size, seed);

/** With the digit that makes its sum by Luhn end in 0. */
function card(seed: number): string {
  const body = `4${digits(14, seed)}`;
  const isRight = (number: string) =>
    [...number].reverse().reduce((sum, digit, place) => {
      const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
      return sum + (value > 9 ? value - 9 : value);
    }, 0) %
      10 ===
    0;
  const last = [...'0123456789'].find((digit) => isRight(body + digit))!;
  return `${body}${last}`.replace(/(\d{4})(?=\d)/g, '$1 ');
}

/** A German account, with the two digits that make it leave 1 when divided by 97. */
function iban(seed: number): string {
  const account = digits(18, seed);
  const rest = BigInt(`${account}131400`) % 97n;
  return `DE${String(98n - rest).padStart(2, '0')}${account}`;
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const KINDS: readonly ((seed: number) => string)[] = [
  (seed) => `zinnia.${mixed(6, seed).toLowerCase()}@planted.example`,
  (seed) => `+49 170 ${digits(7, seed + 1)}`,
  card,
  iban,
  (seed) => `${123 + seed}-45-67${80 + seed}`,
  (seed) => `203.0.113.${17 + seed}`,
  (seed) => `https://planted:${mixed(12, seed)}@db.example/x`,
  (seed) => [{ alg: 'HS256' }, { sub: `planted-${seed}` }].map(base64url).concat(mixed(43, seed)).join('.'),
  (seed) => `-----BEGIN PRIVATE KEY-----\n${mixed(64, seed)}\n${mixed(40, seed + 9)}\n-----END PRIVATE KEY-----`,
  (seed) =>
    ['sk-proj-', 'ghp_', 'sk_live_', 'AKIA'][seed]! + (seed === 3 ? mixed(16, 5).toUpperCase() : mixed(36, seed)),
  (seed) => `Bearer ${mixed(40, seed + 20)}`,
  (seed) => `password=${mixed(14, seed + 30)}`,
];

export interface Planted {
  readonly place: Place;
  /** As it stands in a text. */
  readonly text: string;
  /** What must be nowhere: of a text with lines the first that is a secret. */
  readonly secret: string;
}

/** What of a planted text tells that it is there. */
function secretOf(text: string): string {
  if (text.startsWith('-----')) return text.split('\n')[1]!;
  return text.replace(/^(?:Bearer |password=|https:\/\/planted:)/, '').replace(/@db\.example\/x$/, '');
}

/** 48 by the built-in patterns, one by a pattern of the project, and one by the name of its field. */
export const PLANTED: readonly Planted[] = [
  ...PLACES.flatMap((place, seed) => KINDS.map((make) => ({ place, text: make(seed), secret: secretOf(make(seed)) }))),
  { place: 'input', text: 'EMP-104729', secret: 'EMP-104729' },
  { place: 'input', text: 'Zebulon Quarterstaff', secret: 'Zebulon Quarterstaff' },
];
export const FIELD = PLANTED.at(-1)!;

/** All of a place in one text, as people and programs write them. */
export const planted = (place: Place): string =>
  PLANTED.filter((each) => each.place === place && each !== FIELD)
    .map(({ text }) => `it is ${text} here`)
    .join(';\n');

export const RULES = {
  SLUICE_REDACT: 'all',
  SLUICE_REDACT_PATTERNS: JSON.stringify({ employee: String.raw`EMP-\d{6}` }),
  SLUICE_REDACT_FIELDS: 'customer.name',
} as const;
