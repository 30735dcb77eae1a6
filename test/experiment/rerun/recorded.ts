/** Runs as they are recorded, made by the walker with scripted steps: what reruns are tried on. */
import type { RecordedRun } from '../../../src/experiment/rerun/replay.ts';
import type { Json, Plan } from '../../../src/plan/plan.ts';
import { CallFailure, type CallRequest, type Execute, walk } from '../../../src/plan/walk.ts';

export interface Recorded {
  readonly record: RecordedRun;
  readonly output: Json | undefined;
}

/** Walks the plan and keeps what a worker keeps of it. */
export async function recordRun(plan: Plan, input: Json, execute: Execute): Promise<Recorded> {
  const outputs = new Map<string, Json>();
  const { output, finished } = walk(plan, input, async (request) => {
    const value = await execute(request);
    outputs.set(request.key, value);
    return value;
  });
  const [given, { nodes }] = [await output.catch(() => undefined), await finished];
  return {
    record: {
      ...{ runId: 'run-1', plan, input, outputs },
      nodes: nodes.map(({ key, node, kind, call, outcome, error }) => ({
        ...{ key, node, kind, outcome, call: call ?? null, durationMs: 100, queuedMs: 40 },
        error: error ? { code: error.code, message: error.message, node: error.node, key: error.key } : null,
      })),
    },
    output: given,
  };
}

/** Counts calls, and gives what `behave` says. */
export function counting(behave: (request: CallRequest) => Json | CallFailure) {
  const calls: string[] = [];
  const execute: Execute = async (request) => {
    calls.push(request.call === 'step' ? request.key : `${request.key} fallback`);
    const given = behave(request);
    if (given instanceof CallFailure) throw given;
    return given;
  };
  return { calls, execute };
}
