/** The columns of a run under the names that `RunRow` gives them. */
export const RUN_LISTED = `run_id as "runId", pipeline, variant, plan_id as "planId", arms, unit, owner, budget,
  idempotency_key as "idempotencyKey", state, error, content_removed_at as "contentRemovedAt",
  content_removed_by as "contentRemovedBy", started_at as "startedAt", finished_at as "finishedAt"`;

export const RUN_WHOLE = `${RUN_LISTED}, input, output, assignments, request`;
