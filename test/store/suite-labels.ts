/** What people say of what a scorer scores. */
import { describe, expect, test } from 'vitest';
import type { Label } from '../../src/store/evaluations.ts';
import type { Subject } from './suite.ts';

const labelOf = (scorer: string, subject: string, more: Partial<Label> = {}): Label => ({
  scorer,
  subject,
  rater: 'ada',
  value: { helpful: true },
  note: null,
  labelledAt: 1_000,
  ...more,
});

export function describeLabels(subject: Subject): void {
  describe('labels', () => {
    test('come back by subject and rater, as they were', async () => {
      const { evaluations } = subject.store;
      const labels = [
        labelOf('back', 's2'),
        labelOf('back', 's1', { rater: 'bo', value: { grade: 0.25, helpful: false, why: 'é "' }, note: 'twice' }),
        labelOf('back', 's1'),
      ];
      expect(await evaluations.putLabels([...labels, labelOf('other', 's1')])).toEqual({ added: 4, changed: 0 });
      expect(await evaluations.labels('back')).toEqual([labels[2], labels[1], labels[0]]);
      expect(await evaluations.labels('back', ['s2', 's3'])).toEqual([labels[0]]);
      expect(await evaluations.labels('back', [])).toEqual([]);
    });

    test('the latest stays; the same again, or an earlier one, changes nothing', async () => {
      const { evaluations } = subject.store;
      const first = labelOf('latest', 's');
      await evaluations.putLabels([first]);
      const noted = labelOf('latest', 's', { note: 'why' });
      for (const [label, changed, stays] of [
        [first, 0, first],
        [labelOf('latest', 's', { value: { helpful: false }, labelledAt: 999 }), 0, first],
        [labelOf('latest', 's', { note: '' }), 0, first],
        [noted, 1, noted],
        [{ ...noted, labelledAt: 2_000 }, 0, { ...noted, labelledAt: 2_000 }],
      ] as const) {
        expect(await evaluations.putLabels([label])).toEqual({ added: 0, changed });
        expect(await evaluations.labels('latest')).toEqual([stays]);
      }
    });

    test('of labels as late as each other the same stays, in any order, in one statement or several', async () => {
      const { evaluations } = subject.store;
      const values: Label['value'][] = [{ grade: 2 }, { grade: 10 }, { '\u{FF5E}': 1 }, { '\u{1F600}': 1 }];
      const orders = [values, values.toReversed(), [values[2]!, values[0]!, values[3]!, values[1]!]];
      const kept: string[] = [];
      for (const [place, order] of orders.entries()) {
        const [one, several] = [`tie-${place}`, `tie-${place}-each`];
        await evaluations.putLabels(order.map((value) => labelOf(one, 's', { value })));
        for (const value of order) await evaluations.putLabels([labelOf(several, 's', { value })]);
        for (const scorer of [one, several])
          kept.push(JSON.stringify((await evaluations.labels(scorer)).map((label) => label.value)));
      }
      expect(new Set(kept)).toEqual(new Set([JSON.stringify([{ '\u{1F600}': 1 }])]));
    });
  });
}
