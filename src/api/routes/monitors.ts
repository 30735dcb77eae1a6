/** `/v1/monitors`: how monitors stand, and starting and stopping them. */

import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import { MOST_LISTED } from '../../contract/monitors.ts';
import type { MonitorSpec } from '../../model/monitor-spec.ts';
import { monitorStatus } from '../../monitor/window.ts';
import type { MonitorRow } from '../../store/monitors.ts';
import { type AddRoutes, actor, addRoute } from '../route.ts';

const HISTORY = 50;

export const addMonitors: AddRoutes = (app, { allow, definedMonitors = new Map(), runtime: { store, client } }) => {
  addRoute(app, { allow }, 'listMonitors', async () => {
    const rows = await store.monitors.list({ limit: MOST_LISTED });
    const newest = rows.filter((row, index) => rows.findIndex(({ name }) => name === row.name) === index);
    const started = await Promise.all(
      newest.map(async (row) => ({ ...viewOf(row), counts: await store.monitors.counts(row.monitorId) })),
    );
    const known = new Set(newest.map(({ name }) => name));
    const never = [...definedMonitors.values()].filter(({ id }) => !known.has(id));
    return {
      monitors: [...started, ...never.map(({ spec }) => ({ ...neverStarted(spec), counts: null }))],
    };
  });
  addRoute(app, { allow }, 'getMonitor', async (request) => {
    const row = await store.monitors.get(request.params.id);
    const [{ row: _, ...found }, history] = await Promise.all([
      monitorStatus(store, row),
      store.monitors.audit(row.name, HISTORY),
    ]);
    return { ...viewOf(row), ...found, history };
  });
  addRoute(app, { allow }, 'startMonitor', async (request) => {
    const { id } = request.params;
    const spec = definedMonitors.get(id.split('@')[0]!)?.spec ?? (await specOf(id));
    const { why } = request.body;
    return viewOf(await client.startMonitor(spec, { by: actor(request.context), why }));
  });
  addRoute(app, { allow }, 'stopMonitor', async (request) => {
    const { why } = request.body;
    const row = await client.stopMonitor(request.params.id, { by: actor(request.context), why });
    return viewOf(row);
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
