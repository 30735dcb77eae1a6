/** Where claimed values lie (see `claims.ts`): texts under the hash of their content, written once. */
import type { Payloads } from './claims.ts';
import type { Database } from './database.ts';

/** @param isKept whether what is put outlasts the runs that put it, too: what a memo names must */
export function createPayloads(database: Database, { isKept = false }: { readonly isKept?: boolean } = {}): Payloads {
  return Object.freeze({
    async put(hash, text) {
      await database.query(
        `insert into payload (hash, body, is_kept) values ($1, $2, $3)
         on conflict (hash) do update set put_at = excluded.put_at, is_kept = payload.is_kept or excluded.is_kept`,
        [hash, text, isKept],
      );
    },
    async get(hashes) {
      const rows = await database.query<{ hash: string; body: string }>(
        'select hash, body from payload where hash = any($1::text[])',
        [hashes],
      );
      return new Map(rows.map(({ hash, body }) => [hash, body]));
    },
  } satisfies Payloads);
}
