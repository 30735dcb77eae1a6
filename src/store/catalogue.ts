/**
 * Which steps the live workers can run. A worker publishes its steps with a lease and renews it; a run whose plan needs
 * a step that no live worker has is refused by name before it starts.
 */

import type { Json } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';

/** A step a worker runs: `rerank@2`, and whatever else the worker says of it. */
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
