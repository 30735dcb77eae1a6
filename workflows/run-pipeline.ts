/**
 * Hosts the walker in Temporal: one run of one plan. The plan is input, so no edit of a pipeline can break a running
 * execution; only a change of this folder or of the walker can, and those are held by the histories in test/histories.
 *
 * The answer leaves by an update as soon as it is known; the run is then recorded, and the workflow closes.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  defineUpdate,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CarriedAssignment } from '../src/model/assign.ts';
import {
  ANSWER_UPDATE,
  ATTRIBUTES,
  createReached,
  type FailureData,
  type NodeRecord,
  type RecordRun,
  RUN_FAILED,
  type RunCost,
  type RunInput,
  type RunRecord,
  type RunSummary,
  withoutNodes,
} from '../src/model/run-messages.ts';
import { type Json, PLAN_FORMAT } from '../src/plan/plan.ts';
import { type NodeRun, type WalkError, WalkFailed, walk } from '../src/plan/walk.ts';
import { bytesOf, type CallTrace, createCallHost, tooLarge } from './call-host.ts';

const answer = defineUpdate<Json>(ANSWER_UPDATE);
const outcomeAttribute = defineSearchAttributeKey(ATTRIBUTES.outcome, 'KEYWORD');
const costAttribute = defineSearchAttributeKey(ATTRIBUTES.costUsd, 'DOUBLE');

/** Recording outlasts a long outage of the database; a run it gives up on is closed by the sweeper. */
const { recordRun } = proxyActivities<{ recordRun: RecordRun }>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '5 seconds',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  summary: 'record',
});

export async function runPipeline(run: RunInput): Promise<RunSummary> {
  refuseUnreadable(run);
  const reached = createReached(run.experiments);
  const host = createCallHost(run, workflowInfo().startTime.getTime() + run.limits.deadlineMs, reached);
  const cancel = new AbortController();
  CancellationScope.current().cancelRequested.catch((reason) => cancel.abort(reason));

  // Cancellation reaches the calls through the walker; the record of a cancelled run must still be written.
  return CancellationScope.nonCancellable(async () => {
    const walking = walk(run.plan, run.input, host.execute, { cancel: cancel.signal, onNode: createRunView() });
    const output = walking.output.then(refuseLarge).catch((error: unknown) => {
      throw runFailure(error);
    });
    output.catch(() => undefined); // a query reports it; an unread rejection is no fault
    setHandler(answer, () => output, { validator: refuseArguments });

    const finished = await walking.finished;
    const answered = await output.then(
      (value) => ({ value }),
      (failure: unknown) => ({ failure }),
    );
    const outcome = 'failure' in answered && finished.outcome !== 'cancelled' ? 'failed' : finished.outcome;
    upsertSearchAttributes([{ key: outcomeAttribute, value: outcome }]);
    const ending = {
      outcome,
      output: 'failure' in answered ? null : answered.value,
      error: 'failure' in answered ? failureOf(answered.failure) : null,
      finishedAt: Date.now(),
    };
    const cost = await record(recordsOf(finished.nodes, host.traces), ending, run.experiments ?? []);
    // Nothing where nothing was paid, and nothing where older code recorded the run.
    if (cost && cost.costUsd > 0) upsertSearchAttributes([{ key: costAttribute, value: cost.costUsd }]);
    await condition(allHandlersFinished);
    if ('failure' in answered) throw answered.failure;
    const degraded = finished.nodes.filter((node) => !UNREMARKABLE.has(node.outcome));
    return { outcome, degraded: degraded.slice(0, SHOWN_DEGRADED).map(({ key }) => key) };
  });
}

/** Keys in the workflow's own result; the record has them all. */
const SHOWN_DEGRADED = 100;
const UNREMARKABLE: ReadonlySet<string> = new Set(['completed', 'skipped']);

async function record(
  nodes: readonly NodeRecord[],
  run: RunRecord,
  experiments: readonly CarriedAssignment[],
): Promise<RunCost | undefined> {
  const portions = portionsOf(nodes);
  for (const portion of portions.slice(0, -1)) await recordRun({ nodes: portion });
  return recordRun({
    nodes: portions.at(-1)!,
    run,
    ...(experiments.length > 0 && { experiments: { assigned: experiments.map(withoutNodes) } }),
  });
}

function refuseLarge(output: Json): Json {
  const message = tooLarge(bytesOf(output), "the run's output");
  if (message === undefined) return output;
  throw new WalkFailed('failed', { node: 'output', key: 'output', code: 'PayloadTooLarge', message });
}

