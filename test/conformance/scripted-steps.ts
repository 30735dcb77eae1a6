/** The suite's steps, for hosts that call steps through the activity boundary: each does what the script says. */
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../../src/boundary/implement.ts';
import { defineStep } from '../../src/index.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { Attempt, AttemptReport, ScriptedRun } from './host.ts';

const STEPS = ['a', 'b', 'c', 'log', 'item', 'draft', 'spare'];
/** Takes and gives whatever the suite's plans pass around. */
const Fields = z.object({ x: z.string().optional(), note: z.string().optional(), done: z.boolean().optional() });

/** The run under way: the suite makes one at a time. */
export interface Scene {
  readonly scripted: ScriptedRun;
  readonly attempts: { [call: string]: AttemptReport[] };
  readonly cancel: AbortController;
  /** Attempts under way: a cancelled run closes at once, its activities end when they are told. */
  readonly underWay: Set<Promise<unknown>>;
}

export const newScene = (scripted: ScriptedRun): Scene => ({
  scripted,
  attempts: {},
  cancel: new AbortController(),
  underWay: new Set(),
});

/** @param current the run under way */
export const scriptedSteps = (current: () => Scene): Implemented[] => STEPS.map((name) => scriptedStep(name, current));

function scriptedStep(name: string, current: () => Scene): Implemented {
  // The plan's policy counts, not the step's.
  const step = defineStep(name, {
    version: 1,
    input: Fields,
    output: Fields,
    effect: 'read',
    policy: { attempts: 1, timeout: '1 second' },
  });
  return implement(step, async (_input, context) => {
    const scene = current();
    const attempt = attemptOnce(scene, context);
    scene.underWay.add(attempt);
    return attempt;
  });
}

async function attemptOnce(
  { scripted, attempts, cancel }: Scene,
  context: StepContext<unknown>,
): Promise<{ x: string }> {
  // A memo's calls have a mark of their own behind the node run's key.
  const key = context.key.replace(/#.*/, '');
  const call = context.idempotencyKey.endsWith(':fallback') ? `${key} fallback` : key;
  const script = scripted.script[call] ?? [];
  const startedAtMs = Date.now();
  const cancels = (has: 'started' | 'failed') => {
    const when = scripted.cancelWhen;
    return when?.call === call && when.attempt === context.attempt && when.has === has;
  };
  if (cancels('started')) cancel.abort();
  try {
    return (await act(script[Math.min(context.attempt, script.length) - 1]!, context)) as { x: string };
  } finally {
    const { aborted } = context.signal;
    attempts[call] = [...(attempts[call] ?? []), { startedAtMs, endedAtMs: Date.now(), aborted }];
    if (cancels('failed')) cancel.abort();
  }
}

async function act(attempt: Attempt, { signal }: StepContext<unknown>): Promise<Json> {
  switch (attempt.does) {
    case 'succeed':
      return attempt.value;
    case 'hang':
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    case 'refuse':
      throw new StepFailure(attempt.code, { message: 'refused', remedy: 'none', retryable: false });
    case 'fail': {
      const wait = attempt.retryAfterMs === undefined ? {} : { retryAfterMs: attempt.retryAfterMs };
      throw new StepFailure('Failed', { message: 'failed', remedy: 'none', retryable: true, ...wait });
    }
  }
}
