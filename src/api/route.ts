/** How routes are written: one file per resource, each a function that adds its routes to the app. */
import type { Hook, OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { every } from 'hono/combine';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { API, type ApiAnswer, type CheckedRequest } from '../contract/api.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import { type EndpointName, PATHS } from '../contract/paths.ts';
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

/** What is answered to a request that does not fit a route's schemas. */
export type RefuseInvalid = Hook<unknown, ServerEnv, string, Response | undefined>;

/** The request, checked by the schemas of its operation, and Hono's context. */
export interface Handled<Name extends EndpointName> extends CheckedRequest<Name> {
  readonly context: Context<ServerEnv>;
}

type Answered<Name extends EndpointName> = ApiAnswer<Name> | Response;

/**
 * Adds the route of an operation. What its handler returns is sent as JSON, with the first status of the operation. A
 * stream, another status or a header takes a `Response`: see `respond`.
 *
 * @param refuse in place of how requests are refused elsewhere
 */
export function addRoute<Name extends EndpointName>(
  app: App,
  { allow }: Pick<Routing, 'allow'>,
  name: Name,
  handler: (request: Handled<Name>) => Answered<Name> | Promise<Answered<Name>>,
  refuse?: RefuseInvalid,
): void {
  const { scopes, isKeyOptional = false, ...operation }: Endpoint = API[name];
  const [method, path] = PATHS[name];
  const authenticate = scopes.length === 0 ? [] : allow(...scopes);
  const security = [...(isKeyOptional ? [{}] : []), { [BEARER]: [] }];
  const status = Number(Object.keys(operation.responses).find((each) => each.startsWith('2')));
  const config: RouteConfig = {
    ...{ ...operation, method, path },
    ...(scopes.length > 0 && { security }),
    middleware: isKeyOptional ? [whereGiven(every(...authenticate))] : authenticate,
  };
  app.openapi(
    config,
    async (context) => {
      const answer = await handler({ ...checkedBy(name, context), context });
      if (answer instanceof Response) return answer;
      return answer === undefined ? context.body(null, 204) : context.json(answer, status as 200);
    },
    refuse,
  );
}

/** A key that is sent is one that holds. */
const whereGiven =
  (authenticate: MiddlewareHandler): MiddlewareHandler<ServerEnv> =>
  (context, next) =>
    context.req.header('authorization') === undefined ? next() : authenticate(context, next);

/** What the schemas of the operation have made of the request. */
function checkedBy<Name extends EndpointName>(_name: Name, { req }: Context): CheckedRequest<Name> {
  const valid = (target: string) => req.valid(target as never);
  return { params: valid('param'), query: valid('query'), headers: valid('header'), body: valid('json') };
}

/** A response with a status of its own, or with headers. */
export const respond = <Name extends EndpointName>(
  context: Context<ServerEnv>,
  _name: Name,
  answer: ApiAnswer<Name>,
  { status = 200, headers = {} }: { readonly status?: 200 | 202 | 503; readonly headers?: Record<string, string> },
): Response => context.json(answer ?? null, status, headers);

/** What the run remembers: the name of the owner stands before it, and has no slash. */
export const ownKey = ({ owner }: Caller, key: string): string => `${owner}/${key}`;

/** Who changes something, as the audit names them. */
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

/**
 * Finds a pipeline by its exact name: the beginning of a name would match another pipeline some day.
 *
 * @throws SluiceError `pipeline_unknown`, with the nearest name
 */
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
