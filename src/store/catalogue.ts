/**
 * Steps of live workers, and stored plans. A worker publishes its steps with a lease and renews it. A run whose plan
 * needs a step that no live worker has is refused by name before it starts.
 */

import { SluiceError } from '../base/errors.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database } from './database.ts';

/** A step that a worker runs, such as `rerank@2`, with further facts about it. */
export interface CatalogueStep {
  readonly step: string;
  readonly [fact: string]: Json;
}

export interface Publication {
  readonly workerId: string;
  readonly taskQueue: string;
  readonly steps: readonly CatalogueStep[];
  /** How long the publication counts unless renewed. */
  readonly leaseMs: number;
}

export interface RegisteredStep extends CatalogueStep {
  readonly taskQueue: string;
  /** How many live workers have it. */
  readonly workers: number;
}

/** Rows of workers gone for this long are deleted when another publishes. */
const KEEP_DEAD = "interval '1 day'";

export type Catalogue = ReturnType<typeof createCatalogue>;

export function createCatalogue(database: TimedDatabase) {
  const { now } = database;
  return Object.freeze({
    /** Publishes, in place of what this worker published before on this queue. */
    async publish({ workerId, taskQueue, steps, leaseMs }: Publication): Promise<void> {
      await database.query(
        `with swept as (delete from worker where expires_at < ${nowSql('$5')} - ${KEEP_DEAD} and worker_id <> $1)
         insert into worker (worker_id, task_queue, steps, expires_at)
         values ($1, $2, $3, ${nowSql('$5')} + $4 * interval '1 millisecond')
         on conflict (worker_id, task_queue) do update
         set steps = excluded.steps, expires_at = excluded.expires_at`,
        [workerId, taskQueue, JSON.stringify(steps), leaseMs, now()],
      );
    },
    /** Extends all of a worker's publications; false when there are none (withdrawn, or swept): publish again. */
    async renew(workerId: string, leaseMs: number): Promise<boolean> {
      const rows = await database.query(
        `update worker set expires_at = ${nowSql('$3')} + $2 * interval '1 millisecond'
         where worker_id = $1 returning 1 as renewed`,
        [workerId, leaseMs, now()],
      );
      return rows.length > 0;
    },
    async withdraw(workerId: string): Promise<void> {
      await database.query('delete from worker where worker_id = $1', [workerId]);
    },
    /** The steps that live workers have, by task queue and step; of all queues unless one is named. */
    async registered(taskQueue?: string): Promise<readonly RegisteredStep[]> {
      const rows = await database.query<{ taskQueue: string; steps: readonly CatalogueStep[] }>(
        `select task_queue as "taskQueue", steps from worker
         where expires_at > ${nowSql('$2')} and ($1::text is null or task_queue = $1)
         order by task_queue, worker_id`,
        [taskQueue ?? null, now()],
      );
      const found = new Map<string, RegisteredStep>();
      for (const { taskQueue: queue, steps } of rows)
        for (const step of steps) {
          const key = JSON.stringify([queue, step.step]);
          found.set(key, { ...step, taskQueue: queue, workers: (found.get(key)?.workers ?? 0) + 1 });
        }
      return [...found.values()].sort(byQueueAndStep);
    },
  });
}

function byQueueAndStep(a: RegisteredStep, b: RegisteredStep): number {
  return a.taskQueue.localeCompare(b.taskQueue) || a.step.localeCompare(b.step);
}

// The plans that runs were started with: immutable, never deleted, so that a running workflow always finds its steps.

/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export type Plans = ReturnType<typeof createPlans>;

export function createPlans(database: Database) {
  return Object.freeze({
    /**
     * Stores `plan` under its id; a plan already there stays as it is.
     *
     * @throws SluiceError `plan_conflict` if another plan has that id.
     */
    async put(planId: string, plan: Plan): Promise<void> {
      const body = canonicalJson(plan as unknown as Json);
      const [known] = await database.query<{ body: Plan }>(
        `with added as (
           insert into plan (plan_id, pipeline, body) values ($1, $2, $3) on conflict do nothing
         )
         select body from plan where plan_id = $1`,
        [planId, plan.pipeline, body],
      );
      if (known === undefined || canonicalJson(known.body as unknown as Json) === body) return;
      throw new SluiceError('plan_conflict', {
        message: `the store holds another plan under the id ${planId}`,
        remedy: 'compute the id with planId(plan); an id given by hand must be new',
        data: { planId },
      });
    },
    /** @throws SluiceError `plan_unknown` */
    async get(planId: string): Promise<Plan> {
      const [row] = await database.query<{ body: Plan }>('select body from plan where plan_id = $1', [planId]);
      if (row !== undefined) return row.body;
      throw new SluiceError('plan_unknown', {
        message: `the store holds no plan ${planId}`,
        remedy: 'the database was replaced since this plan was stored: start the run again',
        data: { planId },
      });
    },
    /** The plan with this id or unique id prefix. @throws SluiceError `plan_unknown`, `plan_ambiguous` */
    find: (idOrPrefix: string): Promise<{ readonly planId: string; readonly plan: Plan }> =>
      findPlan(database, idOrPrefix),
  });
}

async function findPlan(database: Database, idOrPrefix: string): Promise<{ planId: string; plan: Plan }> {
  const rows = await database.query<{ planId: string; plan: Plan }>(
    `select plan_id as "planId", body as plan from plan where plan_id = $1 or (plan_id > $1 and plan_id < $2)
     order by plan_id limit ${SHOWN + 1}`,
    [idOrPrefix, idOrPrefix + LAST_CHARACTER],
  );
  const [first, second] = rows;
  if (first === undefined || idOrPrefix === '')
    throw new SluiceError('plan_unknown', {
      message: `the store holds no plan whose id begins with '${idOrPrefix}'`,
      remedy: 'the plans of runs are stored: sluice runs shows their ids',
      data: { prefix: idOrPrefix },
    });
  if (second === undefined || first.planId === idOrPrefix) return first;
  const ids = rows.slice(0, SHOWN).map(({ planId }) => planId);
  throw new SluiceError('plan_ambiguous', {
    message: `several plans begin with '${idOrPrefix}'`,
    remedy: `give more of the id: ${ids.join(', ')}${rows.length > SHOWN ? ', and more' : ''}`,
    data: { prefix: idOrPrefix, planIds: ids },
  });
}
