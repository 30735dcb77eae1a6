/** Where claimed values lie (see `claims.ts`): texts under the hash of their content, written once. */
import type { Payloads } from './claims.ts';
import type { Database } from './database.ts';

export function createPayloads(database: Database): Payloads {
  return Object.freeze({
    async put(hash, text) {
      await database.query('insert into payload (hash, body) values ($1, $2) on conflict do nothing', [hash, text]);
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
