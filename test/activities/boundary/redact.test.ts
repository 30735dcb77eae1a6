/** Redaction at the boundary: nothing of what rules name leaves a step, whichever way. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createBoundary } from '../../../src/boundary/boundary.ts';
import { StepFailure } from '../../../src/boundary/failure.ts';
import { implement, type StepContext } from '../../../src/boundary/implement.ts';
import { createMakeAttempt } from '../../../src/evaluation/attempts.ts';
import { defineStep } from '../../../src/index.ts';
import { createRedaction } from '../../../src/redaction/redaction.ts';
import { NO_RULES } from '../../../src/redaction/rules.ts';
import { restoreClaims } from '../../../src/store/claims.ts';

const SECRET = 'ada@planted.example';
const Out = z.object({ text: z.string(), lines: z.array(z.string()).optional() });
const policy = { attempts: 1, timeout: '10 seconds' } as const;
const say = defineStep('say', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: Out,
  effect: 'read',
  policy,
});
const redaction = createRedaction({ ...NO_RULES, patterns: ['email'] });

type Output = z.output<typeof Out>;
function attemptAt(run: (context: StepContext<unknown>) => Output | Promise<Output>) {
  const [stored, pieces, beats] = [new Map<string, string>(), [] as unknown[], [] as unknown[]];
  const payloads = {
    put: async (hash: string, text: string) => void stored.set(hash, text),
    get: async () => stored,
  };
  const tokens = (_: unknown, piece: unknown) => void pieces.push(piece);
  const implemented = implement(say, (_, context) => run(context));
  const made = createBoundary(
    { payloads, tokens, redaction },
    implemented,
  )({
    ...{ step: say, config: {}, input: { text: SECRET }, runId: 'run-1', key: 'draft', call: 'step', attempt: 1 },
    ...{ timeoutMs: 10_000, heartbeatMs: 5_000, beats: 'progress', signal: new AbortController().signal },
    heartbeat: (progress) => void beats.push(progress),
    sink: { hub: 'h', url: 'http://localhost' },
  });
  return { made, stored, payloads, pieces, beats };
}

describe('the boundary, where rules are on', () => {
  test('redacts what a step gives, before it is set aside for its size', async () => {
    const lines = Array.from({ length: 100 }, () => `${SECRET} ${'x'.repeat(4_000)}`);
    const { made, stored, payloads } = attemptAt(() => ({ text: `by ${SECRET}`, lines }));
    const output = await made;
    expect(JSON.stringify([output, ...stored.values()])).not.toContain(SECRET);
    expect(stored.size).toBe(1);
    expect(await restoreClaims(payloads, output)).toMatchObject({
      text: 'by [redacted:email]',
      lines: lines.map((line) => line.replace(SECRET, '[redacted:email]')),
    });
  });

  test('redacts failures, and keeps what hosts decide by', async () => {
    const failure = new StepFailure('rate_limited', {
      ...{ message: `of ${SECRET}`, remedy: `ask ${SECRET}`, data: { by: [SECRET] }, cause: new Error(SECRET) },
      ...{ retryable: true, retryAfterMs: 300, benign: true },
    });
    const error = await attemptAt(() => Promise.reject(failure)).made.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StepFailure);
    expect((error as StepFailure).cause).toBeUndefined();
    expect(error).toMatchObject({
      ...{ code: 'rate_limited', retryable: true, retryAfterMs: 300, benign: true },
      ...{ message: 'of [redacted:email]', remedy: 'ask [redacted:email]', data: { by: ['[redacted:email]'] } },
    });
  });

  test('redacts any other error, its stack, and what refuses an output', async () => {
    const thrown = [new TypeError(`no ${SECRET}`, { cause: SECRET }), SECRET];
    for (const reason of thrown) {
      const error = (await attemptAt(() => Promise.reject(reason)).made.catch((said: unknown) => said)) as Error;
      expect([error.message, error.stack, String(error.cause)].join()).not.toContain(SECRET);
      expect(error.message).toContain('[redacted:email]');
    }
    const refused = attemptAt(() => ({ text: { [SECRET]: SECRET } }) as unknown as Output).made;
    const error = (await refused.catch((reason: unknown) => reason)) as StepFailure;
    expect(error.code).toBe('StepOutputInvalid');
    expect(JSON.stringify([error.message, error.data])).not.toContain(SECRET);
  });

  test('redacts what is told as progress, and shows no draft', async () => {
    const { made, beats, pieces } = attemptAt(({ heartbeat, emit }) => {
      heartbeat(`at ${SECRET}`);
      heartbeat(3);
      emit(SECRET);
      return { text: '' };
    });
    await made;
    expect(beats).toEqual(['at [redacted:email]', 3]);
    expect(pieces).toEqual([]);
  });

  test('is the same for calls of evaluations', async () => {
    const payloads = { put: async () => undefined, get: async () => new Map() };
    const attempt = createMakeAttempt({ payloads, redaction }, [
      implement(say, ({ text }) => {
        if (text === '') throw new Error(SECRET);
        return { text: SECRET };
      }),
    ]);
    const call = {
      policy: { timeoutMs: 1_000 },
      step: 'say@1',
      config: {},
      runId: 'e',
      key: 'k',
      call: 'step',
      attempt: 1,
    };
    const make = (text: string) =>
      attempt({ ...call, input: { text }, signal: new AbortController().signal } as unknown as Parameters<
        typeof attempt
      >[0]);
    expect(await make('x')).toEqual({ value: { text: '[redacted:email]' } });
    expect(await make('')).toMatchObject({ failure: { message: '[redacted:email]' } });
  });
});
