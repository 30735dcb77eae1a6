/**
 * What the rows about experiments run: two nodes that experiments edit, a call between them that may fail, and a condition
 * on the second. So a unit meets the first always, and the second unless something before it failed: by its call, or,
 * where it is skipped, by the run's record. The answer says which arms were run.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { untilReleased } from './hold.ts';
import type { LedgerWriter } from './ledger.ts';

const Count = z.object({ n: z.int() });
const Fragile = Count.extend({ breaks: z.boolean() });
const backoff = { first: '100 ms', factor: 1, max: '100 ms' } as const;

const mark = defineStep('mark', {
  version: 1,
  input: Count,
  output: Count,
  config: z.object({ ms: z.int().default(0), plus: z.int() }),
  effect: 'read',
  policy: { attempts: 20, timeout: '30 seconds', backoff },
});
const pass = defineStep('pass', {
  version: 1,
  input: Fragile,
  output: Count,
  effect: 'none',
  policy: { attempts: 20, timeout: '30 seconds', backoff },
});

const Asked = Fragile.extend({ goesOn: z.boolean() });
const Marks = z.object({ first: z.int(), second: z.int() });
export type Asked = z.output<typeof Asked>;
export type Marks = z.output<typeof Marks>;

/** What the nodes add in the baseline, and in the variants. */
export const PLUS = { baseline: 1, variant: 1_000 } as const;

export const split = (id: string, ms: number) =>
  definePipeline(id, Asked)
    .step('first', mark, ({ input }) => ({ n: input.n }), { ms, plus: PLUS.baseline })
    .step('middle', pass, ({ first, input }) => ({ n: first.n, breaks: input.breaks }), {}, { lane: 'local' })
    .step(
      'second',
      mark,
      ({ middle }) => ({ n: middle.n }),
      { ms, plus: PLUS.baseline },
      { when: ({ input }) => input.goesOn, orElse: { n: 0 } },
    )
    .output(Marks, ({ first, second }) => ({ first: first.n, second: second.n }));

/** Whether any of its nodes does what only variants do. */
export const isOfVariant = ({ nodes }: Pick<Plan, 'nodes'>): boolean =>
  nodes.some((node) => node.kind === 'step' && (node.call.config as { plus?: Json }).plus === PLUS.variant);

export function splitSteps(ledger: LedgerWriter, folder: string): readonly Implemented[] {
  return [
    implement(mark, async ({ n }, { idempotencyKey: key, attempt, config, signal }) => {
      ledger.note('start', { key, attempt });
      await delay(config.ms, undefined, { signal });
      await untilReleased(folder, signal);
      ledger.note('end', { key, attempt });
      return { n: n + config.plus };
    }),
    implement(pass, ({ n, breaks }) => {
      if (!breaks) return { n };
      throw new StepFailure('broken', { message: 'asked to break', remedy: 'none', retryable: false, benign: true });
    }),
  ];
}
