/** `/v1/runs/{id}/backtests`: one recorded run again under a variant, calling only what differs, and both answers. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import type { AnyPipeline, AnyVariant } from '../../dsl/edit.ts';
import { rerunSpecOf, scorersFor } from '../../experiment/rerun/rerun-request.ts';
import type { Json } from '../../plan/plan.ts';
import { restoreClaims } from '../../store/claims.ts';
import { type AddRoutes, actor, addRoute, findPipeline, visibleRun } from '../route.ts';

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
  addRoute(app, { allow }, 'startBacktest', async (request) => {
    const run = await visibleRun(store, request.context.var.caller, request.params.id);
    const { variant: name, from, limitUsd } = request.body;
    const { plan, ...variant } = variantOf(pipelines, run.pipeline, name);
    const scorers = scorersFor(scorersOf(run.pipeline));
    const spec = rerunSpecOf({
      ...{ kind: 'backtest', pipeline: run.pipeline, variant, scorers },
      ...(from !== undefined && { from }),
    });
    const { rerunId } = await client.startRerun({
      ...{ spec, plan, budgetUsd: limitUsd ?? null, of: { runIds: [run.runId] } },
      startedBy: actor(request.context),
    });
    return viewOf(rerunId, run.runId, run.output);
  });
  addRoute(app, { allow }, 'getBacktest', async (request) => {
    const { id, rerun } = request.params;
    const { runId, output } = await visibleRun(store, request.context.var.caller, id);
    return viewOf(rerun, runId, output);
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
