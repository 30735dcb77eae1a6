/** `/v1/experiments`: how experiments and rollouts stand, and steering them. */
import { z } from '@hono/zod-openapi';
import { resultAnalyses, statusOf } from '../../client/experiment-status.ts';
import { analysisReport } from '../../experiment/analysis-report.ts';
import { effectRows } from '../../experiment/report-table.ts';
import type { AnalysisRecord } from '../../model/analysis-data.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import type { Ledger } from '../../store/ledger.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, actor, addRoute, jsonAnswer, keyedRoute, type Routing, Why } from '../route.ts';
import { PipelineName } from '../schemas.ts';

const MOST_LISTED = 100;

const ExperimentId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,200}$/, 'it is no id of an experiment')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'rerank-online-1' });

const ExperimentView = z
  .object({
    experimentId: z.string(),
    name: z.string(),
    pipeline: z.string(),
    kind: z.enum(['experiment', 'rollout']),
    state: z.string().openapi({ example: 'running' }),
    reason: z.string().nullable(),
    arms: z.array(z.object({ name: z.string(), weight: z.number() }).loose()),
    stopped: z.array(z.string()),
    winner: z.string().nullable(),
    ramp: z.number(),
    stage: z.int(),
    startedBy: z.string(),
    startedAt: z.number(),
    endedAt: z.number().nullable(),
  })
  .openapi('Experiment');

const ExperimentStatus = ExperimentView.extend({
  sentences: z.array(z.string()).openapi({ description: 'What stands, in words, the verdict first' }),
  look: z.unknown().openapi({
    description: 'The result: the newest look of the experiment itself, with every number; null before the first',
  }),
  rolloutLook: z.unknown().openapi({ description: 'The newest look of the rollout that followed; null without one' }),
  stages: z.array(z.object({ stage: z.int(), why: z.string(), beganAt: z.number() }).loose()),
}).openapi('ExperimentStatus');

const Act = z.strictObject({ why: Why }).openapi('Act');
const identified = z.object({ id: ExperimentId });

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments',
    tags: ['Experiments'],
    summary: 'List experiments and rollouts, newest first',
    middleware: allow('read'),
    request: {
      query: z.object({
        pipeline: PipelineName.optional().openapi({ param: { name: 'pipeline', in: 'query' } }),
        live: z.enum(['true', 'false']).optional().openapi({ description: 'true: only those that have not ended' }),
      }),
    },
    responses: {
      200: jsonAnswer(`The newest ${MOST_LISTED}`, z.object({ experiments: z.array(ExperimentView) })),
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments/{id}',
    tags: ['Experiments'],
    summary: 'How an experiment stands',
    middleware: allow('read'),
    request: { params: identified },
    responses: { 200: jsonAnswer('It is there', ExperimentStatus), ...problems(404, 422) },
  });

const ACTIONS = {
  pause: 'Serve everybody the baseline, and decide nothing, until it is resumed',
  resume: 'Go on with one that is paused',
  approve: 'Roll out the winner that waits for it',
  abort: 'End it: everybody gets the baseline, and nothing is decided',
} as const;

const steer = (allow: Routing['allow'], action: keyof typeof ACTIONS) =>
  keyedRoute({
    method: 'post',
    path: `/v1/experiments/{id}/${action}`,
    tags: ['Experiments'],
    summary: ACTIONS[action],
    middleware: allow('operate'),
    request: { params: identified, body: { content: { 'application/json': { schema: Act } }, required: true } },
    responses: { 200: jsonAnswer('What it then is', ExperimentView), ...problems(404, 409, 413, 415, 422) },
  });

export const addExperiments: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  addRoute(app, list(allow), async (context) => {
    const { pipeline, live } = context.req.valid('query');
    const rows = await store.experiments.list({
      limit: MOST_LISTED,
      ...(pipeline !== undefined && { pipeline }),
      ...(live === 'true' && { live: true }),
    });
    return context.json({ experiments: rows.map(viewOf) });
  });
  addRoute(app, show(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    const { sentences, look, rolloutLook, stages } = await statusOf(store, row);
    return context.json({ ...viewOf(row), sentences, look, rolloutLook, stages });
  });
  for (const action of Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])
    addRoute(app, steer(allow, action), async (context) => {
      const { experimentId } = await store.experiments.get(context.req.valid('param').id);
      const { why } = context.req.valid('json');
      return context.json(viewOf(await client.steerExperiment(experimentId, { action, by: actor(context), why })));
    });
};

function viewOf(row: ExperimentRow) {
  const { experimentId, name, pipeline, kind, state, reason, stopped, winner, ramp, stage } = row;
  const arms = row.spec.arms.map(({ name, weight }) => ({ name, weight }));
  const { startedBy, startedAt, endedAt } = row;
  return {
    experimentId,
    name,
    pipeline,
    kind,
    state,
    reason,
    arms,
    stopped,
    winner,
    ramp,
    stage,
    startedBy,
    startedAt,
    endedAt,
  };
}

