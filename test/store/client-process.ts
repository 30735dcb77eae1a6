/**
 * A client of the database in a process of its own, so that tests can have two contend. It says when it is connected,
 * begins its task when told, and answers with the result or the error's code.
 */
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../../src/base/errors.ts';
import { hashJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Ask } from '../../src/store/rate-limits.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { document } from './documents.ts';

const MINUTE_MS = 60_000;

export interface Assignment {
  readonly name: string;
  readonly count: number;
}

type Task = (given: Assignment, store: Store, database: Database) => Promise<Json>;

export const tasks = {
  async migrate(_, __, database) {
    return migrate(database);
  },
  /** Which of the leases it got. */
  async acquire({ name, count }, store) {
    const held = await Promise.all(
      numbers(count).map(
        async (n) => (await store.leases.acquire(`${name}-${n}`, String(process.pid), MINUTE_MS)).held,
      ),
    );
    return numbers(count).filter((n) => held[n]);
  },
  /** How many of the runs it was the one to create, and to complete. */
  async runs({ name, count }, store) {
    let [created, completed] = [0, 0];
    await Promise.all(
      numbers(count).map(async (n) => {
        const runId = `${name}-${n}`;
        const start = { runId, pipeline: name, planId: 'p', arms: {}, unit: null, idempotencyKey: null, input: { n } };
        if ((await store.runs.begin(start)).created) created += 1;
        const nodes = ['a', 'b', 'c'].map((key) => nodeRun(key));
        const ending = {
          outcome: 'completed',
          output: { by: process.pid },
          error: null,
          finishedAt: Date.now(),
          nodes,
        };
        if (await store.runs.complete(runId, { ...ending, outcome: 'completed' })) completed += 1;
      }),
    );
    return { created, completed };
  },
  /** Calls at a cent each, of one run; how many of them its budget had room for. */
  async spend({ name, count }, store) {
    const opened = await Promise.all(
      numbers(count).map(() =>
        store.calls.open({
          callId: randomUUID(),
          runId: name,
          key: 'draft',
          attempt: 1,
          idempotencyKey: name,
          provider: 'openai',
          model: 'm',
          kind: 'text',
          reservedTokens: 1,
          reservedUsd: 0.01,
        }),
      ),
    );
    return opened.filter(({ kind }) => kind === 'opened').length;
  },
  /** When its calls may leave, at 6,000 a minute. */
  async slots({ name, count }, store) {
    const slots = await Promise.all(numbers(count).map((n) => store.rateLimits.take(ask(name, n, 6_000))));
    return slots.map((slot) => (slot.kind === 'taken' ? slot.slotAt : -1));
  },
  /** How many of seven places it got. */
  async places({ name, count }, store) {
    const slots = await Promise.all(
      numbers(count).map((n) => store.rateLimits.take({ ...ask(name, n), allowance: { concurrency: 7 } })),
    );
    return slots.filter(({ kind }) => kind === 'taken').length;
  },
  /** Builds as an owner of its own: one of two is refused. */
  async build({ name }, store) {
    return { ...(await store.builds.begin(name, { settingsHash: 's', owner: `process ${process.pid}` })) };
  },
  /** Puts the same documents as the other, as the same owner; gives the build. */
  async put({ name, count }, store) {
    const { build } = await store.builds.begin(name, { settingsHash: 's', owner: 'one ingest' });
    for (const n of numbers(count))
      await store.builds.put(name, build, [document(`d${n}`, 'shared words'), document(`e${n}`, 'other words')]);
    return build;
  },
  async commit({ name, count: build }, store) {
    return { ...(await store.builds.commit(name, build)) };
  },
  async addExamples({ name, count }, store) {
    for (const n of numbers(count))
      await store.datasets.add(name, { id: `${process.pid}-${n}`, input: { question: 'why?' } }, 'a process');
    return count;
  },
  /** How many of its evaluations got the final split, all for one purpose. */
  async useFinal({ name, count }, store) {
    const version = await store.datasets.find(name);
    const asked = await Promise.allSettled(
      numbers(count).map((n) =>
        store.datasets.useFinal(version, {
          purpose: name,
          usedBy: 'a process',
          planIds: [],
          evaluationId: `${process.pid}-${n}`,
        }),
      ),
    );
    return asked.filter(({ status }) => status === 'fulfilled').length;
  },
  /** Writes the same 20 results over and over, with more cells and calls each time. */
  async putResults({ name, count }, { evaluations }) {
    for (const turn of numbers(count)) {
      const cells = Object.fromEntries(
        numbers(turn % 4).map((n) => [`s${n}`, { state: 'failed', reason: 'refused' } as const]),
      );
      const run = { latencyMs: 1, costUsd: turn / 10, inputTokens: 1, outputTokens: 1, failed: false, degraded: false };
      const rest = { variant: 0, repeat: 1, outcome: 'completed', error: null, output: null, calls: [] } as const;
      await evaluations.putResults(
        name,
        numbers(20).map((n) => ({ exampleId: `e${n}`, ...rest, run, cells })),
      );
    }
    return count;
  },
  /** Whose registrations are locked, of which it asks for all. */
  async register({ name, count }, { evaluations }) {
    const content = { pipeline: 'p', scorerVersions: {}, metrics: [], repeats: 1, alpha: 0.05 };
    const dataset = { name: 'd', version: 'v', split: null, tag: null, examples: 1 };
    const locked = await Promise.all(
      numbers(count).map((n) => evaluations.register(`${name}-${n}`, { ...content, dataset }, String(process.pid))),
    );
    return locked.map(({ evaluationId }) => evaluationId);
  },
  /** Which of the calls it made: each in its turn, in batches, until all are known. */
  async memo({ name, count }, { memo }) {
    const ownerId = randomUUID();
    const made: number[] = [];
    let open = new Map(numbers(count).map((n) => [hashJson([name, n]), n]));
    while (open.size > 0) {
      await memo.renew(ownerId, MINUTE_MS);
      const asked = [...open.keys()].slice(0, 40);
      const claims = await memo.claim(ownerId, asked);
      const mine = asked.filter((key) => claims.get(key)?.kind === 'mine');
      made.push(...mine.map((key) => open.get(key)!));
      if (mine.length > 0) await memo.store(ownerId, mine.map(memoRecord));
      const isOpen = (key: string) => claims.get(key)?.kind === 'taken' || !claims.has(key);
      // Those that another makes come last next time.
      open = new Map([...open].filter(([key]) => isOpen(key)).sort(([a], [b]) => +claims.has(a) - +claims.has(b)));
    }
    return made;
  },
  /** Claims all of the calls, stores half of them, says so, and never ends; its lease is short. */
  async memoUntilKilled({ name, count }, { memo }) {
    const ownerId = randomUUID();
    const keys = numbers(count).map((n) => hashJson([name, n]));
    await memo.renew(ownerId, 300);
    await memo.claim(ownerId, keys);
    await memo.store(ownerId, keys.slice(0, count / 2).map(memoRecord));
    process.send?.({ kind: 'inside' });
    await new Promise(() => undefined);
    return null;
  },
  /** Many statements at once, some failing, some in transactions: how many answers were not its own. */
  async own({ name, count }, _, database) {
    let wrong = 0;
    await Promise.all(
      numbers(8).map(async (n) => {
        const mine = `${name}-${process.pid}-${n}`;
        for (const turn of numbers(count)) {
          const columns = numbers((n % 3) + 1).map((column) => `$${column + 1}::text as c${column}`);
          const values = columns.map((_column, column) => `${mine}-${turn}-${column}`);
          const ask = () => database.query<Record<string, string>>(`select ${columns.join(', ')}`, values);
          if (Object.values((await ask())[0]!).join() !== values.join()) wrong += 1;
          if (turn % 3 === 0) {
            const failed = database.query(`select no_such_column from (select $1::text) as t`, [mine]);
            if (!String(await failed.catch((error: Error) => error.message)).includes('no_such_column')) wrong += 1;
          }
          const inside = await database.transaction(async (queries) => {
            await queries.query('select 1 as one');
            return queries.query<{ mine: string }>('select $1::text as mine', [`${mine}-${turn}`]);
          });
          if (inside[0]?.mine !== `${mine}-${turn}`) wrong += 1;
        }
      }),
    );
    return wrong;
  },
  /** Opens a transaction, writes, says so, and never ends. */
  async hang({ name }, _, database) {
    await database.transaction(async (queries) => {
      await queries.query(`insert into payload (hash, body) values ($1, 'half done')`, [name]);
      process.send?.({ kind: 'inside' });
      await new Promise(() => undefined);
    });
    return null;
  },
} satisfies Record<string, Task>;

