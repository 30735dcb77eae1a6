/** `GET /health` and `GET /health/live`: whether this can be asked, and whether what goes on by itself does. */
import { z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { createTemporalProbe, type Health, watchHealth } from '../../telemetry/health.ts';
import type { ServerDependencies, ServerEnv } from '../environment.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, BEARER, keyedRoute, type Routing } from '../route.ts';

const Status = z.enum(['ok', 'degraded', 'down']);

const HealthView = z
  .object({
    status: Status.openapi({
      description: 'The worst of its checks. degraded: something stands still; down: asking fails',
    }),
    checks: z.array(
      z.object({
        name: z.string().openapi({ example: 'database' }),
        status: Status,
        detail: z.string(),
        stalled: z.int().nullable().openapi({ description: 'How many stand still; null where it is not known' }),
        things: z.array(z.string()).optional().openapi({ description: 'With a key: some of them' }),
        remedy: z.string().nullable().optional().openapi({ description: 'With a key: what to do' }),
      }),
    ),
  })
  .openapi('Health');

const json = { 'application/json': { schema: HealthView } };

const route = (allow: Routing['allow']) => ({
  ...{ method: 'get' as const, path: '/health', tags: ['Operations'] },
  summary: 'Whether all is well',
  description:
    'Needs no key, and then has counts alone; a key with `read` sees what they are of. Kept for two seconds, so that ' +
    'asking often costs nothing.',
  security: [{}, { [BEARER]: [] }],
  middleware: [whereGiven(every(...allow('read')))],
  responses: {
    ...problems(),
    200: { description: '`ok`, or `degraded`', content: json },
    503: { description: '`down`', content: json },
  },
});

/** Whoever sends a key sends one that holds. */
const whereGiven =
  (authenticate: MiddlewareHandler): MiddlewareHandler<ServerEnv> =>
  (context, next) =>
    context.req.header('authorization') === undefined ? next() : authenticate(context, next);

const live = {
  ...{ method: 'get' as const, path: '/health/live', tags: ['Operations'] },
  summary: 'Whether the process answers',
  description: 'Asks nothing else: for whoever starts processes anew.',
  responses: {
    200: { description: 'It does', content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } } },
  },
};

export const addHealth: AddRoutes = (app, { allow, health }) => {
  addRoute(app, route(allow), async (context) => {
    const found = await health();
    const isKnown = context.get('caller') !== undefined;
    return context.json(isKnown ? found : withoutNames(found), found.status === 'down' ? 503 : 200, {
      'cache-control': 'no-store',
    });
  });
  addRoute(app, live, (context) => context.json({ status: 'ok' }));
};

const withoutNames = ({ status, checks }: Health) => ({
  status,
  checks: checks.map(({ name, status, detail, stalled }) => ({ name, status, detail, stalled })),
});

/** As `SLUICE_RUN_DEADLINE_MS` has it where nobody says. */
const RUN_DEADLINE_MS = 600_000;

export function healthFor({ runtime, runDeadlineMs = RUN_DEADLINE_MS }: ServerDependencies): () => Promise<Health> {
  const { store, connection, temporal, diskSpace } = runtime;
  return watchHealth({
    store,
    runDeadlineMs,
    diskSpace,
    temporal: createTemporalProbe(connection, temporal.namespace),
  });
}

/** `GET /metrics`: for Prometheus, which can send a key. */
const metricsRoute = (allow: Routing['allow'], contentType: string) =>
  keyedRoute({
    method: 'get',
    path: '/metrics',
    tags: ['Operations'],
    summary: 'Metrics, for Prometheus',
    description:
      'In the text format, version 0.0.4. Needs a key with `read`: `authorization.credentials` in Prometheus.',
    middleware: allow('read'),
    responses: {
      200: { description: 'All metrics', content: { [contentType]: { schema: z.string() } } },
      ...problems(),
    },
  });

export const addMetrics: AddRoutes = (
  app,
  { allow, runtime: { store, streams }, metrics, health, concurrencyLimiter },
) => {
  metrics.watch({
    ...{ name: 'sluice_http_runs_in_flight', help: 'Runs that are waited for here.' },
    read: concurrencyLimiter.inside,
  });
  metrics.watch({
    ...{ name: 'sluice_token_pieces_total', help: 'Pieces of answers for other processes, by what came of them.' },
    ...{ label: 'outcome', read: () => ({ ...streams.counts() }) },
  });
  metrics.collect({ store, health });
  addRoute(app, metricsRoute(allow, metrics.contentType), async (context) =>
    context.body(await metrics.scrape(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }),
  );
};
