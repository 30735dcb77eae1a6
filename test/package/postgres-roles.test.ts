/** docker/postgres-roles.sql on a real PostgreSQL, as the image of docker-compose.yml runs it on an empty volume. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type RestartablePostgres, startPostgresServer } from '../support/postgres.ts';

const binaries = process.env.SLUICE_TEST_PG_BIN;
const file = join(import.meta.dirname, '../../docker/postgres-roles.sql');

describe.skipIf(binaries === undefined)('the roles of docker-compose.yml', () => {
  let server: RestartablePostgres;
  beforeAll(async () => {
    server = await startPostgresServer();
    execFileSync(join(binaries!, 'psql'), ['-v', 'ON_ERROR_STOP=1', '--no-psqlrc', '-d', server.url, '-f', file], {
      env: { SLUICE_POSTGRES_PASSWORD: "it's one", TEMPORAL_POSTGRES_PASSWORD: 'another' },
      stdio: 'pipe',
    });
  });
  afterAll(() => server?.stop());

  const as = async <T>(user: string, database: string, work: (database: Database) => Promise<T>): Promise<T> => {
    const url = new URL(server.url);
    url.username = user;
    url.pathname = `/${database}`;
    const connected = openDatabase(url.href, { poolSize: 1, outageMs: 0 });
    return await work(connected).finally(() => connected.close());
  };

  it('let Sluice migrate its database', async () => {
    expect(await as('sluice', 'sluice', (database) => migrate(database))).not.toEqual([]);
  });

  it.each(['temporal', 'temporal_visibility'])('let Temporal make tables and extensions in %s', async (name) => {
    const [may] = await as('temporal', name, async ({ query, script }) => {
      await script('create table executions (shard_id int)');
      // What a trusted extension asks for, such as btree_gin of Temporal's visibility schema.
      return query(`select has_database_privilege(current_database(), 'create') as extensions`);
    });
    expect(may).toEqual({ extensions: true });
  });

  it.each([
    ['sluice', 'temporal'],
    ['sluice', 'temporal_visibility'],
    ['temporal', 'sluice'],
  ])('refuse %s a connection to the database %s', async (role, database) => {
    const read = as(role, database, ({ query }) => query('select 1'));
    await expect(read).rejects.toThrow(`permission denied for database "${database}"`);
  });

  it('can neither make databases and roles nor read as the administrator', async () => {
    const roles = await as('postgres', 'postgres', ({ query }) =>
      query(
        `select rolname, rolpassword ~ '^SCRAM-SHA-256' as password, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls,
           (select count(*)::int from pg_auth_members where member = pg_authid.oid) as memberships
         from pg_authid where rolname in ('sluice', 'temporal') order by 1`,
      ),
    );
    const rights = { password: true, rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolbypassrls: false };
    expect(roles).toEqual(['sluice', 'temporal'].map((rolname) => ({ rolname, ...rights, memberships: 0 })));
  });
});
