/** Which file implements a step: what its code is made of begins there. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { implement } from '../../../src/boundary/implement.ts';
import { defineStep } from '../../../src/index.ts';
import { createActivities } from '../../../src/steps/implementations.ts';

const Text = z.object({ text: z.string() });
const shout = defineStep('shout', {
  version: 1,
  input: Text,
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});
const run = ({ text }: { text: string }) => ({ text });

it('is the one that calls implement, at its top or in a function', () => {
  const make = () => [shout].map((step) => implement(step, run));
  expect(implement(shout, run).source).toBe(import.meta.url);
  expect(make()[0]?.source).toBe(import.meta.url);
});

it('is the one that a helper says', () => {
  expect(implement(shout, run, 'file:///elsewhere.ts').source).toBe('file:///elsewhere.ts');
});

it('is known of every built-in step', () => {
  const steps = createActivities({ store: {}, providers: {} } as Parameters<typeof createActivities>[0]);
  const { rerank, fuse } = Object.fromEntries(steps.map(({ step, source }) => [step.name, source]));
  expect(steps.every(({ source }) => source?.includes('/src/steps/'))).toBe(true);
  expect(rerank).toBe(new URL('../../../src/steps/retrieval.ts', import.meta.url).href);
  expect(fuse).toBe(new URL('../../../src/steps/retrieval.ts', import.meta.url).href);
});
