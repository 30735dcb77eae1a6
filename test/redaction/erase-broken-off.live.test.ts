/** An erasure whose database is killed while its files are rewritten: nothing else is lost, and the next erasure ends it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { fakeRuntime, run as runCommand } from '../cli/fakes.ts';
import { startEmbedded } from '../support/embedded.ts';
import { filesWith } from '../support/find-marker.ts';

const UNIT = `zq${randomBytes(12).toString('hex')}`;
const OTHERS = 200;
const WISH = { by: 'erasure', who: 'ada', why: 'asked for' } as const;
let folder: string;
let server: EmbeddedPostgres;
let database: Database;

const open = async () => {
  server = await startEmbedded(folder);
  database = openDatabase(server.url, { outageMs: 0 });
};
const idOf = (no: number) => `run-${no}`;
const outputOf = (no: number) => `${no} `.repeat(5_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-broken-off-'));
  await open();
  const { runs } = createStore(database);
  for (let no = 0; no < OTHERS; no += 1) {
    const unit = no === 0 ? UNIT : `u-${no}`;
    const begun = { runId: idOf(no), pipeline: 'bot', planId: 'p', arms: {}, idempotencyKey: null };
    await runs.begin({ ...begun, unit, input: unit });
    const output = no === 0 ? UNIT : outputOf(no);
    await runs.complete(idOf(no), { outcome: 'completed', output, error: null, finishedAt: Date.now(), nodes: [] });
  }
  const { content } = createStore(database);
  await content.remove([idOf(0)], WISH);
  expect(await content.replaceUnit(UNIT, WISH)).toMatch(/^erased-/);
});
afterAll(async () => {
  await database?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The database, whose process is killed with this statement under way. */
function killedAt(statement: string): Database {
  return {
    ...database,
    query(sql, params, limits) {
      const answer = database.query<never>(sql, params, limits);
      if (sql.startsWith(statement)) process.kill(server.pid, 'SIGKILL');
      return answer;
    },
  };
}

test('all other rows are there after each, and in the end no file has the unit', async () => {
  expect(await filesWith(folder, UNIT)).not.toEqual([]);
  for (const statement of [
    'vacuum full run',
    'vacuum full payload',
    'delete from pg_statistic',
    'analyze',
    'checkpoint',
  ]) {
    await expect(createStore(killedAt(statement)).content.rewrite(true)).rejects.toMatchObject({
      code: 'database_unreachable',
    });
    await server.ended;
    await database.close();
    await open();
    const { runs, content } = createStore(database);
    for (let no = 1; no < OTHERS; no += 1) expect((await runs.get(idOf(no))).output).toBe(outputOf(no));
    expect(await content.erasedAmong([idOf(0), idOf(1)])).toEqual([idOf(0)]);
  }
  await createStore(database).content.rewrite(true);
  expect(await filesWith(folder, UNIT)).toEqual([]);
});

/** A fake Temporal server: it still finds a run's history in the given number of calls, then no longer. */
function temporalWith(polls: ReadonlyMap<string, number>) {
  const left = new Map(polls);
  const asked: string[] = [];
  const timesAsked = (runId: string) => asked.filter((id) => id === runId).length;
  const notFound = Object.assign(new Error('not found'), { code: 5 });
  const connection = {
    withDeadline: (_: number, call: () => unknown) => call(),
    workflowService: {
      deleteWorkflowExecution: async () => ({}),
      describeWorkflowExecution: async ({ execution: { workflowId } }: { execution: { workflowId: string } }) => {
        asked.push(workflowId);
        const polls = left.get(workflowId) ?? 0;
        if (polls === 0) throw notFound;
        left.set(workflowId, polls - 1);
      },
    },
  };
  return { timesAsked, connection };
}

test('the next erasure waits until Temporal has no history of its runs, whatever it erases itself', async () => {
  const unit = 'u-waited-for';
  const runId = 'run-waited-for';
  const { runs } = createStore(database);
  await runs.begin({ ...{ runId, pipeline: 'bot', planId: 'p', arms: {}, idempotencyKey: null }, unit, input: 1 });
  await runs.complete(runId, { outcome: 'completed', output: 1, error: null, finishedAt: Date.now(), nodes: [] });
  const { timesAsked, connection } = temporalWith(new Map([[runId, 3]]));
  const embedded = { hasDatabase: true, temporalFile: undefined };
  const erase = (of: string, over: Database) => {
    const { runtime } = fakeRuntime({ store: createStore(over), connection, embedded });
    return runCommand(['runs', 'erase', '--unit', of, '--yes'], { runtime });
  };
  expect(await erase(unit, killedAt('vacuum full run'))).toMatchObject({ code: 1 });
  await server.ended;
  await database.close();
  await open();
  expect(await createStore(database).content.erasedAmong([runId])).toEqual([runId]);
  expect(timesAsked(runId)).toBe(0);

  expect(await erase('u-of-nobody', database)).toMatchObject({ code: 0 });
  expect(timesAsked(runId)).toBe(4);
  expect(await erase('u-of-nobody', database)).toMatchObject({ code: 0 });
  expect(timesAsked(runId)).toBe(4);
});
