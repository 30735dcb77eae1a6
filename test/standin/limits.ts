/**
 * A limiter that really counts: requests and tokens of the last minute, and requests under way. Tokens are charged when
 * a request comes, as OpenAI says it does: the larger of what it asks for at most and what its prompt has
 * (https://platform.openai.com/docs/guides/rate-limits).
 */

import { matchesRoute, nowMs } from './record.ts';
import type { Match, RouteName } from './stand-in.ts';

export interface Limit {
  readonly requestsPerWindow?: number;
  readonly tokensPerWindow?: number;
  readonly concurrency?: number;
  /** A minute unless said; tests may take less. */
  readonly windowMs?: number;
  /** `asked` (default) keeps the charge made at the start; `billed` replaces it by what was billed in the end. */
  readonly charge?: 'asked' | 'billed';
}

export interface Admission {
  readonly admitted: boolean;
  /** When the same request could be admitted. */
  readonly retryAfterMs: number;
  /** What went over. */
  readonly over: 'requests' | 'tokens' | 'concurrency' | null;
  readonly remaining: { readonly requests: number; readonly tokens: number };
  readonly limit: { readonly requests: number; readonly tokens: number };
  /** To be called once when the request has ended. */
  readonly done: (billedTokens: number) => void;
}

interface Entry {
  readonly atMs: number;
  tokens: number;
  open: boolean;
}

interface Rule {
  readonly match: Pick<Match, 'route' | 'model'>;
  readonly limit: Limit;
  readonly entries: Entry[];
}

/** What headers say where no limit was set: OpenAI's first paid tier. */
const unlimited = { requests: 10_000, tokens: 2_000_000 };

export interface Limits {
  add(match: Rule['match'], limit: Limit): void;
  admit(route: RouteName, model: string | null, tokens: number): Admission;
  clear(): void;
}

export function createLimits(): Limits {
  const rules: Rule[] = [];
  return {
    add: (match, limit) => void rules.push({ match, limit, entries: [] }),
    clear: () => void rules.splice(0),
    admit(route, model, tokens) {
      const rule = rules.find(
        ({ match }) => matchesRoute(match.route, route) && (match.model === undefined || match.model === model),
      );
      return rule === undefined ? free() : admitBy(rule, tokens);
    },
  };
}

function free(): Admission {
  return {
    admitted: true,
    retryAfterMs: 0,
    over: null,
    remaining: { requests: unlimited.requests - 1, tokens: unlimited.tokens },
    limit: unlimited,
    done: () => undefined,
  };
}

function admitBy(rule: Rule, tokens: number): Admission {
  const now = nowMs();
  const windowMs = rule.limit.windowMs ?? 60_000;
  const limit = {
    requests: rule.limit.requestsPerWindow ?? unlimited.requests,
    tokens: rule.limit.tokensPerWindow ?? unlimited.tokens,
  };
  const recent = rule.entries.filter((entry) => entry.atMs > now - windowMs);
  const open = rule.entries.filter((entry) => entry.open);
  rule.entries.splice(0, rule.entries.length, ...rule.entries.filter((entry) => recent.includes(entry) || entry.open));
  const spent = recent.reduce((sum, entry) => sum + entry.tokens, 0);
  const remaining = { requests: limit.requests - recent.length, tokens: limit.tokens - spent };
  const over =
    remaining.requests < 1
      ? 'requests'
      : remaining.tokens < tokens
        ? 'tokens'
        : open.length >= (rule.limit.concurrency ?? Infinity)
          ? 'concurrency'
          : null;
  if (over !== null) {
    const oldest = recent[0]?.atMs ?? now;
    const retryAfterMs = over === 'concurrency' ? 100 : Math.max(1, Math.ceil(oldest + windowMs - now));
    return { admitted: false, retryAfterMs, over, remaining, limit, done: () => undefined };
  }
  const entry: Entry = { atMs: now, tokens, open: true };
  rule.entries.push(entry);
  return {
    admitted: true,
    retryAfterMs: 0,
    over: null,
    remaining: { requests: remaining.requests - 1, tokens: remaining.tokens - tokens },
    limit,
    done(billedTokens) {
      entry.open = false;
      if (rule.limit.charge === 'billed') {
        entry.tokens = billedTokens;
      }
    },
  };
}
