/** What evaluations may spend on calls to providers, and what they have spent. */
import { describe, expect, test } from 'vitest';
import type { EvaluationState } from '../../src/model/evaluation-result.ts';
import { closing, opening, UNKNOWN } from './call-helpers.ts';
import { createEvaluation } from './evaluation-helpers.ts';
import { together } from './processes.ts';
import type { Subject } from './suite.ts';

export function describeEvaluationBudget(subject: Subject): void {
  const spendingOf = async (evaluationId: string) => {
    const { paidUsd, unknownCalls } = await subject.store.evaluations.progress(evaluationId);
    return { paidUsd, unknownCalls };
  };

  describe('the budget of an evaluation', () => {
    test('has room for what is spent and what is under way at most, and may be raised', async () => {
      const { calls, evaluations } = subject.store;
      await createEvaluation(subject, 'eval-budget', 0.03);
      const [first, second] = [opening('eval-budget'), opening('eval-budget')];
      for (const call of [first, second]) expect(await calls.open(call)).toEqual({ kind: 'opened' });
      const large = opening('eval-budget', { reservedUsd: 0.010_001 });
      const exceeded = { kind: 'exceeded', scope: 'evaluation', limit: 'usd', budget: 0.03 };
      expect(await calls.open(large)).toEqual({ ...exceeded, committed: 0.02 });
      await calls.close(first.callId, closing({ costUsd: 0.009 }));
      await calls.close(first.callId, closing({ costUsd: 5 }));
      expect(await calls.open(large)).toEqual({ kind: 'opened' });
      // Nothing is known of this one's cost: it is held to have cost what it could.
      await calls.close(second.callId, closing({ ...UNKNOWN, status: 'failed' }));
      expect(await calls.open(opening('eval-budget'))).toEqual({ ...exceeded, committed: 0.029_001 });
      // It was opened before: a statement that is made again changes nothing.
      expect(await calls.open(large)).toEqual({ kind: 'opened' });
      expect(await spendingOf('eval-budget')).toEqual({ paidUsd: 0.009, unknownCalls: 2 });
      await evaluations.setBudget('eval-budget', 0.04);
      expect(await calls.open(opening('eval-budget'))).toEqual({ kind: 'opened' });
      await evaluations.setBudget('eval-budget', null);
      expect(await calls.open(opening('eval-budget', { reservedUsd: 1_000 }))).toEqual({ kind: 'opened' });
    });

    test('asks for a price; without one, what is paid and what is unknown are summed up all the same', async () => {
      const { calls, evaluations, runs } = subject.store;
      await createEvaluation(subject, 'eval-priced', 1);
      const unpriced = opening('eval-priced', { reservedUsd: null });
      expect(await calls.open(unpriced)).toEqual({ kind: 'price-unknown', scope: 'evaluation', budget: 1 });
      await evaluations.setBudget('eval-priced', null);
      expect(await calls.open(unpriced)).toEqual({ kind: 'opened' });
      expect(await spendingOf('eval-priced')).toEqual({ paidUsd: null, unknownCalls: 1 });
      for (const costUsd of [0.1, 0.2, 0.000_000_000_3]) {
        const call = opening('eval-priced');
        await calls.open(call);
        await calls.close(call.callId, closing({ costUsd }));
      }
      await calls.close(unpriced.callId, closing({ ...UNKNOWN, status: 'cut' }));
      // In binary floats 0.1 + 0.2 is not 0.3.
      expect(await spendingOf('eval-priced')).toEqual({ paidUsd: 0.300_000_000_3, unknownCalls: 1 });
      expect(await runs.spending('eval-priced')).toMatchObject({
        paidCalls: 4,
        costUsd: 0.300_000_000_3,
        unknownCalls: 1,
      });
    });

    test('two processes cannot both take the last of it', async () => {
      await createEvaluation(subject, 'eval-raced-budget', 0.1);
      const counts = await together<number>(subject.url, 'spend', { name: 'eval-raced-budget', count: 16 });
      expect(counts[0]! + counts[1]!).toBe(10);
      const rows = await subject.database.query(
        `select calls, unknown_calls as unknown, committed_usd::float8 as committed
         from evaluation_spending where evaluation_id = 'eval-raced-budget'`,
      );
      expect(rows).toEqual([{ calls: 10, unknown: 10, committed: 0.1 }]);
    });

    test('a call left open is cut once the evaluation has ended, and under way again when it goes on', async () => {
      const { calls, evaluations } = subject.store;
      await createEvaluation(subject, 'eval-open');
      await calls.open(opening('eval-open'));
      const statusIn = async (state: EvaluationState) => {
        await evaluations.setState('eval-open', state);
        return (await calls.ofRun('eval-open')).map(({ status }) => status);
      };
      for (const state of ['running', 'paused'] as const) expect(await statusIn(state)).toEqual(['open']);
      for (const state of ['completed', 'partial', 'stopped', 'cancelled', 'failed'] as const)
        expect(await statusIn(state)).toEqual(['cut']);
      expect(await statusIn('running')).toEqual(['open']);
    });
  });
}
