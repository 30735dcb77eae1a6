/** How routes are written: one file per resource, each a function that adds its routes to the app. */
import { createRoute, type Hook, type OpenAPIHono, type RouteConfig, type RouteHandler, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import type { Pipelines } from '../host/project.ts';
import type { Scope } from '../store/api-keys.ts';
import type { RunWithNodes } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Health } from '../telemetry/health.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Caller, ServerDependencies, ServerEnv } from './environment.ts';
import type { ConcurrencyLimiter } from './request-limits.ts';

export type App = OpenAPIHono<ServerEnv>;

/** What adding routes takes. */
export interface Routing extends ServerDependencies {
  /** For a route's `middleware`: whoever calls has one of these scopes, and is within the rate of their key. */
  readonly allow: (...scopes: readonly Scope[]) => MiddlewareHandler<ServerEnv>[];
  /** Runs that are waited for, by whichever route. */
  readonly concurrencyLimiter: ConcurrencyLimiter;
  readonly metrics: Metrics;
  readonly health: () => Promise<Health>;
}

export type AddRoutes = (app: App, routing: Routing) => void;

/** The name of the way in, as the OpenAPI document has it. */
export const BEARER = 'key';

/** A route behind a key; what requests may hold is checked by its schemas. */
export function keyedRoute<const R extends RouteConfig>(route: R): R {
  createRoute(route);
  return { ...route, security: [{ [BEARER]: [] }] };
}

/** What is answered to a request that does not fit a route's schemas. */
export type RefuseInvalid = Hook<unknown, ServerEnv, string, Response | undefined>;

/** For a route's `responses`: JSON of this schema. */
export const jsonAnswer = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});

/** What a handler of the route is given: its requests are typed by the schemas that have checked them. */
export type ContextOf<R extends RouteConfig> = Parameters<RouteHandler<R, ServerEnv>>[0];

/**
 * Adds a route. Its handler gives whatever response it likes: a stream, a problem, JSON; that these are as documented is
 * for the tests to say, which ask the API by its own document.
 *
 * @param refuse in place of how requests are refused elsewhere
 */
export function addRoute<const R extends RouteConfig>(
  app: App,
  route: R,
  handler: (context: ContextOf<R>) => Response | Promise<Response>,
  refuse?: RefuseInvalid,
): void {
  app.openapi(route, handler as unknown as RouteHandler<R, ServerEnv>, refuse as never);
}

/** `Idempotency-Key`: the same key, of the same owner, is the same run. Another owner's is another run. */
export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'use 1 to 255 printable characters without spaces')
    .optional()
    .openapi({ description: 'A repeated request with the same key gets the answer of the first' }),
});

/** What the run remembers: the name of the owner stands before it, and has no slash. */
export const ownKey = ({ owner }: Caller, key: string): string => `${owner}/${key}`;

/** Who changes something, and why: what the audit keeps of it. */
const WHY_LENGTH = 1_000;

export const Why = z
  .string()
  .trim()
  .min(1)
  .max(WHY_LENGTH)
  .openapi({ description: 'The reason, for the audit', example: 'wins in the evaluation of this week' });

export const actor = (context: Context<ServerEnv>): string => `key:${context.var.caller.name}`;

/** Whose runs a caller may see: their owner's; with `read`, everybody's. Of others, not even whether they are there is said. */
export const seesAll = ({ scopes }: Caller): boolean => scopes.includes('read') || scopes.includes('operate');

/** @throws SluiceError `run_unknown`, also for a run of somebody else */
export async function visibleRun(store: Store, caller: Caller, runId: string): Promise<RunWithNodes> {
  const run = await store.runs.get(runId).catch((error: unknown) => {
    // The store would name runs that are there.
    throw error instanceof SluiceError && error.code === 'run_unknown' ? unknownRun(runId) : error;
  });
  if (run.runId !== runId || !(seesAll(caller) || run.owner === caller.owner)) throw unknownRun(runId);
  return run;
}

const unknownRun = (runId: string): SluiceError =>
  new SluiceError('run_unknown', {
    message: `there is no run '${runId}'`,
    remedy: 'use the runId of an answer, with a key of the owner who asked, or one that may read all',
    data: { runId },
  });

/** A pipeline by the name in a path, exact: programs that ask by the beginning of a name would get another one some day. */

/** @throws SluiceError `pipeline_unknown`, with the nearest name */
export function findPipeline(pipelines: Pipelines, name: string): AnyPipeline {
  const found = pipelines.get(name);
  if (found !== undefined) return found;
  throw new SluiceError('pipeline_unknown', {
    message: `there is no pipeline '${name}'`,
    remedy: suggest(name, pipelines.keys(), 'pipelines/index.ts exports none'),
  });
}

/** `docs-bot:wide` is a variant as the code has it, not what a name serves. */
export const isVariantName = (name: string): boolean => name.includes(':');

export const variantForbidden = (name: string): SluiceError =>
  new SluiceError('variant_forbidden', {
    message: `'${name}' is a variant, which this key may not choose`,
    remedy: `ask '${name.split(':')[0]}', or use a key with the scope operate`,
  });
