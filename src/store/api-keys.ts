/** Keys of the HTTP API: their permissions and the hash of their secret, which is shown once and never stored. */

import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { writeAudit } from './audit.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database } from './database.ts';

/** What a key may do. `operate` changes what is served; `read` sees everybody's runs. */
export const SCOPES = ['ask', 'feedback', 'read', 'operate'] as const;
export type Scope = (typeof SCOPES)[number];

export interface NewApiKey {
  readonly keyId: string;
  readonly name: string;
  readonly secretHash: string;
  readonly scopes: readonly Scope[];
  /** Keys of one owner see each other's runs. */
  readonly owner: string;
  readonly by: string;
  /** Null: never. */
  readonly expiresAt: number | null;
}

/** Times are milliseconds since the epoch. */
export interface ApiKeyRow extends Omit<NewApiKey, 'by'> {
  readonly createdBy: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  /** By the database's clock, when it was read. */
  readonly isExpired: boolean;
}

const COLUMNS = `key_id as "keyId", name, secret_hash as "secretHash", scopes, owner, created_by as "createdBy",
  created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"`;
const isExpired = (parameter: string) => `coalesce(expires_at <= ${nowSql(parameter)}, false) as "isExpired"`;
const MOST_LISTED = 1_000;

export type ApiKeys = ReturnType<typeof createApiKeys>;

export function createApiKeys(database: TimedDatabase) {
  const find = async (keyId: string) => {
    const [row] = await database.query<ApiKeyRow>(
      `select ${COLUMNS}, ${isExpired('$2')} from api_key where key_id = $1`,
      [keyId, database.now()],
    );
    return row;
  };
  const list = () =>
    database.query<ApiKeyRow>(
      `select ${COLUMNS}, ${isExpired('$1')} from api_key order by created_at desc, key_id limit ${MOST_LISTED}`,
      [database.now()],
    );
  return Object.freeze({
    /** By id, whether or not it still holds. */
    find,
    /** Newest first, at most 1,000. */
    list,
    /** Audited, in the same transaction. @throws SluiceError `key_exists` where a key that holds has this name */
    async create(key: NewApiKey): Promise<ApiKeyRow> {
      await insert(database, key, database.now());
      return (await find(key.keyId))!;
    },
    /**
     * Audited, and ends the key's sessions; false where it was revoked before.
     *
     * @param idOrName a name is that of a key that holds
     * @throws SluiceError `key_unknown`
     */
    async revoke(idOrName: string, by: string, why: string): Promise<boolean> {
      const known = await list();
      const key =
        known.find(({ keyId }) => keyId === idOrName) ??
        known.find(({ name, revokedAt }) => name === idOrName && revokedAt === null) ??
        known.find(({ name }) => name === idOrName);
      if (key === undefined) throw unknownKey(idOrName, known);
      return revoke(database, key, { by, why }, database.now());
    },
  });
}

async function insert(database: Database, key: NewApiKey, now: Date | null): Promise<void> {
  const { keyId, name, secretHash, scopes, owner, by, expiresAt } = key;
  await database.transaction(async (queries) => {
    const [other] = await queries.query(
      `select from api_key where name = $1 and key_id <> $2 and revoked_at is null
         and coalesce(expires_at > ${nowSql('$3')}, true)`,
      [name, keyId, now],
    );
    if (other !== undefined)
      throw new SluiceError('key_exists', {
        message: `there is a key named '${name}' already`,
        remedy: `choose another name, or revoke that one first: sluice keys revoke ${name}`,
      });
    const added = await queries.query(
      `insert into api_key (key_id, name, secret_hash, scopes, owner, created_by, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, ${nowSql('$7')}, $8) on conflict do nothing returning key_id`,
      [
        ...[keyId, name, secretHash, JSON.stringify(scopes), owner, by, now],
        expiresAt === null ? null : new Date(expiresAt),
      ],
    );
    if (added.length === 0) return;
    const isNow = { name, scopes, owner, expiresAt };
    await writeAudit(queries, { who: by, action: 'key.create', subject: keyId, was: null, isNow, why: 'made' }, now);
  });
}

function revoke(
  database: Database,
  { keyId, name }: ApiKeyRow,
  { by, why }: { readonly by: string; readonly why: string },
  now: Date | null,
): Promise<boolean> {
  return database.transaction(async (queries) => {
    const revoked = await queries.query(
      `update api_key set revoked_at = ${nowSql('$2')} where key_id = $1 and revoked_at is null returning key_id`,
      [keyId, now],
    );
    if (revoked.length === 0) return false;
    await queries.query('delete from api_session where key_id = $1', [keyId]);
    const audit = { who: by, action: 'key.revoke', subject: keyId, was: { name }, isNow: null, why };
    await writeAudit(queries, audit, now);
    return true;
  });
}

function unknownKey(given: string, known: readonly ApiKeyRow[]): SluiceError {
  const names = known.map(({ name }) => name);
  return new SluiceError('key_unknown', {
    message: `there is no key '${given}'`,
    remedy: suggest(given, names, 'there are none: sluice keys create'),
  });
}

export const SESSION_SECONDS = 12 * 3_600;
const MOST_SESSIONS = 20;

export type Sessions = ReturnType<typeof createSessions>;

export function createSessions(database: TimedDatabase) {
  return Object.freeze({
    /**
     * Begins a session of the key. It ends after 12 hours, or with its key if that is earlier. A key has 20 sessions at
     * most: its oldest end. Sessions that have ended are removed.
     */
    begin: (idHash: string, keyId: string): Promise<void> =>
      database.transaction(async (queries) => {
        const now = database.now();
        // Holds the row until the end, so that two sessions that begin at once are counted one after the other.
        await queries.query('select from api_key where key_id = $1 for update', [keyId]);
        await queries.query(`delete from api_session where ends_at <= ${nowSql('$1')}`, [now]);
        await queries.query(
          `delete from api_session where id_hash in (
             select id_hash from api_session where key_id = $1 order by created_at desc, id_hash offset ${MOST_SESSIONS - 1})`,
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
    /** The id of its key; undefined where there is no such session, or it has ended. */
    async keyOf(idHash: string): Promise<string | undefined> {
      const [row] = await database.query<{ keyId: string }>(
        `select key_id as "keyId" from api_session where id_hash = $1 and ends_at > ${nowSql('$2')}`,
        [idHash, database.now()],
      );
      return row?.keyId;
    },
    async end(idHash: string): Promise<void> {
      await database.query('delete from api_session where id_hash = $1', [idHash]);
    },
  });
}
