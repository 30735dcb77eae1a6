/** `GET /v1/experiments/{id}/report`: what was asked of an experiment, and what its newest look says of each metric. */
import { z } from '@hono/zod-openapi';
import { resultLooks } from '../../client/experiment-status.ts';
import { lookReport } from '../../experiment/look-report.ts';
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

const identified = z.object({ id: ExperimentId });

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
    const { look, rolloutLook } = await resultLooks(store.ledger, row);
    return context.json(lookReport(row, look, rolloutLook));
  });
};
