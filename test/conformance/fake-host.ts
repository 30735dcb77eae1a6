/**
 * The plainest host there can be: attempts in a loop, on a virtual clock. It shows that the suite can be passed, and
 * what each case means, without a server.
 */
import type { CallPolicy, Json } from '../../src/plan/plan.ts';
import { CALL_CANCELLED, CallFailure, type CallRequest, walk } from '../../src/plan/walk.ts';
import { type Attempt, type AttemptReport, type Host, type RunReport, type ScriptedRun, TIMEOUT } from './host.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** What can be planted in this host to show that the suite notices; each is a way in which real hosts have erred. */
export type Fault =
  | 'retries-refusals'
  | 'ignores-retry-after'
  | 'no-timeout'
  | 'uncapped-backoff'
  | 'retries-cancelled';

type Ended = { readonly value: Json } | { readonly failure: CallFailure; readonly retryAfterMs?: number };

export async function createFakeHost(fault?: Fault): Promise<Host> {
  return { clock: 'virtual', run: (scripted) => runScripted(scripted, fault), close: async () => undefined };
}

async function runScripted({ plan, input, script, cancelWhen }: ScriptedRun, fault?: Fault): Promise<RunReport> {
  const clock = createVirtualClock();
  const cancel = new AbortController();
  const attempts: { [call: string]: AttemptReport[] } = {};
  const tell = (call: string, attempt: number, has: 'started' | 'failed') => {
    if (cancelWhen?.call === call && cancelWhen.attempt === attempt && cancelWhen.has === has) cancel.abort();
  };

  async function execute(request: CallRequest): Promise<Json> {
    const { policy } = request.node;
    const call = request.call === 'step' ? request.key : `${request.key} fallback`;
    const reports: AttemptReport[] = [];
    attempts[call] = reports;
    const scripted = script[call] ?? [];
    for (let attempt = 1; ; attempt++) {
      const startedAtMs = clock.now();
      const ending = attemptOnce(
        clock,
        scripted[Math.min(attempt, scripted.length) - 1],
        policy,
        request.signal,
        fault,
      );
      tell(call, attempt, 'started');
      const { ended, aborted } = await ending;
      reports.push({ startedAtMs, endedAtMs: clock.now(), aborted });
      if ('value' in ended) return ended.value;
      tell(call, attempt, 'failed');
      const last = attempt === policy.attempts || (!ended.failure.retryable && fault !== 'retries-refusals');
      if (request.signal.aborted && fault !== 'retries-cancelled') throw cancelled();
      if (last) throw ended.failure;
      const asked = fault === 'ignores-retry-after' ? undefined : ended.retryAfterMs;
      await clock.sleep(asked ?? backoffMs(policy, attempt, fault), request.signal);
      if (request.signal.aborted && fault !== 'retries-cancelled') throw cancelled();
    }
  }
  const walking = walk(plan, input, execute, { cancel: cancel.signal });
  const { outcome, nodes, error } = await clock.runUntil(walking.finished);
  const output = await walking.output.then(
    (value) => ({ output: value }),
    () => ({}),
  );
  return {
    outcome,
    ...output,
    ...(error && { error: { key: error.key, code: error.code } }),
    nodes: Object.fromEntries(nodes.map((node) => [node.key, node.outcome])),
    attempts,
  };
}

async function attemptOnce(
  clock: VirtualClock,
  attempt: Attempt | undefined,
  policy: CallPolicy,
  signal: AbortSignal,
  fault: Fault | undefined,
): Promise<{ readonly ended: Ended; readonly aborted: boolean }> {
  switch (attempt?.does) {
    case 'succeed':
      return { ended: { value: attempt.value }, aborted: false };
    case 'fail': {
      const { retryAfterMs } = attempt;
      const failure = new CallFailure('Unavailable', 'the provider is down', { retryable: true });
      return { ended: { failure, ...(retryAfterMs !== undefined && { retryAfterMs }) }, aborted: false };
    }
    case 'refuse':
      return { ended: { failure: new CallFailure(attempt.code, 'refused', { retryable: false }) }, aborted: false };
    case 'hang': {
      await clock.sleep(fault === 'no-timeout' ? policy.timeoutMs * 10 : policy.timeoutMs, signal);
      return { ended: { failure: new CallFailure(TIMEOUT, 'timed out', { retryable: true }) }, aborted: true };
    }
    case undefined:
      throw new Error('a call that the script does not know');
  }
}

function backoffMs({ backoff }: CallPolicy, attempt: number, fault: Fault | undefined): number {
  const waitMs = backoff.firstMs * backoff.factor ** (attempt - 1);
  return fault === 'uncapped-backoff' ? waitMs : Math.min(waitMs, backoff.maxMs);
}

const cancelled = () => new CallFailure(CALL_CANCELLED, 'cancelled', { retryable: false });
