/** How long a model may take to write an answer: between two tokens, and in all. Time passes only as a test lets it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBoundary } from '../../src/boundary/boundary.ts';
import type { LanguageModel } from '../../src/models/providers.ts';
import { createGenerate } from '../../src/steps/generate.ts';
import { generate } from '../../src/steps/model-steps.ts';
import { noProviders } from '../support/fake-providers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const GAP_SECONDS = 20;
const payloads = { put: async () => undefined, get: async () => new Map() };

/** Sends a token after each pause, in seconds; then ends, or goes silent where the last pause is Infinity. */
function streaming(pauses: Iterable<number>) {
  const seen = { calls: 0, aborted: 0, beats: 0 };
  const model: LanguageModel = {
    name: 'openai/slow',
    contextTokens: null,
    countTokens: (text) => ({ tokens: text.length, exact: true }),
    async writeText({ onText }, { signal }) {
      seen.calls += 1;
      const aborted = new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => {
          seen.aborted += 1;
          reject(signal.reason);
        }),
      );
      let text = '';
      for (const seconds of pauses) {
        const pause = new Promise((resolve) => {
          if (seconds !== Number.POSITIVE_INFINITY) setTimeout(resolve, seconds * 1_000);
        });
        await Promise.race([pause, aborted]);
        text += 'word ';
        onText?.('word ');
      }
      return { text, usage: { inputTokens: null, outputTokens: null } };
    },
    writeData: () => Promise.reject(new Error('not asked')),
  };
  return { model, seen };
}

function ask({ model, seen }: ReturnType<typeof streaming>) {
  const providers = { ...noProviders, languageModel: () => model };
  return createBoundary(
    { payloads },
    createGenerate(providers),
  )({
    step: generate,
    config: generate.config.parse({ model: 'openai/slow', tokenTimeoutSeconds: GAP_SECONDS }),
    input: { question: 'How?', passages: [{ id: 'p', score: 1, text: 'So.' }], feedback: '' },
    runId: 'run-1',
    key: 'draft',
    call: 'step',
    attempt: 1,
    timeoutMs: generate.policy.timeoutMs,
    heartbeatMs: undefined,
    beats: 'timer',
    signal: new AbortController().signal,
    heartbeat: () => {
      seen.beats += 1;
    },
  }).then(
    (output) => ({ output }),
    (error: unknown) => ({ error }),
  );
}

function* always(seconds: number) {
  while (true) yield seconds;
}

test('an answer may take longer than the limit between tokens, in one attempt, and each token is a heartbeat', async () => {
  const slow = streaming([15, 15, 15, 15, 15, 15, 15, 15]);
  const settled = ask(slow);
  await vi.advanceTimersByTimeAsync(125_000);
  expect(await settled).toMatchObject({ output: { text: expect.stringContaining('word word') } });
  expect(slow.seen).toMatchObject({ calls: 1, beats: 8 });
});

test('a model that stops between tokens is given up after that limit, and may be tried again', async () => {
  const stopped = streaming([1, 1, Number.POSITIVE_INFINITY]);
  const settled = ask(stopped);
  await vi.advanceTimersByTimeAsync((GAP_SECONDS + 3) * 1_000);
  expect(await settled).toMatchObject({
    error: { code: 'timeout', retryable: true, message: 'openai/slow sent no token for 20 s' },
  });
  expect(stopped.seen.aborted).toBe(1);
});

test('a model that never ends is given up after the limit for the whole answer', async () => {
  const endless = streaming(always(10));
  const settled = ask(endless);
  await vi.advanceTimersByTimeAsync(generate.policy.timeoutMs + 1_000);
  expect(await settled).toMatchObject({
    error: { code: 'timeout', retryable: true, message: expect.stringContaining(`${generate.policy.timeoutMs} ms`) },
  });
  expect(endless.seen.aborted).toBe(1);
});
