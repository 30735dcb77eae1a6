/** The process of `sluice search --queries` whose database stops between two of its statements. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { document } from '../store/documents.ts';
import { type Cuttable, startCuttable } from '../support/cuttable.ts';
import { startPglite } from '../support/postgres.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** A process that does not end is killed after this, and has no exit code then. */
const KILL_AFTER_MS = 150_000;

let server: Awaited<ReturnType<typeof startPglite>>;
let cuttable: Cuttable;
let folder: string;
beforeAll(async () => {
  [server, folder] = await Promise.all([startPglite(), mkdtemp(join(tmpdir(), 'sluice-search-'))]);
  const database = openDatabase(server.url);
  const { builds } = createStore(database);
  const { build } = await builds.begin('search-stops', { settingsHash: 's', owner: 'me' });
  await builds.put('search-stops', build, [document('one', 'A stream gives tokens.')]);
  await builds.commit('search-stops', build);
  await database.close();
  cuttable = await startCuttable(server.url);
  // Three statements: the second has the query at which the database stops.
  const queries = Array.from({ length: 120 }, (_, at) => ({ id: `q${at}`, query: at === 60 ? 'zanzibar' : 'stream' }));
  await writeFile(join(folder, 'queries.jsonl'), queries.map((each) => JSON.stringify(each)).join('\n'));
});
afterAll(async () => {
  await cuttable.stop();
  await server.stop();
  await rm(folder, { recursive: true });
});

function search(): Promise<{ code: number | null; stdout: string }> {
  const env = { PATH: process.env.PATH ?? '', DATABASE_URL: cuttable.url };
  const options = { cwd: folder, env, timeout: KILL_AFTER_MS, killSignal: 'SIGKILL' } as const;
  const argv = [main, 'search', '--index', 'search-stops', '--queries', 'queries.jsonl', '--json'];
  const child = spawn(process.execPath, argv, options);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return once(child, 'close').then(([code]) => ({ code, stdout }));
}

it('ends with an error that names the database', async () => {
  const { code, stdout } = await search();
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ length: 120 })]);
  cuttable.cutAt('zanzibar', 'before');
  const ended = await search();
  expect(JSON.parse(ended.stdout).error).toMatchObject({ code: 'database_unreachable' });
  expect(ended.code).toBe(1);
});
