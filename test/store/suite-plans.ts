/** Plans and payloads. */
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { Subject } from './suite.ts';

const plan = (pipeline: string): Plan => ({
  format: 1,
  pipeline,
  schemas: { input: { type: 'object', required: ['b', 'a'] }, output: true },
  nodes: [],
  output: { $value: 'z\u0000' },
});

export function describePlans(subject: Subject): void {
  describe('plans and payloads', () => {
    test('a plan comes back as it was, and can be put twice', async () => {
      const { plans } = subject.store;
      await plans.put('plan-a', plan('bot'));
      await plans.put('plan-a', { ...plan('bot') });
      expect(await plans.get('plan-a')).toEqual(plan('bot'));
    });

    test('another plan under the same id is refused, and the first stays', async () => {
      const { plans } = subject.store;
      await plans.put('plan-b', plan('bot'));
      await expect(plans.put('plan-b', plan('other'))).rejects.toMatchObject({ code: 'plan_conflict' });
      expect((await plans.get('plan-b')).pipeline).toBe('bot');
    });

    test('an unknown plan is refused by id', async () => {
      await expect(subject.store.plans.get('nowhere')).rejects.toMatchObject({ code: 'plan_unknown' });
    });

    test('a plan is found by its id, or by the only beginning of one', async () => {
      const { plans } = subject.store;
      await plans.put('find-1', plan('one'));
      await plans.put('find-12', plan('twelve'));
      await plans.put('find-2', plan('two'));
      const pipelineOf = async (id: string) => (await plans.find(id)).plan.pipeline;
      expect([await pipelineOf('find-1'), await pipelineOf('find-12'), await pipelineOf('find-2')]).toEqual([
        'one',
        'twelve',
        'two',
      ]);
      await plans.put('find-34', plan('34'));
      expect(await plans.find('find-3')).toEqual({ planId: 'find-34', plan: plan('34') });
      await expect(plans.find('find-')).rejects.toMatchObject({
        code: 'plan_ambiguous',
        remedy: expect.stringContaining('find-1, find-12, find-2, find-34'),
      });
      for (const id of ['', 'find-4', 'find-%'])
        await expect(plans.find(id)).rejects.toMatchObject({ code: 'plan_unknown' });
    });

    test('payloads are written once and read by hash', async () => {
      const { payloads } = subject.store;
      await payloads.put('h1', '"one"');
      await payloads.put('h1', '"one"');
      await payloads.put('h2', '[2]');
      expect(await payloads.get(['h2', 'h1', 'missing'])).toEqual(
        new Map([
          ['h1', '"one"'],
          ['h2', '[2]'],
        ]),
      );
    });
  });
}
