/**
 * Which steps the living workers can run. A call to a step that no worker knows would be retried for ever; so workers
 * publish what they have, under a lease, and a start that needs anything else is refused by its name.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../errors.ts';
import { suggest } from '../nearest.ts';
import { stepsOf } from '../plan/nodes.ts';
import type { Plan } from '../plan/plan.ts';
import type { Store } from '../store/store.ts';

const LEASE_MS = 15_000;
const RENEWALS_PER_LEASE = 3;
const WITHDRAW_LIMIT_MS = 2_000;
/** A published catalogue is believed for this long; a step not in it is looked up again at once. */
const BELIEVED_MS = 5_000;

export interface Published {
  withdraw(): Promise<void>;
}

/** Publishes a worker's steps and keeps them published until they are withdrawn. */
export async function keepPublished(
  catalogue: Store['catalogue'],
  worker: { readonly workerId: string; readonly queue: string; readonly steps: readonly string[] },
): Promise<Published> {
  const { workerId, queue: taskQueue } = worker;
  const steps = worker.steps.map((step) => ({ step }));
  const publish = () => catalogue.publish({ workerId, taskQueue, steps, leaseMs: LEASE_MS });
  await publish();
  // A renewal that fails is made good by the next: an outage of the database must not end a worker.
  const timer = setInterval(() => publish().catch(() => undefined), LEASE_MS / RENEWALS_PER_LEASE);
  timer.unref();
  return {
    async withdraw() {
      clearInterval(timer);
      // A database that is away must not hold up the end of a worker: the lease ends soon anyway.
      const withdrawn = catalogue.withdraw(workerId).catch(() => undefined);
      await Promise.race([withdrawn, delay(WITHDRAW_LIMIT_MS, undefined, { ref: false })]);
    },
  };
}

export type CheckCatalogue = (plan: Plan) => Promise<void>;

/**
 * A check that every step of a plan has a worker.
 *
 * The check throws SluiceError `no_worker`, or `step_unregistered` naming the step and the nearest one there is.
 */
export function createCatalogueCheck(catalogue: Store['catalogue'], taskQueue: string): CheckCatalogue {
  let known: ReadonlySet<string> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async () => {
    known = new Set((await catalogue.registered(taskQueue)).map(({ step }) => step));
    readAt = performance.now();
  };
  return async (plan) => {
    const needed = stepsOf(plan);
    const isMissing = (step: string) => !known.has(step);
    if (performance.now() - readAt > BELIEVED_MS || needed.some(isMissing)) await read();
    if (known.size === 0)
      throw new SluiceError('no_worker', {
        message: `no worker is running on '${taskQueue}'`,
        remedy: 'start one: sluice worker (or sluice dev, which has one)',
      });
    const missing = needed.find(isMissing);
    if (missing === undefined) return;
    throw new SluiceError('step_unregistered', {
      message: `no running worker has '${missing}', which '${plan.pipeline}' needs`,
      remedy: `implement it in activities/index.ts and restart the worker; ${suggest(missing, known, 'no step is registered')}`,
      data: { step: missing, registered: [...known].sort() },
    });
  };
}