/** A failed run as a failed workflow: typed, final, its one detail a `FailureData`. */
function runFailure(error: unknown): ApplicationFailure | CancelledFailure {
  if (!(error instanceof WalkFailed)) return failed(String(error), { code: 'Error', message: String(error) });
  const data = failureData(error.error);
  return error.outcome === 'cancelled'
    ? new CancelledFailure('the run was cancelled', [data])
    : failed(error.message, data);
}

function failed(message: string, data: FailureData): ApplicationFailure {
  return ApplicationFailure.create({ type: RUN_FAILED, message, nonRetryable: true, details: [data] });
}

function failureOf(failure: unknown): FailureData {
  const details = (failure as ApplicationFailure | CancelledFailure).details;
  return details?.[0] as FailureData;
}

function refuseArguments(...args: unknown[]): void {
  if (args.length > 0)
    throw failed(`the update '${ANSWER_UPDATE}' takes no arguments`, {
      code: 'update_invalid',
      message: 'arguments given',
    });
}

/**
 * A workflow's input can be anything that some client sent. What is not a run is refused here, with a failure that ends
 * the execution: any other error would fail the workflow task, which Temporal repeats for ever.
 */
function refuseUnreadable(run: RunInput): void {
  const given: Partial<RunInput> = typeof run === 'object' && run !== null ? run : {};
  const readable =
    typeof given.planId === 'string' &&
    given.plan?.format === PLAN_FORMAT &&
    Array.isArray(given.plan.nodes) &&
    given.input !== undefined &&
    typeof given.limits?.deadlineMs === 'number';
  if (readable) return;
  const message = `the input of this workflow is not a run of a plan of format ${PLAN_FORMAT}: start runs by the client`;
  throw failed(message, { code: 'run_unreadable', message });
}

/**
 * Joins what the walker says of each node run with what the host measured of its calls: the rows of the record, in
 * portions that each fit into one call.
 */
function recordsOf(
  nodes: readonly NodeRun[],
  traces: ReadonlyMap<string, readonly CallTrace[]>,
): readonly NodeRecord[] {
  return nodes.map((run) => recordOf(run, traces.get(run.key) ?? []));
}

/** A map of many items, or many long errors, must not make a payload too large: Temporal would refuse it for ever. */
const ROWS_PER_PORTION = 500;
const CHARACTERS_PER_PORTION = 150_000;

/** The rows in order, in one or more portions. */
function portionsOf(records: readonly NodeRecord[]): readonly (readonly NodeRecord[])[] {
  const portions: NodeRecord[][] = [[]];
  let characters = 0;
  for (const record of records) {
    const size = JSON.stringify(record).length;
    const last = portions.at(-1)!;
    if (last.length === ROWS_PER_PORTION || (last.length > 0 && characters + size > CHARACTERS_PER_PORTION)) {
      portions.push([record]);
      characters = size;
    } else {
      last.push(record);
      characters += size;
    }
  }
  return portions;
}

function recordOf(run: NodeRun, calls: readonly CallTrace[]): NodeRecord {
  const traces = calls.flatMap(({ last }) => last ?? []);
  const [first, last] = [traces[0], traces.at(-1)];
  return {
    key: run.key,
    node: run.node,
    kind: run.kind,
    step: calls.at(-1)?.step ?? null,
    call: run.call ?? null,
    outcome: run.outcome,
    attempts: calls.reduce((sum, call) => sum + call.attempts, 0),
    // From the first asking to the last answer: queueing, attempts, backoff and fallback included.
    startedAt: first?.scheduledAt ?? null,
    durationMs: first && last ? last.startedAt + last.durationMs - first.scheduledAt : null,
    queuedMs: first?.queuedMs ?? null,
    error: run.error ? failureData(run.error) : null,
  };
}

/** The error as data; `cause` stays behind, since it is none. */
function failureData({ node, key, code, message, details }: WalkError): FailureData {
  return { node, key, code, message, ...(details && { details: details as Json }) };
}

/** Lines shown; a map of many items would otherwise make a page of its own. */
const SHOWN_LINES = 50;
const SHOWN_CHARACTERS = 200;

function createRunView(): (run: NodeRun) => void {
  const lines: string[] = [];
  let settled = 0;
  return (run) => {
    settled += 1;
    if (lines.length < SHOWN_LINES)
      lines.push(
        `- \`${run.key}\` ${run.outcome}${run.error ? `: ${run.error.message.slice(0, SHOWN_CHARACTERS)}` : ''}`,
      );
    const more = settled - lines.length;
    setCurrentDetails(lines.join('\n') + (more > 0 ? `\n- … and ${more} more` : ''));
  };
}