const memoRecord = (key: string) => ({
  key,
  outcome: JSON.stringify({ value: process.pid }),
  attempts: 1,
  durationMs: 1,
  runId: 'an evaluation',
  callKey: key,
});

const ask = (scope: string, n: number, requestsPerMinute = 1): Ask => ({
  scope,
  callId: `${process.pid}-${n}`,
  allowance: { requestsPerMinute },
  tokens: 0,
  isServing: true,
  longestWaitMs: MINUTE_MS,
  leaseMs: MINUTE_MS,
  standBackMs: 0,
});

const numbers = (count: number): number[] => [...Array(count).keys()];

const nodeRun = (key: string) =>
  ({
    key,
    node: key,
    kind: 'step',
    step: 's@1',
    call: 'step',
    outcome: 'completed',
    attempts: 1,
    startedAt: 1_700_000_000_000,
    durationMs: 1.5,
    queuedMs: 0.5,
    error: null,
  }) as const;

if (process.send !== undefined && process.argv[2]?.startsWith('postgres')) {
  const database = openDatabase(process.argv[2]);
  const task: Task = tasks[process.argv[3] as keyof typeof tasks];
  await database.query('select 1 as one');
  process.once('message', async (given: Assignment) => {
    const answer = await task(given, createStore(database), database).then(
      (result) => ({ kind: 'done', result }),
      (error) => ({
        kind: 'failed',
        code: error instanceof SluiceError ? error.code : String(error),
        message: error.message,
      }),
    );
    process.send?.(answer, undefined, undefined, () => process.exit(0));
  });
  process.send({ kind: 'connected' });
}
