/** What a PostgreSQL keeps in its files of rows that were deleted, and that the commands of SECURITY.md clear it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { blocksIn } from '../docs/read.ts';
import { type RestartablePostgres, startPostgresServer } from '../support/postgres.ts';

const binaries = process.env.SLUICE_TEST_PG_BIN;
const MARKER = 'what somebody asked, and wants forgotten';

describe.skipIf(binaries === undefined)('rows that were deleted', () => {
  let server: RestartablePostgres;
  let database: Database;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgresServer();
    database = openDatabase(server.url, { poolSize: 1 });
    const [row] = await database.query<{ folder: string }>(`select current_setting('data_directory') as folder`);
    folder = row!.folder;
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  /** In tables and indexes (`base`), or in the write-ahead log (`pg_wal`). */
  function keptIn(): readonly string[] {
    const { stdout, status } = spawnSync('grep', ['-rlaF', MARKER, folder], { encoding: 'utf8' });
    // 1: nothing was found.
    expect([0, 1]).toContain(status);
    const files = stdout.split('\n').filter((file) => file !== '');
    return [...new Set(files.map((file) => file.slice(folder.length + 1).split('/')[0]!))].sort();
  }

  it('stay in the files after VACUUM, and go with the commands of SECURITY.md', async () => {
    await database.script('create table asked (id int primary key, question text); create index on asked (question)');
    await database.query(`insert into asked select n, $1 from generate_series(1, 200) as n`, [MARKER]);
    await database.query(`insert into asked select n, 'another question' || n from generate_series(201, 400) as n`);
    // The planner's statistics hold texts, too.
    await database.query('analyze asked');
    await database.query('checkpoint');
    await database.query('delete from asked where id <= 200');
    await database.query('vacuum asked');
    await database.query('checkpoint');
    expect(keptIn()).toEqual(['base', 'pg_wal']);

    const text = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
    const [commands] = blocksIn(text).filter(({ language }) => language === 'sql');
    const psql = ['--no-psqlrc', '--quiet', '-v', 'ON_ERROR_STOP=1', '-d', server.url];
    execFileSync(join(binaries!, 'psql'), psql, { input: commands!.text, stdio: 'pipe' });
    expect(keptIn()).toEqual([]);
  });
});
