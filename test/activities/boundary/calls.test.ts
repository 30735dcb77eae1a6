import { expect, test } from 'vitest';
import { z } from 'zod';
import { createResolveCall } from '../../../src/boundary/temporal.ts';
import { defineStep } from '../../../src/index.ts';
import { plan, step } from '../../plan/by-hand.ts';

test('a config that the running step does not take is refused for good', async () => {
  const contract = { version: 1, input: z.object({}), output: z.object({}) };
  const policy = { attempts: 3, timeout: '1 second' } as const;
  const later = defineStep('a', { ...contract, config: z.object({ topN: z.number() }), effect: 'read', policy });
  const resolve = createResolveCall({ get: async () => plan([step('a')]) });
  await expect(resolve(later, { planId: 'p', node: 'a', key: 'a', call: 'step', input: {} })).rejects.toMatchObject({
    code: 'StepConfigInvalid',
    retryable: false,
    message: expect.stringMatching(/'a' \(a@1\).*topN/s),
  });
});
