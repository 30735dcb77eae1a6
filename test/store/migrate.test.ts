/** Migrations, on the embedded database; and with two processes, on PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createLeases } from '../../src/store/leases.ts';
import { migrate } from '../../src/store/migrate.ts';
import { asMigration, readMigrations } from '../../src/store/migrations.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../support/postgres.ts';
import { together } from './processes.ts';

describe('migrations', () => {
  let running: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    running = await startPglite();
    database = openDatabase(running.url);
  });
  afterAll(async () => {
    await database.close();
    await running.stop();
  });

  test('are numbered without gaps, and change nothing the second time', async () => {
    const names = (await readMigrations()).map(({ name }) => name);
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, place) => place + 1));
    expect(await migrate(database)).toEqual([]);
  });

  test('are applied in order, each with its record, and a failing one leaves nothing', async () => {
    const known = await readMigrations();
    const good = asMigration('9001_good', 'create table good (a int); insert into good values (1);');
    const bad = asMigration('9002_bad', 'create table bad (a int); insert into no_such_table values (1);');
    await expect(migrate(database, { migrations: [...known, good, bad] })).rejects.toMatchObject({
      code: 'database_not_migrated',
    });
    expect(await database.query('select a from good')).toEqual([{ a: 1 }]);
    expect(await database.query(`select to_regclass('bad') as bad`)).toEqual([{ bad: null }]);
    const mended = asMigration('9002_bad', 'create table bad (a int);');
    const said: string[] = [];
    const options = { migrations: [...known, good, mended], onProgress: (what: string) => said.push(what) };
    expect(await migrate(database, options)).toEqual(['9002_bad']);
    expect(said).toEqual(['migrating the database: 9002_bad']);

    // This code does not know them: the database is newer.
    await expect(migrate(database)).rejects.toMatchObject({
      code: 'database_newer',
      data: { newer: ['9001_good', '9002_bad'] },
    });
    const changed = asMigration('9001_good', 'create table good (b int);');
    await expect(migrate(database, { migrations: [...known, changed, mended] })).rejects.toMatchObject({
      code: 'migration_changed',
      data: { migration: '9001_good' },
    });
    await database.query(`delete from migration where name like '9%'`);
  });

  test('line ends do not count', () => {
    expect(asMigration('a', 'select 1;\r\n').checksum).toBe(asMigration('a', 'select 1;\n').checksum);
  });

  test('wait for another process that migrates, and say so', async () => {
    const more = [...(await readMigrations()), asMigration('9003_more', 'create table more (a int);')];
    const leases = createLeases(database);
    await leases.acquire('migrations', 'another', 60_000);
    await expect(migrate(database, { migrations: more, waitMs: 0 })).rejects.toMatchObject({
      code: 'migration_locked',
    });
    const waiting = Promise.withResolvers<string>();
    const done = migrate(database, { migrations: more, onProgress: waiting.resolve });
    expect(await waiting.promise).toBe('waiting for another process to migrate the database');
    await leases.release('migrations', 'another');
    expect(await done).toEqual(['9003_more']);
  });
});

describe.skipIf(noPostgres !== undefined)(`migrations on PostgreSQL ${noPostgres ?? ''}`, () => {
  test('two processes migrate an empty database once', async () => {
    const running = await startPostgres();
    try {
      const [one, other] = await together<string[]>(running.url, 'migrate', { name: '', count: 0 });
      const names = (await readMigrations()).map(({ name }) => name);
      expect([...one!, ...other!].sort()).toEqual(names);
    } finally {
      await running.stop();
    }
  });

  test('the examples of a database from before evaluations keep their tags', async () => {
    const running = await startPostgres();
    const database = openDatabase(running.url);
    try {
      const all = await readMigrations();
      await migrate(database, { migrations: all.slice(0, 7) });
      const bodies = [
        { id: 'a', input: {} },
        { id: 'b', input: {}, tags: ['final', 'é, "x"'] },
      ];
      await database.query(
        `with added as (
           insert into example (hash, body) select body::json->>'id', body::json from unnest($1::text[]) as body returning hash
         )
         insert into version_example (version, example_id, example_hash) select 'v', hash, hash from added`,
        [bodies.map((body) => JSON.stringify(body))],
      );
      await migrate(database);
      const rows = await database.query('select example_id as id, tags from version_example order by 1');
      expect(rows).toEqual(bodies.map(({ id, tags = [] }) => ({ id, tags })));
    } finally {
      await database.close();
      await running.stop();
    }
  });

  test('a server without pgvector is told so', async () => {
    const running = await startPostgres();
    const database = openDatabase(running.url);
    try {
      const without = asMigration('0001_x', 'create extension vector_that_is_not_there');
      await expect(migrate(database, { migrations: [without] })).rejects.toMatchObject({
        code: 'pgvector_missing',
        remedy: expect.stringContaining('pgvector/pgvector'),
      });
    } finally {
      await database.close();
      await running.stop();
    }
  });
});
