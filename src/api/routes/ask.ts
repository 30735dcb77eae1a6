/** `POST /v1/pipelines/{name}/runs`: asks what the name serves, and answers as JSON, or as a stream of events. */
import type { Context } from 'hono';
import { endsBy } from '../../base/wait.ts';
import type { RunOptions, StartedRun } from '../../client/client.ts';
import type { StreamEvent } from '../../client/run-result.ts';
import { EVENT_STREAM } from '../../contract/endpoint.ts';
import { RunEvent } from '../../contract/runs.ts';
import type { LogEntry, ServerEnv } from '../environment.ts';
import { streamEvents } from '../event-stream.ts';
import { overloaded } from '../request-limits.ts';
import {
  type AddRoutes,
  addRoute,
  findPipeline,
  type Handled,
  isVariantName,
  ownKey,
  type Routing,
  respond,
  variantForbidden,
} from '../route.ts';

export const addAsk: AddRoutes = (app, routing) => {
  app.openAPIRegistry.register('RunEvent', RunEvent);
  addRoute(app, routing, 'ask', async (request) => {
    const leave = routing.concurrencyLimiter.enter();
    if (leave === undefined) return overloaded(request.context, routing.limits.runsAtOnce);
    try {
      return await ask(request, routing, leave);
    } catch (error) {
      leave();
      throw error;
    }
  });
};

/** @param leave called when the run has ended, or is no longer waited for */
async function ask(
  { context, params: { name }, headers, body }: Handled<'ask'>,
  { runtime: { client }, pipelines, limits, log }: Routing,
  leave: () => void,
): Promise<Response> {
  const { input, unit, budget, drafts = false } = body;
  const { caller } = context.var;
  if (isVariantName(name) && !caller.scopes.includes('operate')) throw variantForbidden(name);
  const pipeline = findPipeline(pipelines, name);
  const served = await client.serve(pipeline, input, { ...(unit !== undefined && { unit }) });
  const key = headers['idempotency-key'];
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
  const isPatient = !/\brespond-async\b/i.test(headers.prefer ?? '');
  const result = isPatient ? await endsBy(started.finished, limits.waitMs) : undefined;
  if (result === undefined) await started.begun();
  leave();
  return result === undefined
    ? goesOn(context, started)
    : respond(context, 'ask', result, { headers: { 'x-run-id': started.runId } });
}

function goesOn(context: Context<ServerEnv>, started: StartedRun): Response {
  const { runId } = started;
  const headers = { location: `/v1/runs/${runId}`, 'retry-after': '1', 'x-run-id': runId };
  return respond(context, 'ask', startedView(started), { status: 202, headers });
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
