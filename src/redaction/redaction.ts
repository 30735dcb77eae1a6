/**
 * Redaction: what rules name is taken out of texts and JSON before anything keeps them. Object keys stay as they are, and so
 * does what passages are known by, as answers cite them by it.
 */
import type { Json } from '../plan/plan.ts';
import { builtInMatchers, customMatcher, SECRET_KEY } from './patterns.ts';
import { isPlaceholder, normalise, placeholder, REDACTED, redactText } from './redact-text.ts';
import { describeRules, hasRules, isField, NO_RULES, type RedactionRules, rulesDigest } from './rules.ts';

export interface Redaction {
  /** Off: everything is given back as it is. */
  readonly isOn: boolean;
  readonly digest: string;
  /** In words. */
  readonly rules: string;
  text(text: string): string;
  json(value: Json): Json;
}

const SECRET = 'assigned-secret';

/** To redact what is redacted changes nothing. */
export function createRedaction(rules: RedactionRules): Redaction {
  const own = rules.custom.map(([name, source]) => customMatcher(name, source));
  // A project's own patterns come first: what they find may hold parts that others find, too.
  const matchers = [...own, ...builtInMatchers(rules.patterns)];
  const hasSecrets = rules.patterns.includes(SECRET);
  const text = (given: string) => redactText(matchers, given);

  function walk(value: Json, keys: readonly string[]): Json {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((part) => walk(part, keys));
    const object = value as JsonObject;
    const isPassage = isOfPassage(object);
    return mapEntries(object, (written, part) => {
      if (isPassage && KNOWN_BY.has(written)) return part;
      const key = normalise(written)?.text ?? written;
      const inner = [...keys, key.toLowerCase()];
      if (isField(rules.fields, inner)) return removed(part);
      if (hasSecrets && typeof part === 'string' && part !== '' && SECRET_KEY.test(key)) return secret(part);
      return walk(part, inner);
    });
  }

  const isOn = hasRules(rules);
  return Object.freeze({
    ...{ isOn, digest: rulesDigest(rules), rules: describeRules(rules) },
    text: isOn ? text : (given: string) => given,
    json: isOn ? (value: Json) => walk(value, []) : (value: Json) => value,
  });
}

export const NO_REDACTION: Redaction = createRedaction(NO_RULES);

type JsonObject = { readonly [key: string]: Json };

/** By what passages and citations are found again. */
const KNOWN_BY: ReadonlySet<string> = new Set(['id', 'passageId']);

/** A passage (`{id, score, text}`), or what cites one (`{n, passageId}`). */
const isOfPassage = (value: JsonObject): boolean =>
  (typeof value.id === 'string' && typeof value.score === 'number' && typeof value.text === 'string') ||
  typeof value.passageId === 'string';

/** What was removed before stays as it says. */
const secret = (text: string): Json => (isPlaceholder(text) ? text : placeholder(SECRET));

/** Lists and objects keep their form, as a schema may ask for it. */
function removed(value: Json): Json {
  if (Array.isArray(value)) return value.map(removed);
  if (typeof value === 'object' && value !== null) return mapEntries(value as JsonObject, (_, part) => removed(part));
  return value === null || value === '' ? value : REDACTED;
}

function mapEntries(of: JsonObject, change: (key: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(key, value)]));
}
