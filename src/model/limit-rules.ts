/**
 * How often providers may be called, as `SLUICE_LIMITS` says it: `openai/*:rpm=60,tpm=90000,concurrency=8`. All models
 * that a rule names share what it allows, and one model is ruled by one rule: the one that names it most closely.
 */

/** What a scope allows. Absent: without limit. */
export interface Allowance {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** Calls under way at one time. */
  readonly concurrency?: number;
}

/** Requests and tokens per minute, and calls under way at one time. */
const LIMIT_SETTINGS = ['rpm', 'tpm', 'concurrency'] as const;
export type LimitRules = readonly ModelRule<(typeof LIMIT_SETTINGS)[number]>[];

/** Each call under way has an entry in its scope's row. */
const MOST_CONCURRENT = 1_000;

/** @returns the rules, or a sentence that says what is wrong */
export function parseLimitRules(text: string): LimitRules | { readonly problem: string } {
  const rules = parseModelRules(text, LIMIT_SETTINGS);
  if ('problem' in rules) return rules;
  for (const { pattern, settings } of rules) {
    const bad = LIMIT_SETTINGS.find((name) => settings[name] !== undefined && !(settings[name] > 0));
    if (bad !== undefined)
      return { problem: `${bad} of ${pattern} must be above 0: a model with none is never called` };
    if (!Number.isInteger(settings.concurrency ?? 1) || (settings.concurrency ?? 1) > MOST_CONCURRENT)
      return { problem: `concurrency of ${pattern} is not a whole number from 1 to ${MOST_CONCURRENT}` };
  }
  return rules;
}

export interface ScopedAllowance {
  /** What shares the allowance: the rule's pattern; a model's own name where no rule names it. */
  readonly scope: string;
  readonly allowance: Allowance;
}

/** Of several rules with one pattern the last counts. */
export function allowanceOf(rules: LimitRules, model: string): ScopedAllowance {
  const fitting = rules.filter(({ pattern }) => fits(pattern, model));
  const [rule] = fitting.toReversed().toSorted((one, other) => closeness(other.pattern) - closeness(one.pattern));
  if (rule === undefined) return { scope: model, allowance: {} };
  const { rpm, tpm, concurrency } = rule.settings;
  return {
    scope: rule.pattern,
    allowance: {
      ...(rpm !== undefined && { requestsPerMinute: rpm }),
      ...(tpm !== undefined && { tokensPerMinute: tpm }),
      ...(concurrency !== undefined && { concurrency }),
    },
  };
}

const fits = (pattern: string, model: string): boolean =>
  pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern;

const closeness = (pattern: string): number => (pattern.endsWith('*') ? pattern.length : Number.MAX_SAFE_INTEGER);

/**
 * How numbers are set for models by one variable, such as `SLUICE_PRICES`: rules apart by `;`, each a model's name (or the
 * beginning of names, ended by `*`), a colon, and settings: `openai/my-model:input=0.2,output=0.8;cohere/*:search=2`.
 */
export type ModelSettings<Key extends string> = { readonly [key in Key]?: number };

export interface ModelRule<Key extends string> {
  /** `openai/gpt-5-mini`, or `openai/*`. */
  readonly pattern: string;
  readonly settings: ModelSettings<Key>;
}

/** What `SLUICE_PRICES` may set: dollars per million tokens, and per thousand search units. */
export const PRICE_SETTINGS = ['input', 'cached', 'output', 'search'] as const;
export type PriceRules = readonly ModelRule<(typeof PRICE_SETTINGS)[number]>[];

const MOST_RULES = 200;
const PATTERN = /^(?:\*|(?:openai|cohere|local)\/[^\s;,=*]{0,200}\*?)$/;
const NUMBER = /^\d+(?:\.\d+)?$/;

/**
 * @param keys what may be set; each value is a number from 0
 * @returns the rules in the order given, or a sentence that says what is wrong
 */
export function parseModelRules<Key extends string>(
  text: string,
  keys: readonly Key[],
): readonly ModelRule<Key>[] | { readonly problem: string } {
  const parts = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length > MOST_RULES) return { problem: `it has ${parts.length} rules; at most ${MOST_RULES} are read` };
  const rules: ModelRule<Key>[] = [];
  for (const part of parts) {
    // A model's own name may hold colons, as in `ft:gpt-4o:acme`; settings hold none.
    const colon = part.lastIndexOf(':');
    const pattern = part.slice(0, Math.max(0, colon)).trim();
    if (!PATTERN.test(pattern))
      return { problem: `'${part}' does not begin with a model such as openai/* and a colon` };
    const settings: { [key in Key]?: number } = {};
    for (const setting of part.slice(colon + 1).split(',')) {
      const [key = '', value = '', ...rest] = setting.split('=').map((side) => side.trim());
      const known = keys.find((name) => name === key);
      if (known === undefined || rest.length > 0 || !NUMBER.test(value))
        return { problem: `'${setting.trim()}' of ${pattern} is not one of ${keys.join(', ')} with a number` };
      settings[known] = Number(value);
    }
    rules.push(Object.freeze({ pattern, settings: Object.freeze(settings) }));
  }
  return Object.freeze(rules);
}

/** What is set for a model: of all rules that fit, a longer pattern's settings over a shorter one's. */
export function settingsFor<Key extends string>(rules: readonly ModelRule<Key>[], name: string): ModelSettings<Key> {
  const fitting = rules
    .filter(({ pattern }) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern))
    .toSorted((one, other) => weightOf(one.pattern) - weightOf(other.pattern));
  return Object.assign({}, ...fitting.map(({ settings }) => settings));
}

/** A whole name outweighs every beginning of it. */
const weightOf = (pattern: string): number => (pattern.endsWith('*') ? pattern.length : Number.MAX_SAFE_INTEGER);
