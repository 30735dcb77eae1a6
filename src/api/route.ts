/** How routes are written: one file per resource, each a function that adds its routes to the app. */
import { createRoute, type Hook, type OpenAPIHono, type RouteConfig, type RouteHandler } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import type { Scope } from '../store/api-keys.ts';
import type { Health } from '../telemetry/health.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ServerDependencies, ServerEnv } from './environment.ts';
import type { Turnstile } from './limits.ts';

export type App = OpenAPIHono<ServerEnv>;

/** What adding routes takes. */
export interface Routing extends ServerDependencies {
  /** For a route's `middleware`: whoever calls has one of these scopes, and is within the rate of their key. */
  readonly allow: (...scopes: readonly Scope[]) => MiddlewareHandler<ServerEnv>[];
  /** Runs that are waited for, by whichever route. */
  readonly turnstile: Turnstile;
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
