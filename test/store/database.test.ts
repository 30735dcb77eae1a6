/** Outages and refusals, as the store's callers meet them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { describeFailure } from '../../src/store/database-errors.ts';
import { createStore } from '../../src/store/store.ts';
import { type Cuttable, startCuttable } from '../support/cuttable.ts';
import { startPglite, type TestDatabase } from '../support/postgres.ts';

describe('the way to the database', () => {
  let running: TestDatabase;
  let cable: Cuttable;
  let database: Database;
  beforeAll(async () => {
    running = await startPglite();
    cable = await startCuttable(running.url);
    database = openDatabase(cable.url);
  });
  afterAll(async () => {
    await database.close();
    await cable.stop();
    await running.stop();
  });

  const start = (runId: string) => ({
    runId,
    pipeline: 'p',
    planId: 'p',
    arms: {},
    unit: null,
    idempotencyKey: null,
    input: 1,
  });

  test('a statement made in an outage is answered after it', async () => {
    await database.query('select 1 as one');
    cable.cut();
    const answers = Promise.all([1, 2, 3].map((n) => database.query('select $1::int as n', [n])));
    await cable.refused(5);
    cable.mend();
    expect(await answers).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  test('a write whose answer is lost is made again, and there once', async () => {
    const { runs } = createStore(database);
    cable.cutAt('insert into run', 'after');
    const begun = runs.begin(start('lost-answer'));
    await cable.refused(1);
    cable.mend();
    expect((await begun).run.runId).toBe('lost-answer');
    expect((await runs.list({ pipeline: 'p' })).runs.map((run) => run.runId)).toEqual(['lost-answer']);
  });

  test.each(['before', 'after'] as const)('a transaction cut %s its commit is made again', async (when) => {
    const { builds, indexes } = createStore(database);
    const index = `cut-${when}`;
    const { build } = await builds.begin(index, { settingsHash: 's', owner: 'me' });
    cable.cutAt('commit', when);
    const passages = [{ id: `${index}#0`, ordinal: 0, text: 'words', heading: [], tokens: 1 }];
    const put = builds.put(index, build, [{ id: 'd', contentHash: 'h', passages }]);
    await cable.refused(1);
    cable.mend();
    await put;
    expect(await builds.commit(index, build)).toMatchObject({ documents: 1, passages: 1 });
    expect((await indexes.get(index)).snapshot).toMatchObject({ documents: 1, passages: 1 });
  });

  test('an outage that lasts is an error that says where, for how long, and what to do', async () => {
    const impatient = openDatabase(cable.url, { outageMs: 300 });
    cable.cut();
    await expect(impatient.query('select 1')).rejects.toMatchObject({
      code: 'database_unreachable',
      retryable: true,
      message: expect.stringMatching(
        /^the database at 127\.0\.0\.1:\d+\/postgres cannot be reached \(.+\), tried for 0\.\d s$/,
      ),
      remedy: expect.stringContaining('DATABASE_URL'),
    });
    cable.mend();
    await impatient.close();
  });

  test('a statement that takes too long is given up by the client, and not made again', async () => {
    const impatient = openDatabase(cable.url, { queryTimeoutMs: 200, poolSize: 2 });
    const endless = 'select count(*) from generate_series(1, 300000) a, generate_series(1, 10) b';
    await expect(impatient.query(endless)).rejects.toMatchObject({ code: 'database_timeout', retryable: true });
    await expect(impatient.transaction((queries) => queries.query(endless))).rejects.toMatchObject({
      code: 'database_timeout',
    });
    await impatient.close();
    // The server still computes both statements, and answers others when it has ended.
    await expect.poll(() => database.query('select 1 as one').catch(String)).toEqual([{ one: 1 }]);
  });

  test('what a transaction throws goes through, and nothing of it stays', async () => {
    const failing = database.transaction(async (queries) => {
      await queries.query(`insert into payload (hash, body) values ('thrown', 'x')`);
      throw new RangeError('enough');
    });
    await expect(failing).rejects.toThrow('enough');
    expect(await database.query(`select 1 from payload where hash = 'thrown'`)).toEqual([]);
  });

  test('an unmigrated database is told from a defect', async () => {
    await expect(database.query('select * from no_such_table')).rejects.toMatchObject({
      code: 'database_not_migrated',
    });
    await expect(database.query('selekt')).rejects.toMatchObject({
      code: 'database_error',
      data: { sqlState: '42601' },
    });
  });

  test.each([
    ['53100', 'could not extend file: No space left on device', 'database_full', true],
    ['ENOSPC', 'ENOSPC: no space left on device, write', 'database_full', true],
    ['EDQUOT', 'EDQUOT: disk quota exceeded, write', 'database_full', true],
    ['58030', 'could not extend file "base/5/2": wrote only 4096 of 8192 bytes', 'database_full', true],
    ['XX000', 'could not write to file "pg_wal/xlogtemp.1": No space left on device', 'database_full', true],
    ['28P01', 'password authentication failed for user "x"', 'database_refused', false],
    ['3D000', 'database "x" does not exist', 'database_refused', false],
    ['57P03', 'the database system is starting up', 'database_unreachable', true],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND db', 'database_unreachable', true],
    ['22P05', 'unsupported Unicode escape sequence', 'text_unstorable', false],
  ])('%s is %s', (code, message, named, retryable) => {
    const error = describeFailure(Object.assign(new Error(message), { code }), 'db:5432/x', 10);
    const place = named.startsWith('database_') ? { place: 'db:5432/x' } : {};
    expect(error).toMatchObject({ code: named, retryable, data: { sqlState: code, ...place } });
    expect('place' in error.data).toBe('place' in place);
    expect(error.remedy).not.toBe('');
  });

  test('an outage that has an explanation is that error, and only when it has lasted too long', async () => {
    const explained = new SluiceError('disk_full', { message: 'the disk is full', remedy: 'free some space' });
    const asked: unknown[] = [];
    const explainOutage = async (failure: unknown) => {
      asked.push((failure as { code?: string }).code);
      return explained;
    };
    const away = openDatabase('postgres://user@127.0.0.1:1/x', { outageMs: 200, explainOutage });
    await expect(away.query('select 1')).rejects.toBe(explained);
    expect(asked).toEqual(['ECONNREFUSED']);
    await away.close();
  });

  test('a password is never shown', async () => {
    const secret = openDatabase('postgres://user:hunter2@127.0.0.1:1/x', { outageMs: 0 });
    const error = await secret.query('select 1').catch((failure: Error) => failure);
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
    await secret.close();
  });
});
