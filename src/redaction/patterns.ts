/**
 * What the built-in patterns find, each under the name that rules and placeholders use. A table of our own: of the
 * libraries looked at, one took names and product numbers for secrets and passed over addresses, others need a service.
 * Every quantifier has a bound and no two neighbours can take the same character, so time grows with the text alone.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { RE2JS } from 're2js';
import type { Matcher, Span } from './redact-text.ts';

/** Of cards, by Luhn (ISO/IEC 7812-1): from the right, every second digit is doubled, and the digits' sum ends in 0. */
function hasCheckDigit(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0 && !/^0+$/.test(digits);
}

/** Of an IBAN (ISO 13616): its first four characters last, letters as 10 to 35, it leaves 1 when divided by 97. */
function isModulo97(iban: string): boolean {
  const moved = `${iban.slice(4)}${iban.slice(0, 4)}`.toUpperCase();
  let rest = 0;
  for (const character of moved) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Characters of an IBAN by its country, of the registry that SWIFT keeps. */
const LENGTHS =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20';
const BY_COUNTRY: ReadonlyMap<string, number> = new Map(
  LENGTHS.split(' ').map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const ibanCountry = (country: string): number | undefined => BY_COUNTRY.get(country.toUpperCase());

// What an expression cannot say of what it has found: check digits, known lengths, and what only looks alike. Each gives how
// many characters of what was found count; 0 where it is a near miss.

/** @param at where in the text it was found */
export type Accept = (found: string, text: string, at: number) => number;

const whole = (found: string, isMeant: boolean): number => (isMeant ? found.length : 0);
const digitsOf = (found: string): string => found.replace(/\D/g, '');

/** File names (`logo@2x.png`) and the user of Git addresses are no personal data. */
const acceptEmail: Accept = (found) => {
  const isFile = /\.(?:png|jpe?g|gif|svg|webp|ico|js|ts|css|md|py)$/i.test(found);
  return whole(found, !isFile && !/^git(?:@|%40)/i.test(found) && !found.endsWith('@redacted.invalid'));
};

const [FEWEST_DIGITS, MOST_DIGITS] = [7, 15];

/** By E.164 a number has at most 15 digits. */
const acceptPhone: Accept = (found) => {
  const { length } = digitsOf(found);
  return whole(found, length >= FEWEST_DIGITS && length <= MOST_DIGITS && isBalanced(found));
};

const isBalanced = (found: string): boolean => found.split('(').length === found.split(')').length;

/** Issuers by their first digits, with the lengths that their numbers have. */
const CARDS =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17})$/;

const acceptCard: Accept = (found) => {
  const digits = digitsOf(found);
  return whole(found, CARDS.test(digits) && hasCheckDigit(digits));
};

