/** Migrations, on the embedded database; and with two processes, on PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClock } from '../../src/store/bound.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createLeases } from '../../src/store/leases.ts';
import { asMigration, migrate, readMigrations } from '../../src/store/migrate.ts';
import { createStore } from '../../src/store/store.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../support/postgres.ts';
import { together } from './processes.ts';

const LABEL_SCORERS = '0022_label_scorers';
const AS_BEFORE = `
  alter table label drop constraint label_pkey, drop column pipeline, drop column version,
    add primary key (scorer, subject, rater);
  alter table adjudication drop constraint adjudication_pkey, drop column pipeline, drop column version,
    add primary key (scorer, subject);
  alter table review_queue drop column pipeline, drop column version;`;

/** `s1` was scored by one scorer, `s2` by scorers of two pipelines and versions, `s3` by none. */
async function sayBefore(database: Database): Promise<void> {
  for (const [id, pipeline, version, subjects] of [
    ['m1', 'first', 'd1', ['s1', 's2']],
    ['m2', 'first', 'd1', ['s1']],
    ['m3', 'second', 'd2', ['s2']],
  ] as const) {
    const spec = { pipeline, scorers: [{ id: 'other' }, { id: 'good', definitionHash: version }] };
    await database.query(
      `insert into evaluation (evaluation_id, name, spec, state, started_by, created_at)
       values ($1, $1, $2::text::json, 'completed', 'mo', now())`,
      [id, JSON.stringify(spec)],
    );
    for (const subject of subjects)
      await database.query(
        `insert into evaluation_result (evaluation_id, example_id, variant, repeat, outcome, run, cells, calls,
           cells_done, cells_failed, cells_missing, is_resumable, calls_made, calls_shared)
         values ($1, $2, 0, 1, 'completed', '{}', $3::text::json, '[]', 1, 0, 0, false, 0, 0)`,
        [id, subject, JSON.stringify({ good: { state: 'done', subject } })],
      );
  }
  await database.query(
    `insert into label (scorer, subject, rater, value, labelled_at)
     select 'good', unnest(array['s1', 's2', 's3']), 'ada', '{"ok": true}', now()`,
  );
  await database.query(
    `insert into adjudication (scorer, subject, value, by, at)
     select 'good', unnest(array['s2', 's3', 's4']), '{"ok": false}', 'mo', now()`,
  );
  await database.query(
    `insert into review_queue (name, start_id, evaluation_id, scorer, kind, fields, reviewers, items, seed, started_by,
       started_at)
     values ('before', 'x', 'm3', 'good', 'fields', '[]', 2, 0, 1, 'mo', now())`,
  );
}

async function expectAttributed(database: Database): Promise<void> {
  const { evaluations, reviews } = createStore(database);
  const of = async (pipeline: string, version: string) =>
    (await evaluations.labels({ pipeline, scorer: 'good', version })).map(
      ({ subject, rater }) => `${subject} ${rater}`,
    );
  expect(await of('first', 'd1')).toEqual(['s1 ada', 's2 mo', 's2 ada']);
  expect(await of('second', 'd2')).toEqual(['s2 mo', 's2 ada']);
  expect(await of('second', 'd1')).toEqual([]);
  // Nothing is lost: what no evaluation has scored is still there.
  expect(await of('', '')).toEqual(['s3 mo', 's3 ada', 's4 mo']);
  expect(await evaluations.unattributedLabels('good')).toBe(2);
  expect(await reviews.get('before')).toMatchObject({ pipeline: 'second', scorer: 'good', version: 'd2' });
}

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

  test('leave no function that assigns units: TypeScript alone does', async () => {
    const functions = await database.query(
      `select proname from pg_proc where proname in ('sluice_assign', 'sluice_murmur3')`,
    );
    expect(functions).toEqual([]);
  });

  test('line ends do not count', () => {
    expect(asMigration('a', 'select 1;\r\n').checksum).toBe(asMigration('a', 'select 1;\n').checksum);
  });

  test('labels from before scorers were told apart go to those that have scored their subject', async () => {
    const { sql } = (await readMigrations()).find(({ name }) => name === LABEL_SCORERS)!;
    // The embedded database comes migrated: the tables are made as they were, and migrated once more.
    await database.transaction((queries) => queries.query(AS_BEFORE));
    await sayBefore(database);
    await database.transaction((queries) => queries.query(sql));
    await expectAttributed(database);
  });

  test('wait for another process that migrates, and say so', async () => {
    const more = [...(await readMigrations()), asMigration('9003_more', 'create table more (a int);')];
    const leases = createLeases(withClock(database));
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

  test('labels from before scorers were told apart go to those that have scored their subject', async () => {
    const running = await startPostgres();
    const database = openDatabase(running.url);
    try {
      const all = await readMigrations();
      const place = all.findIndex(({ name }) => name === LABEL_SCORERS);
      await migrate(database, { migrations: all.slice(0, place) });
      await sayBefore(database);
      await migrate(database);
      await expectAttributed(database);
    } finally {
      await database.close();
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
