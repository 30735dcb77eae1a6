/** Calls to providers, for tests of the store: a cent at most each, a tenth of that in the end. */
import { randomUUID } from 'node:crypto';
import type { CallClosing, CallOpening } from '../../src/store/provider-calls.ts';

export const opening = (runId: string, more: Partial<CallOpening> = {}): CallOpening => ({
  callId: randomUUID(),
  runId,
  key: 'draft',
  attempt: 1,
  idempotencyKey: `${runId}:${more.key ?? 'draft'}`,
  provider: 'openai',
  model: 'gpt-5-mini',
  kind: 'text',
  reservedTokens: 1_000,
  reservedUsd: 0.01,
  ...more,
});

export const closing = (more: Partial<CallClosing> = {}): CallClosing => ({
  status: 'done',
  usage: 'reported',
  inputTokens: 100,
  cachedInputTokens: null,
  outputTokens: 20,
  searchUnits: null,
  costUsd: 0.001,
  requestId: 'req-1',
  errorCode: null,
  ...more,
});

export const UNKNOWN = { usage: 'unknown', inputTokens: null, outputTokens: null, costUsd: null } as const;
