/** Steps that write in tokens, as the run's input asks: with attempts that fail or hang, and rounds that do not pass. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';

const Script = z.object({
  text: z.string(),
  /** Rounds until the text passes. */
  rounds: z.number().default(1),
  /** Attempts that fail halfway. */
  failures: z.number().default(0),
  /** An attempt that hangs halfway; 0: none. */
  hangs: z.number().default(0),
  tokenMs: z.number().default(0),
});
const Text = z.object({ text: z.string() });
const Round = z.object({ round: z.number() });

const policy = {
  attempts: 3,
  timeout: '30 seconds',
  heartbeat: '1 second',
  backoff: { first: '10 ms', factor: 1, max: '10 ms' },
} as const;
const Asked = z.object({ script: Script, round: z.number() });
const Draft = z.object({ text: z.string(), round: z.number() });
const write = defineStep('write', {
  version: 1,
  input: Asked,
  output: Draft,
  effect: 'read',
  policy,
});
const judge = defineStep('judge', {
  version: 1,
  input: z.object({ round: z.number(), rounds: z.number() }),
  output: z.object({ passed: z.boolean(), next: z.number() }),
  effect: 'read',
  policy,
});
/** Writes without tokens: what helps when `write` does not. */
const apologise = defineStep('apologise', {
  version: 1,
  input: Asked,
  output: Draft,
  effect: 'read',
  policy,
});

/** What a round's attempt at a text reads like: each tells itself apart from all others. */
export const written = (text: string, round = 1, attempt = 1) => `round ${round}, attempt ${attempt}: ${text}`;

/** Tokens as models make them: short, and cut anywhere, also within a surrogate pair. */
const TOKEN_LENGTH = 5;
function* tokensOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += TOKEN_LENGTH) yield text.slice(at, at + TOKEN_LENGTH);
}

/** @param atHalf awaited by each attempt when half of its text is emitted */
export const tokenSteps =
  (atHalf: () => Promise<unknown> = async () => undefined) =>
  (): readonly Implemented[] => [
    implement(write, async ({ script, round }, { emit, attempt, signal }) => {
      const text = written(script.text, round, attempt);
      const tokens = [...tokensOf(text)];
      for (const [index, token] of tokens.entries()) {
        if (script.tokenMs > 0) await delay(script.tokenMs, undefined, { signal });
        if (index === Math.floor(tokens.length / 2)) {
          if (attempt <= script.failures)
            throw new StepFailure('cut', { message: 'the reply broke off', remedy: 'try again', retryable: true });
          if (attempt === script.hangs) await untilAborted(signal);
          await atHalf();
        }
        emit(token);
      }
      return { text, round };
    }),
    implement(judge, ({ round, rounds }) => ({ passed: round >= rounds, next: round + 1 })),
    implement(apologise, ({ round }) => ({ text: 'sorry', round })),
  ];

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

export const told = definePipeline('told', Script)
  .repeat('answer', { max: 3, carry: Round, start: { round: 1 }, whenExhausted: 'keep-last' }, (round) =>
    round
      .step('draft', write, ({ input, carry }) => ({ script: input, round: carry.round }))
      .step('check', judge, ({ input, draft }) => ({ round: draft.round, rounds: input.rounds }))
      .until(
        ({ check }) => check.passed,
        ({ check }) => ({ round: check.next }),
      ),
  )
  .output(Text, ({ answer }) => ({ text: answer.draft.text }));

export const helped = definePipeline('helped', Script)
  .step('draft', write, ({ input }) => ({ script: input, round: 1 }), {}, { fallback: apologise })
  .output(Text, ({ draft }) => ({ text: draft.text }));

export const several = definePipeline('several', z.object({ scripts: z.array(Script) }))
  .map(
    'each',
    Text,
    ({ input }) => input.scripts,
    { max: 3, concurrency: 3, whenOver: 'fail' },
    (item) =>
      item.step('line', write, ({ item }) => ({ script: item, round: 1 })).yield(({ line }) => ({ text: line.text })),
  )
  .output(z.object({ lines: z.array(Text) }), ({ each }) => ({ lines: each }));
