/** Experiments and rollouts: their status, interim analyses and report, and steering them. */
import type { AnalysisReport } from '../experiment/analysis-report.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import type { ExperimentState } from '../model/experiment-spec.ts';
import type { StageRow } from '../store/experiments.ts';
import { type Endpoints, jsonAnswer, jsonBody, outlineOf, PipelineName, problems, Why, z } from './endpoint.ts';

export const MOST_LISTED = 100;

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
    state: outlineOf<ExperimentState>(z.string().openapi({ example: 'running' })),
    reason: z.string().nullable(),
    arms: outlineOf<readonly { readonly name: string; readonly weight: number }[]>(
      z.array(z.object({ name: z.string(), weight: z.number() }).loose()),
    ),
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
  look: outlineOf<AnalysisRecord | null>(
    z.unknown().openapi({
      description: 'The result: the newest look of the experiment itself, with every number; null before the first',
    }),
  ),
  rolloutLook: outlineOf<AnalysisRecord | null>(
    z.unknown().openapi({ description: 'The newest look of the rollout that followed; null without one' }),
  ),
  stages: outlineOf<readonly StageRow[]>(
    z.array(z.object({ stage: z.int(), why: z.string(), beganAt: z.number() }).loose()),
  ),
}).openapi('ExperimentStatus');

const Act = z.strictObject({ why: Why }).openapi('Act');

const identified = z.object({ id: ExperimentId });

/** More points than a chart has room for: of more looks, as many are given, evenly apart. */
export const MOST_LOOKS = 120;

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

// `GET /v1/experiments/{id}/report`: the design of an experiment, and its newest interim analysis by metric.

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

const ExperimentReport = outlineOf<AnalysisReport>(
  Looked.extend({
    experimentId: z.string(),
    asked: z
      .unknown()
      .openapi({ description: 'Arms, metrics, when to stop and how to roll out, as fixed at its start' }),
    rollout: Looked.nullable().openapi({
      description: 'The newest look of the rollout that followed; null without one',
    }),
  }).openapi('ExperimentReport'),
);

const steer = (summary: string) => ({
  ...{ tags: ['Experiments'], summary, scopes: ['operate'] as const },
  request: { params: identified, body: jsonBody(Act) },
  responses: { 200: jsonAnswer('What it then is', ExperimentView), ...problems(404, 409, 413, 415, 422) },
});

export const EXPERIMENTS = {
  listExperiments: {
    tags: ['Experiments'],
    summary: 'List experiments and rollouts, newest first',
    scopes: ['read'],
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
  },
  getExperiment: {
    tags: ['Experiments'],
    summary: 'How an experiment stands',
    scopes: ['read'],
    request: { params: identified },
    responses: { 200: jsonAnswer('It is there', ExperimentStatus), ...problems(404, 422) },
  },
  pauseExperiment: steer('Serve everybody the baseline, and decide nothing, until it is resumed'),
  resumeExperiment: steer('Go on with one that is paused'),
  approveExperiment: steer('Roll out the winner that waits for it'),
  abortExperiment: steer('End it: everybody gets the baseline, and nothing is decided'),
  listLooks: {
    tags: ['Experiments'],
    summary: 'What the looks at an experiment have said, oldest first',
    description: `At most ${MOST_LOOKS}; of more, evenly apart, with the first and the last.`,
    scopes: ['read'],
    request: { params: identified },
    responses: {
      200: jsonAnswer('Per look, metric and variant', z.object({ total: z.int(), looks: z.array(LookPoint) })),
      ...problems(404, 422),
    },
  },
  getExperimentReport: {
    tags: ['Experiments'],
    summary:
      'What was asked of an experiment, and its result: what the look says that decided, or the newest before a decision',
    scopes: ['read'],
    request: { params: identified },
    responses: { 200: jsonAnswer('It is there', ExperimentReport), ...problems(404, 422) },
  },
} satisfies Endpoints;
