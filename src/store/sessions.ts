/** Sessions of the dashboard, by the hash of their random id: who reads the table cannot make the cookie of one. */
import { type Clock, nowParam, nowSql } from './clock.ts';
import type { Database } from './database.ts';

export interface Sessions {
  /**
   * Begins a session of the key. It ends after 12 hours, or with its key if that is earlier. A key has 20 sessions at most:
   * its oldest end. Sessions that have ended are removed.
   */
  begin(idHash: string, keyId: string): Promise<void>;
  /** The id of its key; undefined where there is no such session, or it has ended. */
  keyOf(idHash: string): Promise<string | undefined>;
  end(idHash: string): Promise<void>;
}

export const SESSION_SECONDS = 12 * 3_600;
const MOST_OF_KEY = 20;

export function createSessions(database: Database, clock?: Clock): Sessions {
  return Object.freeze({
    begin: (idHash, keyId) =>
      database.transaction(async (queries) => {
        const now = nowParam(clock);
        // Holds the row until the end, so that two sessions that begin at once are counted one after the other.
        await queries.query('select from api_key where key_id = $1 for update', [keyId]);
        await queries.query(`delete from api_session where ends_at <= ${nowSql('$1')}`, [now]);
        await queries.query(
          `delete from api_session where id_hash in (
             select id_hash from api_session where key_id = $1 order by created_at desc, id_hash offset ${MOST_OF_KEY - 1})`,
          [keyId],
        );
        await queries.query(
          `insert into api_session (id_hash, key_id, created_at, ends_at)
           select $1, key_id, ${nowSql('$3')},
             least(${nowSql('$3')} + interval '${SESSION_SECONDS} seconds', expires_at)
           from api_key where key_id = $2 and revoked_at is null`,
          [idHash, keyId, now],
        );
      }),
    async keyOf(idHash) {
      const [row] = await database.query<{ keyId: string }>(
        `select key_id as "keyId" from api_session where id_hash = $1 and ends_at > ${nowSql('$2')}`,
        [idHash, nowParam(clock)],
      );
      return row?.keyId;
    },
    async end(idHash) {
      await database.query('delete from api_session where id_hash = $1', [idHash]);
    },
  } satisfies Sessions);
}
