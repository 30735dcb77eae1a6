/** Temporal as a host of the walker, through everything a real run passes: client, server, worker and boundary. */
import { z } from 'zod';
import { StepFailure } from '../../activities/boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../../activities/boundary/implement.ts';
import { defineStep } from '../../src/index.ts';
import type { Json } from '../../src/plan/plan.ts';
import { startLive } from '../support/live.ts';
import type { Attempt, AttemptReport, Host, RunReport, ScriptedRun } from './host.ts';
import { describeHost } from './host-conformance.ts';

const STEPS = ['a', 'b', 'c', 'log', 'item', 'draft', 'spare'];
/** Takes and gives whatever the suite's plans pass around. */
const Fields = z.object({ x: z.string().optional(), note: z.string().optional(), done: z.boolean().optional() });

/** The run under way: the suite makes one at a time. */
interface Scene {
  readonly scripted: ScriptedRun;
  readonly attempts: { [call: string]: AttemptReport[] };
  readonly cancel: AbortController;
  /** Attempts under way: a cancelled run closes at once, its activities end when they are told. */
  readonly underWay: Set<Promise<unknown>>;
}

async function createTemporalHost(): Promise<Host> {
  let scene: Scene | undefined;
  const live = await startLive(() => STEPS.map((name) => scriptedStep(name, () => scene!)));
  return {
    clock: 'real',
    close: live.stop,
    async run(scripted) {
      scene = { scripted, attempts: {}, cancel: new AbortController(), underWay: new Set() };
      const pipeline = { id: scripted.plan.pipeline, plan: scripted.plan, input: z.any() };
      const result = await live.client.run(pipeline, scripted.input, { signal: scene.cancel.signal });
      await Promise.allSettled(scene.underWay);
      const { outcome, output, error, nodes } = result;
      return {
        outcome,
        attempts: scene.attempts,
        nodes: Object.fromEntries(nodes.map((node) => [node.key, node.outcome])),
        ...(output !== null && { output }),
        ...(outcome === 'failed' && { error: { key: error!.key!, code: error!.code } }),
      } satisfies RunReport;
    },
  };
}

function scriptedStep(name: string, current: () => Scene): Implemented {
  // The plan's policy counts, not the step's.
  const step = defineStep(name, {
    version: 1,
    input: Fields,
    output: Fields,
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
  const call = context.idempotencyKey.endsWith(':fallback') ? `${context.key} fallback` : context.key;
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

describeHost('Temporal', createTemporalHost);
