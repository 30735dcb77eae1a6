/**
 * Walks a recorded run again, outside Temporal: its plan and input from the history, each call answered with the result
 * that it had. The walker must ask for the same calls, byte by byte; Temporal's own replay compares names and ids only.
 */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { RunInput, StepArguments, StepResult } from '../../src/model/run-messages.ts';
import { type CallRequest, walk } from '../../src/plan/walk.ts';
import { eventsOf, readJson } from './histories.ts';

export interface Rewalked {
  readonly input: RunInput;
  /** Calls as the history has them, and as the walker asks for them now: their arguments as JSON, sorted. */
  readonly recorded: readonly string[];
  readonly asked: readonly string[];
}

/** @throws where the walker asks for a call that the history has no result of: of runs that completed, that is a fault. */
export async function rewalk(history: History): Promise<Rewalked> {
  const started = eventsOf(history)[0]!.workflowExecutionStartedEventAttributes!;
  const input = readJson<RunInput>(started.input!.payloads![0]!.data!);
  const calls = callsOf(history);
  const asked: string[] = [];
  const execute = async ({ node, key, call, input: given }: CallRequest) => {
    const args: StepArguments = { planId: input.planId, node: node.id, key, call, input: given };
    const text = JSON.stringify(args);
    asked.push(text);
    const result = calls.get(text);
    if (result === undefined) throw new Error(`the history has no call ${text}`);
    return result.output;
  };
  await walk(input.plan, input.input, execute).finished;
  return { input, recorded: [...calls.keys()].sort(), asked: asked.sort() };
}

/** The results of a history's steps, by the bytes of their arguments. */
function callsOf(history: History): ReadonlyMap<string, StepResult> {
  const argumentsById = new Map<string, string>();
  const calls = new Map<string, StepResult>();
  for (const { eventId, ...event } of eventsOf(history)) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    if (scheduled?.activityType?.name?.includes('@'))
      argumentsById.set(String(eventId), Buffer.from(scheduled.input!.payloads![0]!.data!).toString());
    const text = completed && argumentsById.get(String(completed.scheduledEventId));
    if (text) calls.set(text, readJson<StepResult>(completed!.result!.payloads![0]!.data!));
  }
  return calls;
}
