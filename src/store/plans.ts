/** The plans that runs were started with: immutable, never deleted, so that a running workflow always finds its steps. */
import { SluiceError } from '../errors.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { Database } from './database.ts';

export interface Plans {
  /**
   * Stores `plan` under its id; a plan already there stays as it is.
   *
   * @throws SluiceError `plan_conflict` if another plan has that id.
   */
  put(planId: string, plan: Plan): Promise<void>;
  /** @throws SluiceError `plan_unknown` */
  get(planId: string): Promise<Plan>;
}

export function createPlans(database: Database): Plans {
  return Object.freeze({
    async put(planId, plan) {
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
    async get(planId) {
      const [row] = await database.query<{ body: Plan }>('select body from plan where plan_id = $1', [planId]);
      if (row !== undefined) return row.body;
      throw new SluiceError('plan_unknown', {
        message: `the store holds no plan ${planId}`,
        remedy: 'the database was replaced since this plan was stored: start the run again',
        data: { planId },
      });
    },
  } satisfies Plans);
}
