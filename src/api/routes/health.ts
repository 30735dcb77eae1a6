/** `GET /health` and `GET /health/live`: whether this can be asked, and whether what goes on by itself does. */
import { createTemporalProbe, type Health, watchHealth } from '../../telemetry/health.ts';
import type { ServerDependencies } from '../environment.ts';
import { type AddRoutes, addRoute, respond } from '../route.ts';

export const addHealth: AddRoutes = (app, { allow, health }) => {
  addRoute(app, { allow }, 'getHealth', async (request) => {
    const found = await health();
    const isKnown = request.context.get('caller') !== undefined;
    return respond(request.context, 'getHealth', isKnown ? found : withoutNames(found), {
      status: found.status === 'down' ? 503 : 200,
      headers: { 'cache-control': 'no-store' },
    });
  });
  addRoute(app, { allow }, 'getLiveness', () => ({ status: 'ok' as const }));
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
  addRoute(app, { allow }, 'getMetrics', async ({ context }) =>
    context.body(await metrics.scrape(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }),
  );
};
