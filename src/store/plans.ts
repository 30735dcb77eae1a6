/** The plans that runs were started with: immutable, never deleted, so that a running workflow always finds its steps. */
import { SluiceError } from '../base/errors.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { Database } from './database.ts';

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
    /**
     * The plan with this id, or the only one whose id begins so.
     *
     * @throws SluiceError `plan_unknown`, `plan_ambiguous`
     */
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
