/** `GET /v1/experiments/{id}/looks`: what looks have said over time. */
import { z } from '@hono/zod-openapi';
import { lookTable } from '../../experiment/report-table.ts';
import type { LookRecord } from '../../model/look-data.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import type { Ledger } from '../../store/ledger.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';

/** More points than a chart has room for: of more looks, as many are given, evenly apart. */
const MOST_LOOKS = 120;
/** Read at a time: a look is a few kilobytes, and the store has others to serve. */
const AT_ONCE = 8;

export const ExperimentId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,200}$/, 'it is no id of an experiment')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'rerank-online-1' });

export const Interval = z.tuple([z.number(), z.number()]).nullable();
export const RowStatus = z.enum(['proven', 'harmed', 'unproven', 'better', 'worse', 'open', 'shown']);

const LookPoint = z
  .object({
    lookNo: z.int(),
    at: z.number(),
    phase: z.enum(['experiment', 'rollout']),
    decision: z.string(),
    reason: z.string(),
    exposed: z.int().openapi({ description: 'Units that have met an arm by then' }),
    rows: z.array(
      z.object({
        metric: z.string(),
        variant: z.string(),
        effect: z.number().nullable(),
        interval: Interval.openapi({ description: 'Valid at every look; null before there is one' }),
        status: RowStatus,
      }),
    ),
  })
  .openapi('LookPoint');

const identified = z.object({ id: ExperimentId });

const looks = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments/{id}/looks',
    tags: ['Experiments'],
    summary: 'What the looks at an experiment have said, oldest first',
    description: `At most ${MOST_LOOKS}; of more, evenly apart, with the first and the last.`,
    middleware: allow('read'),
    request: { params: identified },
    responses: {
      200: jsonAnswer('Per look, metric and variant', z.object({ total: z.int(), looks: z.array(LookPoint) })),
      ...problems(404, 422),
    },
  });

export const addExperimentLooks: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, looks(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    return context.json(await looksOf(store.ledger, row));
  });
};

async function looksOf(ledger: Ledger, { experimentId, spec }: ExperimentRow) {
  const total = (await ledger.lastLook(experimentId))?.lookNo ?? 0;
  const wanted = evenly(total, MOST_LOOKS);
  const found: LookRecord[] = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const entries = await Promise.all(
      wanted.slice(from, from + AT_ONCE).map((lookNo) => ledger.look(experimentId, lookNo)),
    );
    found.push(...entries.flatMap((entry) => (entry ? [JSON.parse(entry.content) as LookRecord] : [])));
  }
  return { total, looks: found.map((record) => pointOf(spec, record)) };
}

/** So many of the numbers from 1 on, the first and the last among them. */
export function evenly(total: number, most: number): readonly number[] {
  if (total <= most) return Array.from({ length: total }, (_, index) => index + 1);
  return Array.from({ length: most }, (_, index) => 1 + Math.round((index * (total - 1)) / (most - 1)));
}

function pointOf(spec: ExperimentRow['spec'], record: LookRecord) {
  const { lookNo, at, phase, decision, reason, data } = record;
  const rows = lookTable(spec, record).map(({ metric, variant, effect, interval: between, status: stands }) => ({
    ...{ metric, variant, effect, interval: between, status: stands },
  }));
  return { lookNo, at, phase, decision, reason, exposed: sum(data.exposed), rows };
}

const sum = (counts: readonly { readonly n: number }[]): number => counts.reduce((total, { n }) => total + n, 0);
