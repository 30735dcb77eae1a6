/** Small steps that do each thing a step can do: what the recorded histories are made of. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import type { Dependencies } from '../../src/host/attach.ts';
import { defineStep } from '../../src/index.ts';
import { BUDGET_EXCEEDED } from '../../src/plan/walk.ts';

export const Amount = z.object({ n: z.int() });
const Judged = z.object({ n: z.int(), isLarge: z.boolean() });

const policy = {
  attempts: 2,
  timeout: '2 seconds',
  backoff: { first: '10 ms', factor: 1, max: '10 ms' },
} as const;

export const add = defineStep('add', {
  version: 1,
  input: Amount,
  output: Judged,
  config: z.object({ by: z.int().default(1), note: z.string().default('') }),
  effect: 'none',
  policy,
});
/** Fails at first. */
export const stumble = defineStep('stumble', {
  version: 1,
  input: Amount,
  output: Judged,
  config: z.object({ retryAfterMs: z.int().optional() }),
  effect: 'read',
  policy,
});
/** Fails for good. */
export const refuse = defineStep('refuse', { version: 1, input: Amount, output: Judged, effect: 'read', policy });
/** Ends only when told. */
export const wait = defineStep('wait', { version: 1, input: Amount, output: Judged, effect: 'read', policy });
export const count = defineStep('count', {
  version: 1,
  input: Amount,
  output: z.object({ numbers: z.array(z.int()) }),
  effect: 'read',
  policy,
});
/** Gives more than a history should hold. */
export const write = defineStep('write', {
  version: 1,
  input: Amount,
  output: z.object({ text: z.string() }),
  effect: 'read',
  policy,
});
export const measure = defineStep('measure', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: Amount,
  effect: 'read',
  policy,
});

/** Pays, by a call that a budget may have no room for. */
export const spend = defineStep('spend', {
  version: 1,
  input: Amount,
  output: Judged,
  config: z.object({ usd: z.number() }),
  effect: 'read',
  policy,
});

const LARGE = 10;
const TEXT_BYTES = 300_000;

export function historySteps({ store }: Pick<Dependencies, 'store'>): readonly Implemented[] {
  return [
    implement(add, ({ n }, { config }) => judge(n + config.by)),
    implement(stumble, ({ n }, { attempt, config: { retryAfterMs } }) => {
      if (attempt > 1) return judge(n + 1);
      throw new StepFailure('stumbled', {
        message: 'it fails at first',
        remedy: 'try again',
        retryable: true,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
    }),
    implement(refuse, () => {
      throw new StepFailure('refused', { message: 'it always fails', remedy: 'none', retryable: false });
    }),
    implement(wait, async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    }),
    implement(count, ({ n }) => ({ numbers: Array.from({ length: n }, (_, number) => number) })),
    implement(write, () => ({ text: 'x'.repeat(TEXT_BYTES) })),
    implement(spend, async ({ n }, { runId, key, attempt, idempotencyKey, config: { usd } }) => {
      const callId = randomUUID();
      const opening = {
        callId,
        runId,
        key,
        attempt,
        idempotencyKey,
        provider: 'openai',
        model: 'm',
        kind: 'text',
      } as const;
      const opened = await store.calls.open({ ...opening, reservedTokens: 1, reservedUsd: usd });
      if (opened.kind !== 'opened')
        throw new StepFailure(BUDGET_EXCEEDED, { message: 'too dear', remedy: 'none', retryable: false });
      await store.calls.close(callId, {
        status: 'done',
        usage: 'reported',
        inputTokens: 1,
        cachedInputTokens: null,
        outputTokens: 0,
        searchUnits: null,
        costUsd: usd,
        requestId: null,
        errorCode: null,
      });
      return judge(n + 1);
    }),
    implement(measure, ({ text }) => ({ n: text.length })),
  ];
}

const judge = (n: number) => ({ n, isLarge: n >= LARGE });
