/**
 * How often providers may be called, as `SLUICE_LIMITS` says it: `openai/*:rpm=60,tpm=90000,concurrency=8`. All models
 * that a rule names share what it allows, and one model is ruled by one rule: the one that names it most closely.
 */
import { type ModelRule, parseModelRules } from './model-rules.ts';

/** What a scope allows. Absent: without limit. */
export interface Allowance {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** Calls under way at one time. */
  readonly concurrency?: number;
}

/** Requests and tokens per minute, and calls under way at one time. */
export const LIMIT_SETTINGS = ['rpm', 'tpm', 'concurrency'] as const;
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
