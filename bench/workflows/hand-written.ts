/**
 * The baselines of the interpreter's benchmark, written as one would by hand: five calls in a row, in the frame that a
 * run has (update, search attributes, recording). `bareFive` has the calls alone, to show what the frame costs.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  defineUpdate,
  proxyActivities,
  scheduleActivity,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import {
  ANSWER_UPDATE,
  ATTRIBUTES,
  type AttemptTrace,
  type NodeRecord,
  type RecordRun,
  type RunInput,
  type RunSummary,
  type StepArguments,
  type StepResult,
} from '../../src/model/run-messages.ts';
import type { Json } from '../../src/plan/plan.ts';

const NODES = ['one', 'two', 'three', 'four', 'five'];
const STEP = 'echo@1';
const outcomeAttribute = defineSearchAttributeKey(ATTRIBUTES.outcome, 'KEYWORD');
const answer = defineUpdate<Json>(ANSWER_UPDATE);
const { recordRun } = proxyActivities<{ recordRun: RecordRun }>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '1 day',
  summary: 'record',
});

export async function handWritten(run: RunInput): Promise<RunSummary> {
  const answered = Promise.withResolvers<Json>();
  setHandler(answer, () => answered.promise);
  const nodes: NodeRecord[] = [];
  let value = run.input;
  for (const node of NODES) {
    const { output, trace } = await call(run, node, value);
    nodes.push(recordOf(node, trace));
    value = output;
  }
  answered.resolve(value);
  upsertSearchAttributes([{ key: outcomeAttribute, value: 'completed' }]);
  await recordRun({ nodes, run: { outcome: 'completed', output: value, error: null, finishedAt: Date.now() } });
  await condition(allHandlersFinished);
  return { outcome: 'completed', degraded: [] };
}

export async function bareFive(run: RunInput): Promise<Json> {
  let value = run.input;
  for (const node of NODES) value = (await call(run, node, value)).output;
  return value;
}

function call(run: RunInput, node: string, input: Json): Promise<StepResult> {
  const args: [StepArguments] = [{ planId: run.planId, node, key: node, call: 'step', input }];
  return scheduleActivity<StepResult>(STEP, args, {
    startToCloseTimeout: '11 seconds',
    scheduleToStartTimeout: run.limits.queueMs,
    scheduleToCloseTimeout: run.limits.deadlineMs,
    heartbeatTimeout: '5 seconds',
    retry: { maximumAttempts: 3, initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
    summary: node,
  });
}

function recordOf(node: string, { scheduledAt, startedAt, durationMs, queuedMs, attempt }: AttemptTrace): NodeRecord {
  return {
    key: node,
    node,
    kind: 'step',
    step: STEP,
    call: 'step',
    outcome: 'completed',
    attempts: attempt,
    startedAt: scheduledAt,
    durationMs: startedAt + durationMs - scheduledAt,
    queuedMs,
    error: null,
  };
}
