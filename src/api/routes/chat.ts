/** `POST /v1/chat/completions`: asks a pipeline that declares `chat`, in OpenAI's protocol. */
import { z } from '@hono/zod-openapi';
import { endsBy } from '../../base/wait.ts';
import type { Runnable } from '../../client/client.ts';
import type { RunResult } from '../../client/run-result.ts';
import { answerText, textIn } from '../../plan/answer-text.ts';
import { Chunk, Completion, completionOf, type Named } from '../chat/completion.ts';
import { findModel, type TalkingPipeline } from '../chat/models.ts';
import { failedRun, hasBegun, noAnswer, unfinishedRun, wordlessRun } from '../chat/no-answer.ts';
import { ChatBody, requestOf } from '../chat/request.ts';
import { sendChunks } from '../chat/send-chunks.ts';
import { eventOf } from '../event-stream.ts';
import { IdempotencyHeader, ownKey } from '../idempotency.ts';
import { overloaded } from '../limits.ts';
import { problem, problems } from '../problem.ts';
import { type AddRoutes, addRoute, type ContextOf, keyedRoute, type RefuseInvalid, type Routing } from '../route.ts';

const route = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/chat/completions',
    tags: ['OpenAI'],
    summary: 'Ask a pipeline as a model',
    description:
      'A conversation is made the input of a pipeline by its `chat`, and its text is the answer. A stream brings the text ' +
      'when it is accepted, since it cannot take back what it has brought. The run is named by `sluice.runId` and by ' +
      '`x-run-id`. A run that failed is answered with 422 and `x-should-retry: false`: to ask again is to pay again.',
    middleware: allow('ask'),
    request: {
      headers: IdempotencyHeader,
      body: { content: { 'application/json': { schema: ChatBody } }, required: true },
    },
    responses: {
      200: {
        description: 'The answer',
        content: {
          'application/json': { schema: Completion },
          'text/event-stream': { schema: eventOf('ChatCompletionChunk') },
        },
        headers: z.object({ 'x-run-id': z.string() }),
      },
      ...problems(404, 409, 413, 415, 422),
    },
  });

/** As OpenAI refuses: with 400, and the field. */
const refuse: RefuseInvalid = (result, context) => {
  if (result.success) return undefined;
  const { issues } = result.error;
  const faults = issues.map(({ path, message }) => [z.core.toDotPath(path), message].join(': '));
  return problem(context, {
    ...{
      status: 400,
      code: 'request_invalid',
      detail: `the request's ${result.target} is not valid: ${faults.join('; ')}`,
    },
    ...{ remedy: 'correct what is named; /docs shows what is taken', data: { problems: faults } },
    param: z.core.toDotPath(issues[0]?.path ?? []),
  });
};

export const addChat: AddRoutes = (app, routing) => {
  app.openAPIRegistry.register('ChatCompletionChunk', Chunk);
  addRoute(
    app,
    route(routing.allow),
    async (context) => {
      const leave = routing.turnstile.enter();
      if (leave === undefined) return overloaded(context, routing.limits.runsAtOnce);
      try {
        return await complete(context, routing, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    refuse,
  );
};

type ChatContext = ContextOf<ReturnType<typeof route>>;

/** @param leave called when the run has ended, or is no longer waited for */
async function complete(context: ChatContext, routing: Routing, leave: () => void): Promise<Response> {
  const { client } = routing.runtime;
  const body = context.req.valid('json');
  const { caller } = context.var;
  const pipeline = findModel(routing.pipelines, caller, body.model);
  const { input, served } = await serve(routing, pipeline, body);
  const key = context.req.valid('header')['idempotency-key'];
  const options = { owner: caller.owner, ...(key !== undefined && { idempotencyKey: ownKey(caller, key) }) };
  const naming = { model: body.model, created: Math.floor(Date.now() / 1_000) };

  if (body.stream === true) {
    const stream = client.stream(served, input, options);
    const started = await stream.started;
    await started.begun();
    hasBegun(context, started.runId);
    const wantsUsage = body.stream_options?.include_usage === true;
    const { runId, planId } = started;
    return sendChunks(context, stream, { ...naming, runId, planId, wantsUsage, log: routing.log, onEnd: leave });
  }
  const { runId, planId, finished } = await client.start(served, input, options);
  hasBegun(context, runId);
  return answer(context, routing, { ...naming, runId, planId }, { finished, served, leave });
}

async function serve({ runtime: { client } }: Routing, pipeline: TalkingPipeline, body: ChatBody) {
  const request = requestOf(body);
  // Awaited, whatever its type says: a promise of code without types must not break the server when it is rejected.
  const input: object = await pipeline.chat(request);
  const served = await client.serve(pipeline, input, { ...(request.user !== undefined && { unit: request.user }) });
  return { input, served };
}

interface Begun {
  readonly finished: Promise<RunResult>;
  readonly served: Runnable;
  readonly leave: () => void;
}

async function answer(
  context: ChatContext,
  { limits: { waitMs } }: Routing,
  named: Named,
  { finished, served, leave }: Begun,
): Promise<Response> {
  const { runId } = named;
  const result = await endsBy(finished, waitMs);
  leave();
  if (result === undefined) {
    finished.catch(() => undefined); // nobody waits for it here: it is in the run's record
    return noAnswer(context, unfinishedRun(runId, waitMs));
  }
  if (result.outcome === 'failed' || result.outcome === 'cancelled') return noAnswer(context, failedRun(result));
  const text = answerText(served.plan);
  const content = text && textIn(result.output, text.field);
  if (content === undefined) return noAnswer(context, wordlessRun(runId));
  return context.json(completionOf(named, content, result));
}
