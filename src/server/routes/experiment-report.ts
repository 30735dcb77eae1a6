/** `GET /v1/experiments/{id}/report`: what was asked of an experiment, and what its newest look says of each metric. */
import { z } from '@hono/zod-openapi';
import { recordedUnits } from '../../experiment/look-cells.ts';
import type { LookRecord } from '../../experiment/look-data.ts';
import { lookTable } from '../../experiment/report-table.ts';
import { servedArms, worstP } from '../../experiment/srm.ts';
import { SRM_HALT_P } from '../../stats/srm.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';
import { ExperimentId, Interval, RowStatus } from './experiment-looks.ts';

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

const report = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/experiments/{id}/report',
    tags: ['Experiments'],
    summary: 'What was asked of an experiment, and what its newest look says of it',
    middleware: allow('read'),
    request: { params: identified },
    responses: { 200: jsonAnswer('It is there', ExperimentReport), ...problems(404, 422) },
  });

export const addExperimentReport: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, report(allow), async (context) => {
    const row = await store.experiments.get(context.req.valid('param').id);
    const last = await store.ledger.lastLook(row.experimentId);
    return context.json(reportOf(row, last === undefined ? null : (JSON.parse(last.content) as LookRecord)));
  });
};

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
