/**
 * Rate limits of providers: one row per scope, shared by all workers, by the generic cell rate algorithm (ITU-T I.371).
 * Calls are spaced evenly. Each statement decides and reserves at once, by the database's clock. Serving calls queue;
 * evaluation takes only slots that no serving call waits for.
 */

import type { Allowance } from '../model/limit-rules.ts';
import { nowSql, type TimedDatabase } from './bound.ts';

export interface Ask {
  readonly scope: string;
  /** Names the call's place among those under way; a call that asks again keeps the one it has. */
  readonly callId: string;
  readonly allowance: Allowance;
  /** The most tokens that it may take. */
  readonly tokens: number;
  readonly isServing: boolean;
  /** A slot further away than this is not taken. */
  readonly longestWaitMs: number;
  /** How long a place is held without being renewed. */
  readonly leaseMs: number;
  /** How long evaluation stands back for a serving call that has to ask again. */
  readonly standBackMs: number;
}

export type Slot =
  /** Leave after `waitMs`; then, if that was not at once, confirm by `isHeld`. */
  | { readonly kind: 'taken'; readonly waitMs: number; readonly slotAt: number }
  /** Nothing was taken: too far away, or not free for evaluation. It may be free in `waitMs`. */
  | { readonly kind: 'later'; readonly waitMs: number }
  /** Nothing was taken: all places are. */
  | { readonly kind: 'full' };

const MINUTE_MS = 60_000;
/** Slots lie so much further apart than the limit asks, so that sockets that jitter cannot crowd a minute. */
const MARGIN = 1.02;

const spacing = (perMinute: number | undefined): number =>
  perMinute === undefined ? 0 : (MINUTE_MS * MARGIN) / perMinute;

/** The row is locked by `held`; `decided` is computed from it once, and both written and answered. */
const TAKE = `
  with held as materialized (select * from rate_limit where scope = $1 for update),
  seen as materialized (
    select held.*, now, places, now_ms, greatest(now, requests_at, tokens_at, held_until) as slot,
      $5::int is null or places ? $2::text or (select count(*) from jsonb_object_keys(places)) < $5 as has_room
    from held,
      (select now, (extract(epoch from now) * 1000)::bigint as now_ms from (select ${nowSql('$10')} as now) as read) as clock,
      lateral (
        select coalesce(jsonb_object_agg(id, ends), '{}') as places
        from jsonb_each(leases) as lease (id, ends) where ends::bigint > now_ms
      ) as living
  ),
  decided as materialized (
    select *, greatest(slot, case when $7 then slot else serving_until end) as free_at, has_room
      and slot <= now + $6 * interval '1 millisecond' and ($7::boolean or greatest(slot, serving_until) <= now) as taken
    from seen
  ),
  written as (
    update rate_limit set
      requests_at = case when taken and $3::float8 > 0 then slot + $3 * interval '1 millisecond' else decided.requests_at end,
      tokens_at = case when taken then slot + $4 * interval '1 millisecond' else decided.tokens_at end,
      serving_until = case when $7 and not has_room then now + $9 * interval '1 millisecond'
        else decided.serving_until end,
      leases = case when taken then places || jsonb_build_object($2::text, now_ms + $8::bigint) else places end
    from decided where rate_limit.scope = decided.scope
  )
  select taken, has_room as "hasRoom", slot as "slotAt",
    greatest(0, extract(epoch from free_at - now) * 1000)::float8 as "waitMs" from decided`;

interface Decided {
  readonly taken: boolean;
  readonly hasRoom: boolean;
  readonly slotAt: number;
  readonly waitMs: number;
}

export type RateLimits = ReturnType<typeof createRateLimits>;

export function createRateLimits(database: TimedDatabase) {
  /** Scopes known to have a row, which is never deleted. */
  const known = new Set<string>();
  const ensure = async (scope: string) => {
    if (known.has(scope)) return;
    await database.query('insert into rate_limit (scope) values ($1) on conflict do nothing', [scope]);
    known.add(scope);
  };

  return Object.freeze({
    async take({
      scope,
      callId,
      allowance,
      tokens,
      isServing,
      longestWaitMs,
      leaseMs,
      standBackMs,
    }: Ask): Promise<Slot> {
      await ensure(scope);
      const { requestsPerMinute, tokensPerMinute, concurrency = null } = allowance;
      const [requestMs, tokensMs] = [spacing(requestsPerMinute), spacing(tokensPerMinute) * tokens];
      const [decided] = await database.query<Decided>(TAKE, [
        scope,
        callId,
        requestMs,
        tokensMs,
        concurrency,
        longestWaitMs,
        isServing,
        leaseMs,
        standBackMs,
        database.now(),
      ]);
      const { taken, hasRoom, slotAt, waitMs } = decided!;
      if (taken) return { kind: 'taken', waitMs, slotAt };
      return hasRoom ? { kind: 'later', waitMs } : { kind: 'full' };
    },
    /** Whether the provider has asked, since a slot was taken, to wait beyond it: then take another. */
    async isHeld(scope: string, slotAt: number): Promise<boolean> {
      // The millisecond is what the slot's time has lost on its way here.
      const rows = await database.query('select 1 as held from rate_limit where scope = $1 and held_until > $2', [
        scope,
        new Date(slotAt + 1),
      ]);
      return rows.length > 0;
    },
    /** Blocks the scope for a time, as the provider demanded; the next slot comes after it. */
    async hold(scope: string, ms: number): Promise<void> {
      await ensure(scope);
      // Slots that were given out before its end are taken again, behind those that were given out beyond it.
      await database.query(
        `update rate_limit set held_until = greatest(held_until, ${nowSql('$3')} + $2 * interval '1 millisecond')
         where scope = $1`,
        [scope, ms, database.now()],
      );
    },
    /** Keeps a call's place for as long again. */
    async renew(scope: string, callId: string, leaseMs: number): Promise<void> {
      await database.query(
        `update rate_limit set leases = leases ||
           jsonb_build_object($2::text, (extract(epoch from ${nowSql('$4')}) * 1000)::bigint + $3::bigint)
         where scope = $1 and leases ? $2::text`,
        [scope, callId, leaseMs, database.now()],
      );
    },
    /**
     * Gives the place back, and the tokens that were reserved but not taken (less than 0: taken beyond). Once: a place
     * that is no longer held has nothing to give.
     */
    async leave(scope: string, callId: string, { tokensPerMinute }: Allowance, unusedTokens: number): Promise<void> {
      await database.query(
        `update rate_limit set leases = leases - $2::text, tokens_at = tokens_at - $3 * interval '1 millisecond'
         where scope = $1 and leases ? $2::text`,
        [scope, callId, spacing(tokensPerMinute) * unusedTokens],
      );
    },
  });
}
