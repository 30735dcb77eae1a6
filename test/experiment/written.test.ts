import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkWritten } from '../../src/experiment/restage.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { NodeEdit, Plan } from '../../src/plan/plan.ts';

const Text = z.object({ text: z.string() });
const config = z.object({ model: z.string().default('large'), topN: z.number().default(8) });
const step = {
  version: 1,
  input: Text,
  output: Text,
  config,
  effect: 'none',
  policy: { attempts: 1, timeout: '1 second' },
} as const;
const [rank, sort] = [defineStep('rank', step), defineStep('sort', step)];
const bot = definePipeline('bot', Text)
  .step('ranked', rank, ({ input }) => ({ text: input.text }))
  .output(Text, ({ ranked }) => ({ text: ranked.text }));
const narrow = bot.variant('narrow', (edit) => edit.configure('ranked', { topN: 4 }));
const [local, wide, other] = [
  bot.variant('local', (edit) => edit.configure('ranked', { model: 'small' })),
  bot.variant('wide', (edit) => edit.configure('ranked', { topN: 20 })),
  bot.variant('other', (edit) => edit.swap('ranked', sort)),
];
const check = (deployed: Plan, edits: readonly NodeEdit[] = narrow.edits) => {
  const arms = [
    { name: 'baseline', weight: 0.5, edits: [] },
    { name: 'narrow', weight: 0.5, edits },
  ];
  checkWritten({ name: 'ranking', arms }, bot.plan, deployed);
};

test('a variant of what is in the code may be tried on that, and where only what it sets is another', () => {
  expect(() => check(bot.plan)).not.toThrow();
  expect(() => check(wide.plan)).not.toThrow();
  expect(() => check(local.plan, other.edits)).not.toThrow();
});

test('a variant that would also change what is deployed is refused, with what it would change', () => {
  const refusal = expect.objectContaining({
    code: 'variant_of_other',
    data: { experiment: 'ranking', variant: 'narrow', node: 'ranked', others: ['model from "small" to "large"'] },
  });
  expect(() => check(local.plan)).toThrow(refusal);
  expect(() => check(other.plan)).toThrow(/sort@1 is deployed, and not rank@1/);
});
