/**
 * The backup of docker-compose.yml by the document's own commands, without a container engine: `docker` is a script that
 * runs what it is to run in the container `postgres` here, on a server with the roles that the image makes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createStore } from '../../src/store/store.ts';
import { type RestartablePostgres, startPostgresServer } from '../support/postgres.ts';
import { runBlock } from './backup-commands.ts';

const binaries = process.env.SLUICE_TEST_PG_BIN ?? '';
const roles = join(import.meta.dirname, '../../docker/postgres-roles.sql');
const DATABASES = ['sluice', 'temporal', 'temporal_visibility'];

/** Of `docker compose`: `exec -T postgres COMMAND`, `up` on an empty volume, and a list of what it was asked. */
const DOCKER = `#!/bin/sh -eu
echo "$*" >> docker.log
case "$2" in
  exec) shift 4; command=$1; shift; exec "$BIN/$command" "$@" ;;
  up) [ "\${4:-}" != --wait ] || { . ./.env; export SLUICE_POSTGRES_PASSWORD TEMPORAL_POSTGRES_PASSWORD
    "$BIN/psql" --no-psqlrc --quiet --username=postgres --dbname=postgres --file="$ROLES"; } ;;
esac
`;

describe.skipIf(binaries === '')('a backup of the compose file', () => {
  let server: RestartablePostgres;
  let folder: string;
  let environment: { readonly [name: string]: string };
  beforeAll(async () => {
    server = await startPostgresServer();
    folder = await mkdtemp(join(tmpdir(), 'sluice-compose-'));
    await writeFile(join(folder, 'docker'), DOCKER, { mode: 0o755 });
    await writeFile(join(folder, '.env'), 'SLUICE_POSTGRES_PASSWORD=one\nTEMPORAL_POSTGRES_PASSWORD=two\n', {
      mode: 0o600,
    });
    environment = {
      ...{ PATH: `${folder}:${process.env.PATH}`, BIN: binaries, ROLES: roles, BACKUP: join(folder, 'backup') },
      ...{ PGHOST: '127.0.0.1', PGPORT: new URL(server.url).port },
    };
    execFileSync(join(folder, 'docker'), ['compose', 'up', '--detach', '--wait', 'postgres'], {
      cwd: folder,
      env: environment,
    });
    await as('sluice', 'sluice', async (database) => {
      await migrate(database);
      const key = { name: 'app', owner: 'app', by: 'mo', scopes: ['ask'] as const, expiresAt: null };
      await createStore(database).apiKeys.create({ keyId: '0123456789ab', secretHash: 'a'.repeat(64), ...key });
    });
    for (const name of DATABASES.slice(1))
      await as('temporal', name, (database) =>
        database.script('create table executions (shard_id int primary key); insert into executions values (7)'),
      );
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const as = async <T>(user: string, name: string, work: (database: ReturnType<typeof openDatabase>) => Promise<T>) => {
    const url = new URL(server.url);
    url.username = user;
    url.pathname = `/${name}`;
    const database = openDatabase(url.href, { poolSize: 1, outageMs: 0 });
    return await work(database).finally(() => database.close());
  };

  /** Schema, owners and rows, in PostgreSQL's own words; \restrict has a random word. */
  const dumped = () =>
    DATABASES.map((name) => {
      const command = ['--username=postgres', name];
      return execFileSync(join(binaries, 'pg_dump'), command, { env: environment, encoding: 'utf8' }).replaceAll(
        /^\\(un)?restrict .*$/gm,
        '',
      );
    });

  it('comes back whole, with its roles, after the volume is lost', async () => {
    const before = dumped();
    runBlock('compose-backup', folder, environment);
    for (const name of DATABASES) await as('postgres', 'postgres', ({ script }) => script(`drop database ${name}`));
    await as('postgres', 'postgres', ({ script }) => script('drop role sluice; drop role temporal'));
    await rm(join(folder, '.env'));

    runBlock('compose-restore', folder, environment);
    expect(dumped()).toEqual(before);
    expect(before[0]).toContain('0123456789ab');
    expect(await as('sluice', 'sluice', (database) => migrate(database))).toEqual([]);
    await expect(as('temporal', 'sluice', ({ query }) => query('select 1'))).rejects.toThrow('permission denied');
    expect(await readFile(join(folder, '.env'), 'utf8')).toContain('SLUICE_POSTGRES_PASSWORD=one');
    for (const file of ['.env', 'backup/env', 'backup/sluice.dump'])
      expect((await stat(join(folder, file))).mode & 0o777, file).toBe(0o600);
  });

  it('stops what writes before it dumps, and starts it again', async () => {
    const asked = (await readFile(join(folder, 'docker.log'), 'utf8')).trim().split('\n');
    const stopped = asked.indexOf('compose stop api worker temporal-ui temporal');
    const firstDump = asked.findIndex((line) => line.includes('pg_dump'));
    expect(stopped).toBeGreaterThanOrEqual(0);
    expect(firstDump).toBeGreaterThan(stopped);
    expect(asked.at(-1)).toBe('compose up --detach');
  });
});
