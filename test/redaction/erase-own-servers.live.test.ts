/** `runs erase --unit` on a PostgreSQL and a Temporal server of one's own: no query of either finds the unit afterwards. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { run as runCommand } from '../cli/fakes.ts';
import { allText } from '../support/all-text.ts';
import { type Live, startLive } from '../support/live.ts';
import { noPostgres, startPostgres, type TestDatabase } from '../support/postgres.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 1, timeout: '20 seconds' } as const;
const say = defineStep('say', { ...{ version: 1, input: Text, output: Text, effect: 'read', policy } });
const implementations = () => [implement(say, ({ text }) => ({ text }))];
const bot = definePipeline('own-bot', Text)
  .step('say', say, ({ input }) => ({ text: input.text }))
  .output(Text, ({ say }) => ({ text: say.text }));
const patient = bot.variant('patient', (edit) => edit.options('say', { timeout: '19 seconds' }));

const UNIT = `zq${randomBytes(12).toString('hex')}`;
let postgres: TestDatabase;
let live: Live;
let database: Database;
beforeAll(async () => {
  if (noPostgres !== undefined) return;
  postgres = await startPostgres();
  live = await startLive(implementations, { DATABASE_URL: postgres.url });
  database = openDatabase(postgres.url);
});
afterAll(async () => {
  await database?.close();
  await live?.stop();
  await postgres?.stop();
});

async function tablesWithUnit(): Promise<readonly string[]> {
  const statistics = JSON.stringify(await database.query('select * from pg_stats'));
  const texts = [...(await allText(database)), ['pg_stats', statistics] as const];
  return texts.filter(([, text]) => text.includes(UNIT)).map(([table]) => table);
}

test.skipIf(noPostgres !== undefined)('no query finds it', async () => {
  const { client, connection, temporal } = live;
  const { namespace } = temporal;
  const runIds: string[] = [];
  for (const pipeline of [bot, patient]) {
    const input = { text: `what of ${UNIT}?` };
    const served = await client.serve(pipeline, input, { unit: UNIT });
    runIds.push((await (await client.start(served, input, { idempotencyKey: UNIT + runIds.length })).finished).runId);
    await client.feedback(runIds.at(-1)!, { thumb: 'up', note: UNIT }, { by: UNIT });
  }
  await database.query('analyze');
  expect(await tablesWithUnit()).toEqual(expect.arrayContaining(['run', 'feedback', 'pg_stats']));

  const over = { ...live, urlOf: client.urlOf, isUiServed: true, stop: async () => undefined };
  const { stdout, code } = await runCommand(['runs', 'erase', '--unit', UNIT, '--yes', '--json'], { runtime: over });
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { erased: string[] }).erased.sort()).toEqual([...runIds].sort());
  expect(await tablesWithUnit()).toEqual([]);
  for (const workflowId of runIds) {
    const asked = { namespace, execution: { workflowId } };
    await expect(connection.workflowService.describeWorkflowExecution(asked)).rejects.toMatchObject({ code: 5 });
    await expect(connection.workflowService.getWorkflowExecutionHistory(asked)).rejects.toMatchObject({ code: 5 });
    const query = `WorkflowId = '${workflowId}'`;
    const { executions } = await connection.workflowService.listWorkflowExecutions({ namespace, query });
    expect(executions).toEqual([]);
  }
});
