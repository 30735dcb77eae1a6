/** `/v1/monitors`: how monitors stand, and starting and stopping them. */
import { z } from '@hono/zod-openapi';
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { MonitorSpec } from '../../model/monitor-spec.ts';
import { monitorStatus } from '../../monitor/window.ts';
import type { MonitorRow } from '../../store/monitors.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, actor, addRoute, jsonAnswer, keyedRoute, type Routing, Why } from '../route.ts';

const MOST_LISTED = 100;
const HISTORY = 50;

const MonitorId = z
  .string()
  .regex(/^[A-Za-z0-9_@.-]{1,200}$/, 'it is no id of a monitor')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'supported-live' });

const MonitorView = z
  .object({
    monitorId: z.string().openapi({ description: 'Its name with its version; of one never started, its name' }),
    name: z.string(),
    version: z.int().nullable(),
    pipeline: z.string(),
    state: z.enum(['running', 'stopped', 'not_started']),
    scorer: z.string(),
    sample: z.number(),
    windowMs: z.number(),
    fields: z.record(
      z.string(),
      z.object({ kind: z.enum(['rate', 'mean']), format: z.string(), worst: z.number(), best: z.number().nullable() }),
    ),
    alertOn: z.unknown().openapi({ description: 'Field, bound, and scores that it takes; null: it never alerts' }),
    budgetUsdPerDay: z.number().nullable(),
    alert: z.enum(['unknown', 'ok', 'alerting']).nullable(),
    alertSince: z.number().nullable(),
    startedBy: z.string().nullable(),
    startedAt: z.number().nullable(),
    stoppedAt: z.number().nullable(),
    reason: z.string().nullable(),
  })
  .openapi('Monitor');

const Counts = z
  .object({
    triggered: z.int(),
    sampled: z.int(),
    waiting: z.int(),
    scored: z.int(),
    failed: z.int(),
    overBudget: z.int(),
    overQueue: z.int(),
    stopped: z.int(),
    lastScoredAt: z.number().nullable(),
  })
  .openapi('MonitorCounts');

const MonitorStatus = MonitorView.extend({
  counts: Counts,
  reasons: z.array(z.object({ state: z.string(), code: z.string(), runs: z.int() })),
  window: z.unknown().openapi({ description: 'Mean or rate of each field with its 99 % interval, and coverage' }),
  alerts: z
    .array(z.unknown())
    .openapi({ description: 'Changes of the alert, newest first, with what they were decided from' }),
  history: z.array(z.object({ at: z.number(), who: z.string(), action: z.string(), why: z.string() }).loose()),
  isStalled: z.boolean(),
  isOutOfBudget: z.boolean(),
  spentTodayUsd: z.number().nullable(),
}).openapi('MonitorStatus');

const Act = z.strictObject({ why: Why }).openapi('MonitorAct');
const identified = z.object({ id: MonitorId });

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/monitors',
    tags: ['Monitors'],
    summary: 'List monitors: what runs first, then what does not, then what was never started',
    middleware: allow('read'),
    responses: {
      200: jsonAnswer(
        `The newest version of each, at most ${MOST_LISTED}`,
        z.object({ monitors: z.array(MonitorView.extend({ counts: Counts.nullable() })) }),
      ),
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/monitors/{id}',
    tags: ['Monitors'],
    summary: 'How a monitor stands',
    description: 'By its id, or by its name: then the version that runs, or else the newest.',
    middleware: allow('read'),
    request: { params: identified },
    responses: { 200: jsonAnswer('It was started once', MonitorStatus), ...problems(404, 422) },
  });

const act = (allow: Routing['allow'], action: 'start' | 'stop') =>
  keyedRoute({
    method: 'post',
    path: `/v1/monitors/{id}/${action}`,
    tags: ['Monitors'],
    summary: action === 'start' ? 'Score a part of the runs from now on' : 'Score no more runs; what was found stays',
    ...(action === 'start' && {
      description: 'As its definition in code says; of one that has none, as it was when it ran last.',
    }),
    middleware: allow('operate'),
    request: { params: identified, body: { content: { 'application/json': { schema: Act } }, required: true } },
    responses: { 200: jsonAnswer('What it then is', MonitorView), ...problems(404, 409, 413, 415, 422) },
  });

export const addMonitors: AddRoutes = (app, { allow, definedMonitors = new Map(), runtime: { store, client } }) => {
  addRoute(app, list(allow), async (context) => {
    const rows = await store.monitors.list({ limit: MOST_LISTED });
    const newest = rows.filter((row, index) => rows.findIndex(({ name }) => name === row.name) === index);
    const started = await Promise.all(
      newest.map(async (row) => ({ ...viewOf(row), counts: await store.monitors.counts(row.monitorId) })),
    );
    const known = new Set(newest.map(({ name }) => name));
    const never = [...definedMonitors.values()].filter(({ id }) => !known.has(id));
    return context.json({
      monitors: [...started, ...never.map(({ spec }) => ({ ...neverStarted(spec), counts: null }))],
    });
  });
  addRoute(app, show(allow), async (context) => {
    const row = await store.monitors.get(context.req.valid('param').id);
    const [{ row: _, ...found }, history] = await Promise.all([
      monitorStatus(store, row),
      store.monitors.audit(row.name, HISTORY),
    ]);
    return context.json({ ...viewOf(row), ...found, history });
  });
  addRoute(app, act(allow, 'start'), async (context) => {
    const { id } = context.req.valid('param');
    const spec = definedMonitors.get(id.split('@')[0]!)?.spec ?? (await specOf(id));
    const { why } = context.req.valid('json');
    return context.json(viewOf(await client.startMonitor(spec, { by: actor(context), why })));
  });
  addRoute(app, act(allow, 'stop'), async (context) => {
    const { why } = context.req.valid('json');
    const row = await client.stopMonitor(context.req.valid('param').id, { by: actor(context), why });
    return context.json(viewOf(row));
  });

  const specOf = async (id: string): Promise<MonitorSpec> =>
    (
      await store.monitors.get(id).catch((error: unknown) => {
        if (!(error instanceof SluiceError && error.code === 'monitor_unknown')) throw error;
        throw new SluiceError('monitor_unknown', {
          message: `no monitor '${id}' is defined, and none of that name was ever started`,
          remedy: suggest(
            id,
            definedMonitors.keys(),
            'define one (defineMonitor), and export it in pipelines/index.ts',
          ),
        });
      })
    ).spec;
};

function viewOf(row: MonitorRow) {
  const { monitorId, version, state, alert, alertSince, startedBy, startedAt, stoppedAt, reason, spec } = row;
  return {
    ...{ ...partsOf(spec), monitorId, version, state },
    ...{ alert, alertSince, startedBy, startedAt, stoppedAt, reason },
  };
}

const neverStarted = (spec: MonitorSpec) => ({
  ...{ ...partsOf(spec), monitorId: spec.name, version: null, state: 'not_started' as const },
  ...{ alert: null, alertSince: null, startedBy: null, startedAt: null, stoppedAt: null, reason: null },
});

function partsOf({ name, pipeline, scorer, sample, windowMs, fields, alert, budgetUsdPerDay }: MonitorSpec) {
  const shown = Object.entries(fields).map(([field, kind]) => {
    const { format, worst, best } = scorer.fields[field]!;
    return [field, { kind, format, worst, best }] as const;
  });
  return {
    ...{ name, pipeline, scorer: scorer.id, sample, windowMs, budgetUsdPerDay },
    ...{ fields: Object.fromEntries(shown), alertOn: alert },
  };
}
