/** `POST` and `GET /v1/runs/{id}/feedback`: what people say of an answer. */
import type { FeedbackRow } from '../../store/feedback.ts';
import type { RunRow } from '../../store/runs.ts';
import { snapshotsAt } from '../../telemetry/load-trace.ts';
import { type AddRoutes, addRoute, visibleRun } from '../route.ts';

export const addFeedback: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  /** What the run stands for. */
  const joinedOf = async ({ planId, arms, startedAt }: RunRow) => {
    const snapshots = await snapshotsAt(await store.plans.get(planId), startedAt, store.indexes);
    return { planId, arms, snapshots };
  };
  addRoute(app, { allow }, 'giveFeedback', async (request) => {
    const { caller } = request.context.var;
    const run = await visibleRun(store, caller, request.params.id);
    const { by, ...said } = request.body;
    const key = request.headers['idempotency-key'];
    const row = await client.feedback(run.runId, said, {
      sentWith: caller,
      ...(by !== undefined && { by }),
      ...(key !== undefined && { key }),
    });
    return { ...viewOf(row), ...(await joinedOf(run)) };
  });
  addRoute(app, { allow }, 'listFeedback', async (request) => {
    const run = await visibleRun(store, request.context.var.caller, request.params.id);
    const [rows, joined] = await Promise.all([store.feedback.ofRun(run.runId), joinedOf(run)]);
    return { feedback: rows.map((row) => ({ ...viewOf(row), ...joined })) };
  });
};

function viewOf({ thumb, feedbackId, runId, score, note, emoji, fields, by, keyId, at, receivedAt }: FeedbackRow) {
  const said = thumb === null ? null : thumb === 1 ? ('up' as const) : ('down' as const);
  return { feedbackId, runId, thumb: said, score, note, emoji, fields, by, keyId, at, receivedAt };
}
