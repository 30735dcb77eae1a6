/**
 * `/v1/experiments/{id}/looks` and `/report`: what looks have said over time, and what the newest one says of each metric with
 * all that it was asked.
 */
import { z } from '@hono/zod-openapi';
import { recordedUnits } from '../../experiment/look-cells.ts';
import type { LookRecord } from '../../experiment/look-data.ts';
import { lookTable } from '../../experiment/report-table.ts';
import { servedArms, worstP } from '../../experiment/srm.ts';
import { SRM_HALT_P } from '../../stats/srm.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import type { Ledger } from '../../store/ledger.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';

/** More points than a chart has room for: of more looks, as many are given, evenly apart. */
const MOST_LOOKS = 120;
/** Read at a time: a look is a few kilobytes, and the store has others to serve. */
const AT_ONCE = 8;

const ExperimentId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,200}$/, 'it is no id of an experiment')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'rerank-online-1' });

const interval = z.tuple([z.number(), z.number()]).nullable();
const status = z.enum(['proven', 'harmed', 'unproven', 'better', 'worse', 'open', 'shown']);

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
        interval: interval.openapi({ description: 'Valid at every look; null before there is one' }),
        status,
      }),
    ),
  })
  .openapi('LookPoint');

const MetricReport = z
  .object({
    metric: z.string(),
    role: z.enum(['primary', 'guardrail', 'secondary']),
    kind: z.string(),
    format: z.string(),
    better: z.enum(['higher', 'lower']),
    variant: z.string(),
    units: z.tuple([z.int(), z.int()]),
    values: z.tuple([z.number().nullable(), z.number().nullable()]),
    effect: z.number().nullable(),
    interval,
    harm: z.object({ lo: z.number().nullable(), hi: z.number().nullable() }).nullable(),
    margin: z.number().nullable(),
    status,
    isExploratory: z.boolean(),
  })
  .openapi('MetricReport');

const ExperimentReport = z
  .object({
    experimentId: z.string(),
    asked: z
      .unknown()
      .openapi({ description: 'Arms, metrics, when to stop and how to roll out, as fixed at its start' }),
    lookNo: z.int().nullable(),
    table: z.array(MetricReport).openapi({ description: 'Of the newest look; empty before the first' }),
    funnel: z.array(
      z.object({
        arm: z.string(),
        weight: z.number(),
        isServed: z.boolean(),
        exposed: z.int(),
        matured: z.int().openapi({ description: "Whose window for the first metric's outcomes is over" }),
        recorded: z.int().openapi({ description: 'Of which a value of the first metric is known' }),
      }),
    ),
    ratio: z.object({
      p: z.number().nullable().openapi({ description: 'Of the worst of the ratios, as one of so many' }),
      haltsBelow: z.number(),
      rows: z.array(
        z.object({
          of: z.string(),
          arms: z.array(z.string()),
          counts: z.array(z.int()),
          weights: z.array(z.number()),
          p: z.number(),
        }),
      ),
    }),
    counts: z
      .unknown()
      .openapi({ description: 'Units excluded, and outcomes late or outside; null before the first look' }),
    daysLeft: z.number().nullable(),
  })
  .openapi('ExperimentReport');

const identified = z.object({ id: ExperimentId });
const ok = (description: string, schema: z.ZodType) => ({ description, content: { 'application/json': { schema } } });

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
      200: ok('Per look, metric and variant', z.object({ total: z.int(), looks: z.array(LookPoint) })),
      ...problems(404, 422),
    },
  });

const report = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments/{id}/report',
    tags: ['Experiments'],
    summary: 'What was asked of an experiment, and what its newest look says of it',
    middleware: allow('read'),
    request: { params: identified },
    responses: { 200: ok('It is there', ExperimentReport), ...problems(404, 422) },
  });

export const addExperimentLooks: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, looks(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    return context.json(await looksOf(store.ledger, row));
  });
  addRoute(app, report(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    const last = await store.ledger.lastLook(row.experimentId);
    return context.json(reportOf(row, last === undefined ? null : (JSON.parse(last.content) as LookRecord)));
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

function reportOf({ experimentId, spec }: ExperimentRow, look: LookRecord | null) {
  const { unitName, share, layer, scorers, metrics, stop, rollout, breaker } = spec;
  const arms = spec.arms.map(({ name, weight, edits }) => ({ name, weight, edits }));
  const asked = {
    unitName,
    share,
    layer,
    arms,
    metrics,
    scorers: scorers.map((each) => each.spec.id),
    stop,
    rollout,
    breaker,
  };
  if (look === null) {
    const funnel = arms.map(({ name, weight }) => ({
      ...{ arm: name, weight, isServed: true, exposed: 0, matured: 0, recorded: 0 },
    }));
    const ratio = { p: null, haltsBelow: SRM_HALT_P, rows: [] };
    return { experimentId, asked, lookNo: null, table: [], funnel, ratio, counts: null, daysLeft: null };
  }
  const { data, srm, lookNo, daysLeft } = look;
  const served = servedArms(spec, data);
  const names = served.map((arm) => arms[arm]!.name);
  const ratio = {
    ...{ p: worstP(srm), haltsBelow: SRM_HALT_P },
    rows: srm.map(({ of, metric, counts, weights, p }) => ({
      of: metric === null ? of : metrics[metric]!.name,
      ...{ arms: names, counts, weights, p },
    })),
  };
  const window = metrics[0]?.windowMs;
  const funnel = arms.map(({ name, weight }, arm) => ({
    ...{
      arm: name,
      weight,
      isServed: served.includes(arm),
      exposed: sum(data.exposed.filter((each) => each.arm === arm)),
    },
    matured: sum(data.matured.filter((each) => each.arm === arm && each.windowMs === window)),
    recorded: recordedUnits(data, 0, arm),
  }));
  return { experimentId, asked, lookNo, table: lookTable(spec, look), funnel, ratio, counts: data.counts, daysLeft };
}

const sum = (counts: readonly { readonly n: number }[]): number => counts.reduce((total, { n }) => total + n, 0);