/** More points than a chart has room for: of more looks, as many are given, evenly apart. */
const MOST_LOOKS = 120;
/** Read at a time: a look is a few kilobytes, and the store has others to serve. */
const AT_ONCE = 8;

const Interval = z.tuple([z.number(), z.number()]).nullable();
const RowStatus = z.enum(['proven', 'harmed', 'unproven', 'better', 'worse', 'open', 'shown']);

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
  const found: AnalysisRecord[] = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const entries = await Promise.all(
      wanted.slice(from, from + AT_ONCE).map((lookNo) => ledger.look(experimentId, lookNo)),
    );
    found.push(...entries.flatMap((entry) => (entry ? [JSON.parse(entry.content) as AnalysisRecord] : [])));
  }
  return { total, looks: found.map((record) => pointOf(spec, record)) };
}

/** So many of the numbers from 1 on, the first and the last among them. */
export function evenly(total: number, most: number): readonly number[] {
  if (total <= most) return Array.from({ length: total }, (_, index) => index + 1);
  return Array.from({ length: most }, (_, index) => 1 + Math.round((index * (total - 1)) / (most - 1)));
}

function pointOf(spec: ExperimentRow['spec'], record: AnalysisRecord) {
  const { lookNo, at, phase, decision, reason, data } = record;
  const rows = effectRows(spec, record).map(({ metric, variant, effect, interval: between, status: stands }) => ({
    ...{ metric, variant, effect, interval: between, status: stands },
  }));
  return { lookNo, at, phase, decision, reason, exposed: sum(data.exposed), rows };
}

const sum = (counts: readonly { readonly n: number }[]): number => counts.reduce((total, { n }) => total + n, 0);

/** `GET /v1/experiments/{id}/report`: what was asked of an experiment, and what its newest look says of each metric. */
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
    interval: Interval,
    harm: z.object({ lo: z.number().nullable(), hi: z.number().nullable() }).nullable(),
    margin: z.number().nullable(),
    status: RowStatus,
    phase: z.enum(['experiment', 'rollout']).openapi({ description: 'In a rollout nothing waits for a proof' }),
    isExploratory: z.boolean(),
  })
  .openapi('MetricReport');

const Looked = z.object({
  lookNo: z.int().nullable(),
  table: z.array(MetricReport).openapi({ description: 'Empty before the first look' }),
  funnel: z.array(
    z.object({
      arm: z.string(),
      weight: z.number(),
      isServed: z.boolean(),
      assigned: z.int().nullable().openapi({ description: 'Null where it was not recorded' }),
      exposed: z.int(),
      matured: z.int().openapi({ description: "Whose window for the first metric's outcomes is over" }),
      recorded: z.int().openapi({ description: 'Of which a value of the first metric is known' }),
    }),
  ),
  ratio: z.object({
    p: z.number().nullable().openapi({ description: 'Of the worst of the ratios, as one of so many' }),
    chiSquareP: z
      .number()
      .nullable()
      .openapi({ description: 'The same by a chi-square test, read only by the look that would end the experiment' }),
    haltsBelow: z.number(),
    isOff: z.boolean(),
    worst: z.object({ of: z.string(), p: z.number() }).nullable(),
    rows: z.array(
      z.object({
        of: z.string(),
        arms: z.array(z.string()),
        counts: z.array(z.int()),
        weights: z.array(z.number()),
        p: z.number(),
        chiSquareP: z.number().nullable(),
      }),
    ),
  }),
  exposure: z
    .object({
      arms: z.array(z.string()),
      assigned: z.array(z.int()),
      exposed: z.array(z.int()),
      p: z.number().openapi({ description: 'Of one rate of exposure in all arms' }),
      haltsBelow: z.number(),
    })
    .nullable()
    .openapi({ description: 'Of the assigned units of each served arm, how many were exposed; null: not known' }),
  counts: z
    .unknown()
    .openapi({ description: 'Units excluded, and outcomes late or outside; null before the first look' }),
  daysLeft: z.number().nullable(),
});

const ExperimentReport = Looked.extend({
  experimentId: z.string(),
  asked: z.unknown().openapi({ description: 'Arms, metrics, when to stop and how to roll out, as fixed at its start' }),
  rollout: Looked.nullable().openapi({ description: 'The newest look of the rollout that followed; null without one' }),
}).openapi('ExperimentReport');

const report = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments/{id}/report',
    tags: ['Experiments'],
    summary:
      'What was asked of an experiment, and its result: what the look says that decided, or the newest before a decision',
    middleware: allow('read'),
    request: { params: identified },
    responses: { 200: jsonAnswer('It is there', ExperimentReport), ...problems(404, 422) },
  });

export const addExperimentReport: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, report(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    const { look, rolloutLook } = await resultAnalyses(store.ledger, row);
    return context.json(analysisReport(row, look, rolloutLook));
  });
};
