/**
 * What a stand-in remembers of every request: when it came, who sent it, what it said, what was sent back and when, and
 * what it cost. Times are milliseconds since 1970 with fractions, comparable between processes of one machine.
 */
import type { Json } from '../../src/plan/plan.ts';
import type { Match, RouteName } from './stand-in.ts';

export interface BilledUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly searchUnits: number;
}

export const nothingBilled: BilledUsage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, searchUnits: 0 };

export interface RequestSeen {
  /** From 1. */
  readonly sequence: number;
  readonly requestId: string;
  readonly route: RouteName;
  readonly model: string | null;
  readonly atMs: number;
  /** Of the key that came, 12 hex digits of its SHA-256; null where none came. The key itself is never kept. */
  readonly keyHash: string | null;
  readonly idempotencyKey: string | null;
  readonly body: Json;
  readonly streamed: boolean;
  /** Null until headers were sent. */
  readonly status: number | null;
  /** The kind of the fault that it met. */
  readonly fault: string | null;
  readonly refusedByLimit: boolean;
  /** What it costs, as far as it came: of a cut stream the prompt and the tokens sent. Null: nothing was generated. */
  readonly billed: BilledUsage | null;
  /** Whether the client was told that usage. */
  readonly usageSent: boolean;
  /** When each piece of text was handed to the socket. */
  readonly sentAtMs: readonly number[];
  /** When the client closed the connection before it had all. */
  readonly closedByClientAtMs: number | null;
  /** When nothing more was to be sent, for whatever reason. */
  readonly endedAtMs: number | null;
}

/** A record in the making; handed out only as copies. */
export type OpenRecord = { -readonly [Key in keyof RequestSeen]: RequestSeen[Key] } & { sentAtMs: number[] };

/** Dollars. A model without an entry has an unknown price. */
export interface Prices {
  readonly [model: string]: {
    readonly inputPerMillion?: number;
    readonly outputPerMillion?: number;
    /** Default: as `inputPerMillion`. */
    readonly cachedInputPerMillion?: number;
    readonly perSearchUnit?: number;
  };
}

export interface Billed extends BilledUsage {
  /** Requests for which something was billed. */
  readonly requests: number;
  /** Null where no prices were given or one is missing for something billed. */
  readonly usd: number | null;
}

export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Whether a record is of those meant. `schema` and `contains` are looked for in the body. */
export function matchesRecord(match: Match, record: RequestSeen): boolean {
  const body = JSON.stringify(record.body);
  return (
    matchesRoute(match.route, record.route) &&
    (match.model === undefined || match.model === record.model) &&
    (match.contains === undefined || body.includes(JSON.stringify(match.contains).slice(1, -1))) &&
    (match.schema === undefined || body.includes(`"${match.schema}"`))
  );
}

export function matchesRoute(wanted: Match['route'], route: RouteName): boolean {
  return wanted === undefined || wanted === route || (wanted.endsWith('/*') && route.startsWith(wanted.slice(0, -1)));
}

export function sumBilled(requests: readonly RequestSeen[], prices?: Prices): Billed {
  const paid = requests.filter((request) => request.billed !== null);
  const sum = (part: (usage: BilledUsage) => number) =>
    paid.reduce((total, request) => total + part(request.billed ?? nothingBilled), 0);
  const costs = paid.map((request) => costOf(request, prices));
  return {
    requests: paid.length,
    inputTokens: sum((usage) => usage.inputTokens),
    outputTokens: sum((usage) => usage.outputTokens),
    cachedInputTokens: sum((usage) => usage.cachedInputTokens),
    searchUnits: sum((usage) => usage.searchUnits),
    usd: costs.reduce<number | null>((total, cost) => (total === null || cost === null ? null : total + cost), 0),
  };
}

function costOf(request: RequestSeen, prices: Prices | undefined): number | null {
  const price = prices?.[request.model ?? ''];
  const usage = request.billed ?? nothingBilled;
  if (price === undefined) {
    return null;
  }
  const parts: readonly (readonly [number, number | undefined])[] = [
    [usage.inputTokens - usage.cachedInputTokens, perToken(price.inputPerMillion)],
    [usage.cachedInputTokens, perToken(price.cachedInputPerMillion ?? price.inputPerMillion)],
    [usage.outputTokens, perToken(price.outputPerMillion)],
    [usage.searchUnits, price.perSearchUnit],
  ];
  return parts.reduce<number | null>((total, [units, each]) => {
    if (units === 0) {
      return total;
    }
    return total === null || each === undefined ? null : total + units * each;
  }, 0);
}

function perToken(perMillion: number | undefined): number | undefined {
  return perMillion === undefined ? undefined : perMillion / 1_000_000;
}
