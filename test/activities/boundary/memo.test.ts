/** What the memo host learns of an attempt: its value as any host would have it, or its failure as data. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SluiceError } from '../../../src/base/errors.ts';
import { StepFailure } from '../../../src/boundary/failure.ts';
import { implement, type StepContext } from '../../../src/boundary/implement.ts';
import { type AttemptRequest, createMakeAttempt } from '../../../src/evaluation/attempts.ts';
import { defineStep } from '../../../src/index.ts';

const step = defineStep('shout', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  config: z.object({ times: z.number().default(2) }),
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});
const payloads = { put: async () => undefined, get: async () => new Map<string, string>() };

const request: AttemptRequest = {
  step: 'shout@1',
  config: {},
  input: { text: 'ho' },
  runId: 'eval-1',
  key: 'a#1',
  call: 'step',
  attempt: 1,
  policy: { attempts: 1, timeoutMs: 1_000, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
  signal: new AbortController().signal,
};

type Run = (input: { text: string }, context: StepContext<{ times: number }>) => { text: string };

const attempt = (run: Run, more: Partial<AttemptRequest> = {}) =>
  createMakeAttempt({ payloads }, [implement(step, run)])({ ...request, ...more });
const throwing = (error: unknown) => () => {
  throw error;
};
const stepFailure = (code: string, retryable: boolean, more = {}) =>
  new StepFailure(code, { message: 'no', remedy: 'do otherwise', retryable, ...more });

describe('an attempt for the memo', () => {
  it('passes the boundary: config and data parsed, and the call known as an evaluation’s', async () => {
    let seen: StepContext<{ times: number }> | undefined;
    const attempted = await attempt(({ text }, context) => {
      seen = context;
      return { text: text.repeat(context.config.times) };
    });
    expect(attempted).toEqual({ value: { text: 'hoho' } });
    expect(seen).toMatchObject({ priority: 'evaluation', idempotencyKey: 'eval-1:a#1', runId: 'eval-1', attempt: 1 });
  });

  it('fails as data, with when to try again', async () => {
    const failed = await attempt(
      throwing(stepFailure('rate_limited', true, { retryAfterMs: 70, data: { status: 429 } })),
    );
    expect(failed).toEqual({
      failure: {
        code: 'rate_limited',
        message: 'no',
        details: { status: 429, remedy: 'do otherwise' },
        retryable: true,
        lasts: false,
        retryAfterMs: 70,
      },
    });
    expect(await attempt(throwing(new TypeError('a bug')))).toMatchObject({
      failure: { code: 'TypeError', message: 'a bug', retryable: true, lasts: false },
    });
  });

  it.each([
    ['what the step itself finds to be final', () => attempt(throwing(stepFailure('context_too_long', false))), true],
    ['an output that does not fit', () => attempt(() => ({ text: 1 }) as never), true],
    ['what may pass', () => attempt(throwing(stepFailure('overloaded', true))), false],
    ['a key that is not valid', () => attempt(throwing(stepFailure('key_invalid', false))), false],
    ['a budget used up', () => attempt(throwing(stepFailure('budget_exceeded', false))), false],
    ["the evaluation's budget used up", () => attempt(throwing(stepFailure('evaluation_budget', false))), false],
    [
      'a disk that is full',
      () => attempt(throwing(new SluiceError('database_full', { message: '', remedy: '' }))),
      false,
    ],
    ['an input that does not fit', () => attempt(() => ({ text: '' }), { input: {} }), false],
    ['a config that does not fit', () => attempt(() => ({ text: '' }), { config: { times: 'x' } }), false],
    ['a step that nobody has', () => attempt(() => ({ text: '' }), { step: 'shout@2' }), false],
  ])('%s', async (_what, make, lasts) => {
    expect(await make()).toMatchObject({ failure: { lasts } });
  });
});
