/** `GET /v1/audit`: who changed what, when, and why. */
import { z } from '@hono/zod-openapi';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';

const MOST_LISTED = 100;
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

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/audit',
    tags: ['Audit'],
    summary: 'Who changed what, newest first',
    middleware: allow('read'),
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
      200: {
        description: `The newest ${MOST_LISTED}`,
        content: { 'application/json': { schema: z.object({ audit: z.array(AuditRow) }) } },
      },
      ...problems(),
    },
  });

export const addAudit: AddRoutes = (app, { allow, runtime: { store } }) =>
  addRoute(app, list(allow), async (context) =>
    context.json({ audit: await store.experiments.audit(context.req.valid('query').subject ?? null, MOST_LISTED) }),
  );
