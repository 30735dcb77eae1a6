/** `GET /metrics`: for Prometheus, which can send a key. */
import { z } from '@hono/zod-openapi';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';

const route = (allow: Routing['allow'], contentType: string) =>
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

export const addMetrics: AddRoutes = (app, { allow, runtime: { store, streams }, metrics, health, turnstile }) => {
  metrics.watch({
    ...{ name: 'sluice_http_runs_in_flight', help: 'Runs that are waited for here.' },
    read: turnstile.inside,
  });
  metrics.watch({
    ...{ name: 'sluice_token_pieces_total', help: 'Pieces of answers for other processes, by what came of them.' },
    ...{ label: 'outcome', read: () => ({ ...streams.counts() }) },
  });
  metrics.collect({ store, health });
  addRoute(app, route(allow, metrics.contentType), async (context) =>
    context.body(await metrics.scrape(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }),
  );
};
