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
