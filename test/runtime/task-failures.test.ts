import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ridingThroughTaskFailures } from '../../src/temporal/outage.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** As the client's library throws it. */
function refusal(details: string): Error {
  const metadata = { get: () => [Buffer.from(`\n\x0btype.googleapis.com/${details}`)] };
  return Object.assign(new Error('refused'), { code: 9, details: 'refused', metadata });
}
const notReady = () => refusal('temporal.api.errordetails.v1.WorkflowNotReadyFailure');

async function call(limitMs: number, answers: readonly (Error | string)[]) {
  let asked = 0;
  const ending = ridingThroughTaskFailures('run-1', limitMs, async () => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    if (typeof answer === 'string') return answer;
    throw answer;
  }).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.advanceTimersByTimeAsync(2 * limitMs);
  return { ...(await ending), asked };
}

test('an update to a workflow whose task has failed is sent again', async () => {
  expect(await call(10_000, [notReady(), notReady(), 'answer'])).toEqual({ value: 'answer', asked: 3 });
});

test('a workflow that stays so is named', async () => {
  expect(await call(2_000, [notReady()])).toMatchObject({ error: { code: 'run_stuck', data: { runId: 'run-1' } } });
});

test('any other refusal is final', async () => {
  const other = refusal('temporal.api.errordetails.v1.NamespaceInvalidStateFailure');
  expect(await call(2_000, [other])).toEqual({ error: other, asked: 1 });
});
