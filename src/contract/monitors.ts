/** Monitors: their status, and starting and stopping them. */
import type { AlertSettings } from '../model/monitor-spec.ts';
import type { WindowStatistics } from '../monitor/window.ts';
import type { ValueFormat } from '../stats/explained-report.ts';
import type { AuditRow } from '../store/experiments.ts';
import type { AlertRow } from '../store/monitor-results.ts';
import { type Endpoints, jsonAnswer, jsonBody, outlineOf, problems, Why, z } from './endpoint.ts';

export const MOST_LISTED = 100;

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
      z.object({
        kind: z.enum(['rate', 'mean']),
        format: outlineOf<ValueFormat>(z.string()),
        worst: z.number(),
        best: z.number().nullable(),
      }),
    ),
    alertOn: outlineOf<AlertSettings | null>(
      z.unknown().openapi({ description: 'Field, bound, and scores that it takes; null: it never alerts' }),
    ),
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

type HistoryRow = Pick<AuditRow, 'at' | 'who' | 'action' | 'why'>;

const MonitorStatus = MonitorView.extend({
  counts: Counts,
  reasons: z.array(z.object({ state: outlineOf<'failed' | 'skipped'>(z.string()), code: z.string(), runs: z.int() })),
  window: outlineOf<WindowStatistics>(
    z.unknown().openapi({ description: 'Mean or rate of each field with its 99 % interval, and coverage' }),
  ),
  alerts: outlineOf<readonly AlertRow[]>(
    z
      .array(z.unknown())
      .openapi({ description: 'Changes of the alert, newest first, with what they were decided from' }),
  ),
  history: outlineOf<readonly HistoryRow[]>(
    z.array(z.object({ at: z.number(), who: z.string(), action: z.string(), why: z.string() }).loose()),
  ),
  isStalled: z.boolean(),
  isOutOfBudget: z.boolean(),
  spentTodayUsd: z.number().nullable(),
}).openapi('MonitorStatus');

const Act = z.strictObject({ why: Why }).openapi('MonitorAct');

const identified = z.object({ id: MonitorId });

const act = (summary: string) => ({
  ...{ tags: ['Monitors'], summary, scopes: ['operate'] as const },
  request: { params: identified, body: jsonBody(Act) },
  responses: { 200: jsonAnswer('What it then is', MonitorView), ...problems(404, 409, 413, 415, 422) },
});

export const MONITORS = {
  listMonitors: {
    tags: ['Monitors'],
    summary: 'List monitors: what runs first, then what does not, then what was never started',
    scopes: ['read'],
    responses: {
      200: jsonAnswer(
        `The newest version of each, at most ${MOST_LISTED}`,
        z.object({ monitors: z.array(MonitorView.extend({ counts: Counts.nullable() })) }),
      ),
      ...problems(),
    },
  },
  getMonitor: {
    tags: ['Monitors'],
    summary: 'How a monitor stands',
    description: 'By its id, or by its name: then the version that runs, or else the newest.',
    scopes: ['read'],
    request: { params: identified },
    responses: { 200: jsonAnswer('It was started once', MonitorStatus), ...problems(404, 422) },
  },
  startMonitor: {
    ...act('Score a part of the runs from now on'),
    description: 'As its definition in code says; of one that has none, as it was when it ran last.',
  },
  stopMonitor: act('Score no more runs; what was found stays'),
} satisfies Endpoints;
