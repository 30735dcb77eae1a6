/** The plans that runs were started with: immutable, never deleted, so that a running workflow always finds its steps. */
import { SluiceError } from '../base/errors.ts';
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
  /**
   * The plan with this id, or the only one whose id begins so.
   *
   * @throws SluiceError `plan_unknown`, `plan_ambiguous`
   */
  find(idOrPrefix: string): Promise<{ readonly planId: string; readonly plan: Plan }>;
}

/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

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
    find: (idOrPrefix) => findPlan(database, idOrPrefix),
  } satisfies Plans);
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
