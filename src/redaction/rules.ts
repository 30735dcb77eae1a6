/** Which rules are on, as the environment names them. Data: what is made of them is in `redaction.ts`. */
import { createHash } from 'node:crypto';
import { customMatcher, PATTERN_NAMES } from './patterns.ts';
import { normalise } from './redact-text.ts';

export interface RedactionRules {
  /** Built-in patterns by name. */
  readonly patterns: readonly string[];
  readonly fields: readonly FieldRule[];
  /** Patterns of the project's own: name and source. */
  readonly custom: readonly (readonly [name: string, source: string])[];
}

export const NO_RULES: RedactionRules = Object.freeze({ patterns: [], fields: [], custom: [] });

type Parsed<T> = T | { readonly problem: string };

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `email, phone`, or `all`. */
export function parsePatternNames(text: string): Parsed<readonly string[]> {
  const names = listOf(text);
  if (names.includes('all')) return PATTERN_NAMES;
  const unknown = names.find((name) => !PATTERN_NAMES.includes(name));
  if (unknown === undefined) return PATTERN_NAMES.filter((name) => names.includes(name));
  return { problem: `'${unknown}' is no pattern; there are all, ${PATTERN_NAMES.join(', ')}` };
}

export function parseFieldRules(text: string): Parsed<readonly FieldRule[]> {
  const paths = listOf(text);
  if (paths.length > MOST_FIELDS) return { problem: `${paths.length} fields are named, ${MOST_FIELDS} may be` };
  const rules: FieldRule[] = [];
  for (const path of paths) {
    const rule = parseFieldRule(path);
    if ('problem' in rule) return rule;
    rules.push(rule);
  }
  return rules;
}

const [MOST_CUSTOM, LONGEST_SOURCE] = [50, 1_000];
/** Letters, so that what is left in a text cannot be a secret that looks like a name. */
const CUSTOM_NAME = /^(?=.{1,40}$)[a-z]+(?:-[a-z]+)*$/;

/** `{"employee": "EMP-\\d{6}"}` */
export function parseCustomPatterns(text: string): Parsed<RedactionRules['custom']> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return { problem: `it is not JSON: ${(error as Error).message}` };
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { problem: 'it is not an object of names and regular expressions' };
  const custom = Object.entries(given as { readonly [name: string]: unknown });
  if (custom.length > MOST_CUSTOM) return { problem: `${custom.length} patterns are given, ${MOST_CUSTOM} may be` };
  for (const [name, source] of custom) {
    const problem = problemOf(name, source);
    if (problem) return { problem: `'${name}': ${problem}` };
  }
  return custom as RedactionRules['custom'];
}

function problemOf(name: string, source: unknown): string | undefined {
  if (!CUSTOM_NAME.test(name)) return 'a name is of small letters and single hyphens, at most 40 characters';
  if (PATTERN_NAMES.includes(name) || name === 'all') return 'there is a built-in pattern of this name';
  if (typeof source !== 'string' || source === '' || source.length > LONGEST_SOURCE)
    return `a pattern is a text of 1 to ${LONGEST_SOURCE} characters`;
  try {
    if (customMatcher(name, source).find('').length > 0) return 'it matches nothing at all';
  } catch (error) {
    return `${(error as Error).message} (the syntax is that of RE2: without look-around and back-references)`;
  }
  return undefined;
}

export const hasRules = ({ patterns, fields, custom }: RedactionRules): boolean =>
  patterns.length + fields.length + custom.length > 0;

const DIGITS = 12;

/** The same for the same rules: by it workers and clients see whether they agree. `off` where there are none. */
export function rulesDigest(rules: RedactionRules): string {
  if (!hasRules(rules)) return 'off';
  const { patterns, fields, custom } = rules;
  const content = [patterns, fields.map(({ names }) => names.join('.')).sort(), [...custom].sort()];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, DIGITS);
}

/** `email, phone; fields customer.email; own patterns employee`; without what patterns look for. */
export function describeRules({ patterns, fields, custom }: RedactionRules): string {
  const parts = [
    ...(patterns.length === 0 ? [] : [patterns.length === PATTERN_NAMES.length ? 'all patterns' : patterns.join(', ')]),
    ...(fields.length === 0 ? [] : [`fields ${fields.map(({ path }) => path).join(', ')}`]),
    ...(custom.length === 0 ? [] : [`own patterns ${custom.map(([name]) => name).join(', ')}`]),
  ];
  return parts.join('; ') || 'off';
}

// Field rules: values that are always removed. `ssn`: anywhere; `customer.email`: an `email` within a `customer`;
// `*.ssn`: one within any object. Lists are transparent: `customers.email` covers each element.

export interface FieldRule {
  /** As it was written. */
  readonly path: string;
  /** Normalised and in lower case: `Email` equals `email`. */
  readonly names: readonly string[];
}

const MOST_FIELDS = 100;
const NAME = /^(?:\*|[\p{L}\p{N}_$-]{1,64})$/u;
const LONGEST_PATH = 8;
/** By these steps know their passages and answers their sources: without them an answer cites nothing. */
const KEPT: ReadonlySet<string> = new Set(['id', 'passageid', 'score', 'n', '*']);

/** The rule, or what is wrong with it. */
function parseFieldRule(path: string): FieldRule | { readonly problem: string } {
  const names = (normalise(path)?.text ?? path).split('.').map((name) => name.toLowerCase());
  if (names.length > LONGEST_PATH || !names.every((name) => NAME.test(name)))
    return { problem: `'${path}' is no field: give a name (ssn), or names with dots between (customer.email, *.ssn)` };
  if (names.length === 1 && KEPT.has(names[0]!))
    return { problem: `'${path}' alone is also what passages are known by: say of what, as in customer.${path}` };
  if (names.at(-1) === '*') return { problem: `'${path}' names no field: end it with a name` };
  return { path, names };
}

/** @param keys from the outside in, in lower case, without places in lists */
export function isField(rules: readonly FieldRule[], keys: readonly string[]): boolean {
  return rules.some(
    ({ names }) =>
      names.length <= keys.length &&
      names.every((name, place) => name === '*' || name === keys[keys.length - names.length + place]),
  );
}
