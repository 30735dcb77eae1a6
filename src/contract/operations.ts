/** The audit, health, metrics, and the dashboard's sessions. */
import type { Scope } from '../store/api-keys.ts';
import { type Endpoints, jsonAnswer, outlineOf, problems, z } from './endpoint.ts';

export const MOST_LISTED = 100;

const SUBJECT_LENGTH = 200;

const AuditRow = z
  .object({
    at: z.number(),
    who: z.string(),
    action: z.string(),
    subject: z.string(),
    was: z.unknown(),
    isNow: z.unknown(),
    why: z.string(),
  })
  .openapi('AuditRow');

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

const Session = z.object({
  name: z.string(),
  scopes: outlineOf<readonly Scope[]>(z.array(z.string())),
  temporalUi: z.string(),
  version: z.string(),
});

/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const OPERATIONS = {
  listAudit: {
    tags: ['Audit'],
    summary: 'Who changed what, newest first',
    scopes: ['read'],
    request: {
      query: z.object({
        subject: z
          .string()
          .regex(/^[\x21-\x7e]+$/, 'it is no name')
          .max(SUBJECT_LENGTH)
          .optional()
          .openapi({
            description: "A pipeline, with its experiments; an experiment; a key's id. Default: all",
            example: 'docs-bot',
          }),
      }),
    },
    responses: {
      200: jsonAnswer(`The newest ${MOST_LISTED}`, z.object({ audit: z.array(AuditRow) })),
      ...problems(),
    },
  },
  getHealth: {
    tags: ['Operations'],
    summary: 'Whether all is well',
    description:
      'Needs no key, and then has counts alone; a key with `read` sees what they are of. Kept for two seconds, so that ' +
      'asking often costs nothing.',
    scopes: ['read'],
    isKeyOptional: true,
    responses: {
      ...problems(),
      200: jsonAnswer('`ok`, or `degraded`', HealthView),
      503: jsonAnswer('`down`', HealthView),
    },
  },
  getLiveness: {
    tags: ['Operations'],
    summary: 'Whether the process answers',
    description: 'Asks nothing else: for whoever starts processes anew.',
    scopes: [],
    responses: { 200: jsonAnswer('It does', z.object({ status: z.literal('ok') })) },
  },
  getMetrics: {
    tags: ['Operations'],
    summary: 'Metrics, for Prometheus',
    description:
      'In the text format, version 0.0.4. Needs a key with `read`: `authorization.credentials` in Prometheus.',
    scopes: ['read'],
    responses: {
      200: { description: 'All metrics', content: { [METRICS_TYPE]: { schema: z.string() } } },
      ...problems(),
    },
  },
  beginSession: {
    ...{ tags: ['Sessions'], summary: 'Exchange a key for a cookie', scopes: ['read', 'feedback'], hide: true },
    responses: { 204: { description: 'It has begun' } },
  },
  getSession: {
    ...{ tags: ['Sessions'], summary: 'Whose session it is', scopes: ['read', 'feedback'], hide: true },
    responses: { 200: jsonAnswer('It goes on', Session) },
  },
  endSession: {
    ...{ tags: ['Sessions'], summary: 'End a session', scopes: [], hide: true },
    responses: { 204: { description: 'It has ended' } },
  },
} satisfies Endpoints;
