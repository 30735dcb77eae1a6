/** `POST /v1/pipelines/{name}/runs`: asks what the name serves, and answers as JSON, or as a stream of events. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { endsBy } from '../../base/wait.ts';
import type { RunOptions, StartedRun } from '../../client/client.ts';
import type { StreamEvent } from '../../client/run-result.ts';
import type { LogEntry, ServerEnv } from '../environment.ts';
import { eventOf, streamEvents } from '../event-stream.ts';
import { problems } from '../problem.ts';
import { overloaded } from '../request-limits.ts';
import {
  type AddRoutes,
  addRoute,
  type ContextOf,
  findPipeline,
  IdempotencyHeader,
  isVariantName,
  keyedRoute,
  ownKey,
  type Routing,
  variantForbidden,
} from '../route.ts';
import { AskBody, PipelineName, RunEvent, RunView, StartedView } from '../schemas.ts';

const EVENT_STREAM = 'text/event-stream';

const route = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/pipelines/{name}/runs',
    tags: ['Runs'],
    summary: 'Ask a pipeline',
    description:
      "Runs what is served under the name, with the arms of the experiments that the request's unit is in. " +
      '`<pipeline>:<variant>` runs that variant, in no experiment, and needs the scope `operate`. ' +
      `With \`Accept: ${EVENT_STREAM}\` the run is told as it goes. With \`Prefer: respond-async\`, or where it takes ` +
      'too long, the answer is 202 and the run goes on. A run that failed is an answer too: see its `outcome`.',
    middleware: allow('ask'),
    request: {
      params: z.object({ name: PipelineName }),
      headers: IdempotencyHeader.extend({
        prefer: z.string().max(1_000).optional().openapi({ description: 'respond-async: do not wait (RFC 7240)' }),
      }),
      body: { content: { 'application/json': { schema: AskBody } }, required: true },
    },
    responses: {
      200: {
        description: 'The run, with its answer',
        content: { 'application/json': { schema: RunView }, [EVENT_STREAM]: { schema: eventOf('RunEvent') } },
      },
      202: {
        description: 'It goes on: ask for it by its id',
        content: { 'application/json': { schema: StartedView } },
        headers: z.object({ location: z.string() }),
      },
      ...problems(404, 409, 413, 415, 422),
    },
  });

export const addAsk: AddRoutes = (app, routing) => {
  app.openAPIRegistry.register('RunEvent', RunEvent);
  addRoute(app, route(routing.allow), async (context) => {
    const leave = routing.concurrencyLimiter.enter();
    if (leave === undefined) return overloaded(context, routing.limits.runsAtOnce);
    try {
      return await ask(context, routing, leave);
    } catch (error) {
      leave();
      throw error;
    }
  });
};

/** @param leave called when the run has ended, or is no longer waited for */
async function ask(
  context: ContextOf<ReturnType<typeof route>>,
  { runtime: { client }, pipelines, limits, log }: Routing,
  leave: () => void,
): Promise<Response> {
  const { name } = context.req.valid('param');
  const { input, unit, budget, drafts = false } = context.req.valid('json');
  const { caller } = context.var;
  if (isVariantName(name) && !caller.scopes.includes('operate')) throw variantForbidden(name);
  const pipeline = findPipeline(pipelines, name);
  const served = await client.serve(pipeline, input, { ...(unit !== undefined && { unit }) });
  const key = context.req.valid('header')['idempotency-key'];
  const options: RunOptions = {
    owner: caller.owner,
    ...(key !== undefined && { idempotencyKey: ownKey(caller, key) }),
    ...(budget && { budget: withoutAbsent(budget) }),
  };

  if (context.req.header('accept')?.includes(EVENT_STREAM)) {
    const stream = client.stream(served, input, { ...options, drafts });
    const started = await stream.started;
    await started.begun();
    return sendEvents(context, started, stream, { log, onEnd: leave });
  }
  const started = await client.start(served, input, options);
  started.finished.catch(() => undefined); // where nobody waits for it here, it is in the run's record
  const isPatient = !/\brespond-async\b/i.test(context.req.valid('header').prefer ?? '');
  const result = isPatient ? await endsBy(started.finished, limits.waitMs) : undefined;
  if (result === undefined) await started.begun();
  leave();
  return result === undefined ? goesOn(context, started) : context.json(result, 200, { 'x-run-id': started.runId });
}

function goesOn(context: ContextOf<ReturnType<typeof route>>, started: StartedRun): Response {
  return context.json(startedView(started), 202, {
    location: `/v1/runs/${started.runId}`,
    'retry-after': '1',
    'x-run-id': started.runId,
  });
}

const withoutAbsent = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/** A run as events: one per change, as the client has them. */
const startedView = ({ runId, planId, temporalUrl }: StartedRun) => ({
  ...{ runId, planId, temporalUrl },
  state: 'running' as const,
});

interface SendOptions {
  readonly log: (entry: LogEntry) => void;
  /** Called once, when the last event is written or the reader has gone; the run itself goes on. */
  readonly onEnd: () => void;
}

/** @param started a run that is begun: whatever is refused is refused before the first byte */
function sendEvents(
  context: Context<ServerEnv>,
  started: StartedRun,
  events: AsyncIterable<StreamEvent>,
  options: SendOptions,
): Response {
  const { runId } = started;
  const broken = () => {
    const message = 'the stream broke; ask for the run by its id';
    return { event: 'broken', data: JSON.stringify({ kind: 'broken', runId, message }) };
  };
  return streamEvents(context, { ...options, runId, broken }, async (stream) => {
    let id = 0;
    const send = (event: { readonly kind: string }) =>
      stream.writeSSE({ event: event.kind, id: String(id++), data: JSON.stringify(event) });
    await send({ kind: 'run', ...startedView(started) });
    for await (const event of events) {
      if (stream.aborted) break;
      await send(event);
    }
  });
}
