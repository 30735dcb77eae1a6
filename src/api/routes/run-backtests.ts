/** `/v1/runs/{id}/backtests`: one recorded run again under a variant, calling only what differs, and both answers. */
import { z } from '@hono/zod-openapi';
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { AnyPipeline, AnyVariant } from '../../dsl/edit.ts';
import { rerunSpecOf, scorersFor } from '../../experiment/rerun/rerun-request.ts';
import type { Json } from '../../plan/plan.ts';
import { restoreClaims } from '../../store/claims.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, actor, addRoute, findPipeline, keyedRoute, type Routing, visibleRun } from '../route.ts';
import { Failure, RunId } from '../schemas.ts';

const NAME = /^[A-Za-z0-9_-]{1,100}$/;

const Body = z
  .strictObject({
    variant: z.string().regex(NAME).optional().openapi({ description: 'Its own name; default: the pipeline itself' }),
    from: z
      .string()
      .regex(/^[A-Za-z0-9_/-]{1,200}$/)
      .optional()
      .openapi({ description: 'Call this node, and all that hangs on it, again, whether it differs or not' }),
    limitUsd: z.number().positive().max(1_000_000).optional(),
  })
  .refine(({ variant, from }) => variant !== undefined || from !== undefined, 'name a variant, or a node')
  .openapi('NewBacktest');

const BacktestView = z
  .object({
    rerunId: z.string(),
    pipeline: z.string(),
    variant: z.string(),
    from: z.string().nullable(),
    state: z.enum(['running', 'completed', 'out_of_budget', 'stopped', 'failed']),
    error: Failure.nullable(),
    startedAt: z.number(),
    endedAt: z.number().nullable(),
    paidUsd: z.number().nullable(),
    temporalUrl: z.string(),
    result: z
      .object({
        state: z.enum(['done', 'failed', 'skipped']),
        isChanged: z.boolean().nullable(),
        calls: z.object({ reused: z.int(), made: z.int() }),
        error: Failure.nullable(),
        served: z.unknown().openapi({ description: 'What was served: outcome, output, facts of the run, scores' }),
        variant: z.unknown().openapi({ description: 'The same under the variant' }),
      })
      .nullable()
      .openapi({ description: 'Of this run; null while there is none' }),
  })
  .openapi('Backtest');

const ok = (description: string) => ({ description, content: { 'application/json': { schema: BacktestView } } });

const start = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/runs/{id}/backtests',
    tags: ['Runs'],
    summary: 'Run it again under a variant, calling only what differs',
    description: 'It goes on by itself; ask for it by its id until its state is another than `running`.',
    middleware: allow('operate'),
    request: {
      params: z.object({ id: RunId }),
      body: { content: { 'application/json': { schema: Body } }, required: true },
    },
    responses: { 202: ok('It is started'), ...problems(404, 409, 413, 415, 422) },
  });

const RerunId = z
  .string()
  .regex(/^backtest-[A-Za-z0-9_-]{1,120}$/, 'it is no id of a backtest')
  .openapi({ param: { name: 'rerun', in: 'path' }, example: 'backtest-docs-bot-1f2e3d4c' });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs/{id}/backtests/{rerun}',
    tags: ['Runs'],
    summary: 'What a backtest has made of a run',
    middleware: allow('read', 'operate'),
    request: { params: z.object({ id: RunId, rerun: RerunId }) },
    responses: { 200: ok('As far as it is'), ...problems(404, 422) },
  });

export const addRunBacktests: AddRoutes = (
  app,
  { allow, pipelines, scorersOf = () => [], runtime: { store, client } },
) => {
  const viewOf = async (rerunId: string, runId: string, output: Json) => {
    const row = await store.reruns.get(rerunId);
    if (row.rerunId !== rerunId) throw unknownRerun(rerunId);
    const [{ paidUsd }, found] = await Promise.all([
      store.reruns.progress(rerunId),
      store.reruns.result(rerunId, runId),
    ]);
    const whole = async (value: Json) => restoreClaims(store.payloads, value);
    const result = found && {
      ...{ state: found.state, isChanged: found.isChanged, calls: found.calls, error: found.error },
      served: found.served && { ...found.served, output: await whole(output) },
      variant: found.variant && { ...found.variant, output: await whole(found.variant.output) },
    };
    const { pipeline, variant, spec, state, error, startedAt, endedAt } = row;
    return {
      ...{ rerunId, pipeline, variant, from: spec.from, state, error, startedAt, endedAt, paidUsd },
      ...{ temporalUrl: client.urlOf(rerunId), result: result ?? null },
    };
  };
  addRoute(app, start(allow), async (context) => {
    const run = await visibleRun(store, context.var.caller, context.req.valid('param').id);
    const { variant: name, from, limitUsd } = context.req.valid('json');
    const { plan, ...variant } = variantOf(pipelines, run.pipeline, name);
    const scorers = scorersFor(scorersOf(run.pipeline));
    const spec = rerunSpecOf({
      ...{ kind: 'backtest', pipeline: run.pipeline, variant, scorers },
      ...(from !== undefined && { from }),
    });
    const { rerunId } = await client.startRerun({
      ...{ spec, plan, budgetUsd: limitUsd ?? null, of: { runIds: [run.runId] } },
      startedBy: actor(context),
    });
    return context.json(await viewOf(rerunId, run.runId, run.output), 202);
  });
  addRoute(app, show(allow), async (context) => {
    const { id, rerun } = context.req.valid('param');
    const { runId, output } = await visibleRun(store, context.var.caller, id);
    return context.json(await viewOf(rerun, runId, output));
  });
};

/** @throws SluiceError `pipeline_unknown`, `variant_unknown` */
function variantOf(pipelines: ReadonlyMap<string, AnyPipeline>, pipeline: string, name: string | undefined) {
  if (name === undefined) return { name: 'baseline', edits: [], plan: findPipeline(pipelines, pipeline).plan };
  const found = pipelines.get(`${pipeline}:${name}`);
  if (found !== undefined && 'edits' in found) return found as AnyVariant;
  const prefix = `${pipeline}:`;
  const known = [...pipelines.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  throw new SluiceError('variant_unknown', {
    message: `'${pipeline}' has no variant '${name}'`,
    remedy: suggest(name, known, 'pipelines/index.ts exports none'),
  });
}

const unknownRerun = (rerunId: string): SluiceError =>
  new SluiceError('rerun_unknown', {
    message: `there is no backtest '${rerunId}'`,
    remedy: 'use the id that was answered when it was started',
  });
