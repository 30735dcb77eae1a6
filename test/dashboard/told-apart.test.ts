import { expect, test } from 'vitest';
import { toldApart } from '../../dashboard/screens/compare/drawn-values.ts';

test('labels that begin alike are cut where they can still be told apart', () => {
  const labels = ['hybrid of eval-small-a', 'hybrid of eval-small-b', 'rewrite and rerank with everything', 'wide'];
  const shown = labels.map((label) => toldApart(label, labels, 13));
  // What begins like no other is left to the chart, which cuts it at its end.
  expect(shown).toEqual(['hybr…-small-a', 'hybr…-small-b', labels[2], 'wide']);
  expect(shown[0]).toHaveLength(13);
});