/** Words may follow a number that is written in groups: as many characters count as its country's numbers have. */
const acceptIban: Accept = (found) => {
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

const acceptAddress: Accept = (found, text, at) => {
  if (isIPv4(found)) return whole(found, !NOBODYS.test(found) && !VERSION.test(text.slice(Math.max(0, at - 12), at)));
  // `a::b` is also a name in code: a real address has digits and is longer.
  return whole(found, isIPv6(found) && found !== '::1' && /\d/.test(found) && /[\da-f]{2}/i.test(found));
};

/** A user alone (`ssh://git@host`) opens nothing. */
const acceptCredentials: Accept = (found) => whole(found, /:./.test(found));

/** A word that follows `bearer` in prose has no digit. */
const acceptToken: Accept = (found) => whole(found, /\d/.test(found) && /[a-z]/i.test(found));

/** What stands for a secret in examples, or is where one comes from. */
const STAND_IN =
  /^(?:<.*|\$.*|\{.*|%.*|\*+|x{3,}|\.{3,}|…+|\[.*|your[-_ ].*|(?:process|import|os|env|config|secrets?|settings|self|this|args|options)\.[\w.]*|(?:null|none|undefined|true|false|string|required|optional|redacted)\b.*)$/i;
const SHORTEST_SECRET = 6;

/** Quoted, anything; else what has a digit, or follows `=` at once and is no name or call of a program. */
const acceptAssigned: Accept = (found, text, at) => {
  if (STAND_IN.test(found)) return 0;
  if (/["']$/.test(text.slice(0, at).slice(-1)))
    return whole(found, !/\s/.test(found) || found.length >= SHORTEST_SECRET);
  const isCalled = /^[\w.]*\($/.test(`${found}${text[at + found.length] ?? ''}`);
  if (isCalled || /^\d{1,9}(?:\.\d*)?$/.test(found)) return 0;
  return whole(found, /\d/.test(found) || (text[at - 1] === '=' && !/[.](?=\w)/.test(found)));
};

export interface Pattern {
  readonly name: string;
  /** Global. Where it has a group that took part, only the last such group is replaced. */
  readonly expression: RegExp;
  /** Without it there is no match, and asking costs next to nothing. */
  readonly hint?: RegExp;
  readonly accept?: Accept;
}

/** Keys of providers, by the prefixes that they are published with. */
const API_KEYS = [
  String.raw`sk-(?:proj|svcacct|admin|ant|or|lf)-[\w-]{20,300}`, // OpenAI, Anthropic, OpenRouter, Langfuse
  'sk-[A-Za-z0-9]{32,100}',
  'gh[pousr]_[A-Za-z0-9]{36,255}', // GitHub
  String.raw`github_pat_\w{22,255}`,
  String.raw`glpat-[\w-]{20,100}`, // GitLab
  '(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}', // AWS
  String.raw`xox[abeprs]-[\w-]{10,250}`, // Slack
  String.raw`xapp-\d-[\w-]{10,250}`,
  String.raw`AIza[\w-]{35}`, // Google
  String.raw`GOCSPX-[\w-]{20,60}`,
  String.raw`ya29\.[\w-]{20,500}`,
  '[srp]k_(?:live|test)_[A-Za-z0-9]{16,250}', // Stripe
  'whsec_[A-Za-z0-9+/=]{24,100}',
  String.raw`SG\.[\w-]{16,32}\.[\w-]{16,64}`, // SendGrid
  'npm_[A-Za-z0-9]{36}',
  String.raw`pypi-[\w-]{50,250}`,
  'hf_[A-Za-z0-9]{30,60}', // Hugging Face
  'gsk_[A-Za-z0-9]{40,80}', // Groq
  'dop_v1_[0-9a-f]{64}', // DigitalOcean
];

const PHONE = [
  String.raw`\+[1-9](?:[ .\-/()]{0,3}\d){6,16}`, // +49 (0)30 123456
  String.raw`(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])\d{3}[-.]\d{4}`, // (415) 555-2671
];
const LABELLED_PHONE = String.raw`\b(?:tel(?:efon|ephone)?|phone|mobile?|cell|fax|whatsapp)(?: (?:no|number|nr|is))?[ .:#=]{1,4}(\+?\(?\d(?:[ .\-/()]{0,2}\d){5,14})`;

const HEADER = `-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`;
const FOOTER = `-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`;

const LABELS =
  'passw(?:or)?d|passphrase|pwd|(?:api|access|account|private|secret)[ _-]?key|(?:access|auth|refresh|session|id|bearer)[ _-]?token|client[ _-]?secret|secret|token|credential';

/** In order of application: specific patterns first, since others may match parts of them. */
const PATTERNS: readonly Pattern[] = Object.freeze([
  {
    name: 'private-key',
    hint: /PRIVATE KEY/,
    // Where the end was cut off, what can belong to the key goes.
    expression: new RegExp(
      String.raw`${HEADER}(?:(?:(?!-----)[\s\S]){0,20000}${FOOTER}|(?:\s{0,4}(?:\\n)?[\w+/=]{16,100}){0,400})`,
      'g',
    ),
  },
  {
    name: 'url-credentials',
    hint: /:\/\//,
    expression: /[a-z][a-z0-9+.-]{0,20}:\/\/([^\s/?#"'<>`]{1,500})(?=@)/gi,
    accept: acceptCredentials,
  },
  { name: 'jwt', hint: /eyJ/, expression: /(?<![\w-])eyJ[\w-]{8,4096}(?:\.[\w-]{4,4096}){2,4}/g },
  {
    name: 'api-key',
    expression: new RegExp(`(?<![A-Za-z0-9])(?:${API_KEYS.join('|')})(?![A-Za-z0-9])`, 'g'),
  },
  {
    name: 'bearer-token',
    hint: /bearer|authorization/i,
    expression: /\b(?:bearer|authorization["']?[ :=]{1,4}["']?(?:basic|token))[ :=]{1,4}["']?([\w~+/.=-]{8,4096})/gi,
    accept: acceptToken,
  },
  {
    name: 'assigned-secret',
    hint: new RegExp(LABELS, 'i'),
    expression: new RegExp(
      String.raw`(?:${LABELS})(?:\\?["'])? {0,5}(?:=>?|:=?) {0,5}(?:\\?"([^"\\\n]{4,500})|\\?'([^'\\\n]{4,500})|([^\s"'<>,;&(){}[\]\\]{6,500}))`,
      'gi',
    ),
    accept: acceptAssigned,
  },
  {
    name: 'email',
    hint: /@|%40/,
    expression:
      /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+'-]{1,64}(?:@|%40)(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}-])/gu,
    accept: acceptEmail,
  },
  { name: 'iban', expression: /(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi, accept: acceptIban },
  {
    name: 'credit-card',
    expression:
      /(?<![\w.])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,19})(?!\w)/g,
    accept: acceptCard,
  },
  {
    name: 'us-ssn',
    expression: /(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])/g,
  },
  {
    name: 'phone',
    hint: /\d{3}/,
    expression: new RegExp(String.raw`(?<![\w.+/=-])(?:${PHONE.join('|')})(?!\w)|${LABELLED_PHONE}`, 'gi'),
    accept: acceptPhone,
  },
  {
    name: 'ip',
    expression:
      /(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\d))/gi,
    accept: acceptAddress,
  },
]);

/** Object keys whose text is a secret in any form; of the pattern `assigned-secret`. */
export const SECRET_KEY =
  /(?:passw(?:or)?d|passphrase|api[_-]?key|secret[_-]?key|private[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|refresh[_-]?token|client[_-]?secret)$/i;

export const PATTERN_NAMES: readonly string[] = PATTERNS.map(({ name }) => name);

/** In their own order, whichever way they are named. */
export function builtInMatchers(names: readonly string[]): readonly Matcher[] {
  return PATTERNS.filter(({ name }) => names.includes(name)).map((pattern) => ({
    name: pattern.name,
    find: (text: string) => findPattern(pattern, text),
  }));
}

function findPattern({ expression, hint, accept }: Pattern, text: string): readonly Span[] {
  if (hint && !hint.test(text)) return [];
  const spans: Span[] = [];
  for (const match of text.matchAll(expression)) {
    const { from, found } = partOf(match);
    const size = accept ? accept(found, text, from) : found.length;
    if (size > 0) spans.push({ from, to: from + size });
  }
  return spans;
}

/** The last group that took part, which ends where the match does but for a quote; or all of it. */
function partOf(match: RegExpExecArray): { readonly from: number; readonly found: string } {
  const [whole] = match;
  const found = match.slice(1).findLast((group) => group !== undefined && group.length > 1);
  if (found === undefined) return { from: match.index, found: whole };
  return { from: match.index + whole.lastIndexOf(found), found };
}

/**
 * A project's own pattern, in RE2 syntax: its time is linear in the text.
 *
 * @throws Error for an invalid pattern, including look-around and back-references
 */
export function customMatcher(name: string, source: string): Matcher {
  const expression = RE2JS.compile(source);
  return {
    name,
    find(text) {
      const matcher = expression.matcher(text);
      const spans: Span[] = [];
      while (matcher.find()) {
        const span = { from: matcher.start(0), to: matcher.end(0) };
        if (span.to > span.from) spans.push(span);
      }
      return spans;
    },
  };
}
