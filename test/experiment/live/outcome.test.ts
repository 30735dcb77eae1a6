import { expect, test } from 'vitest';
import { outcomeOf } from '../../../src/experiment/take-analysis.ts';
import type { ExperimentState } from '../../../src/model/experiment-spec.ts';
import type { ExperimentRow } from '../../../src/store/experiments.ts';
import { armsOf, dataOf, look, settingsOf, specOf } from '../analysis-fixtures.ts';

test('of a look where the split is off only what a breaker says stops a variant', () => {
  const spec = specOf({ variants: [0.25, 0.25, 0.25] });
  const harmful = armsOf([2_000, 1_000, 40], [2_000, 1_000, 240], [2_000, 1_000, 40], [2_000, 1_000, 40]);
  const record = look(spec, dataOf(harmful, { breaker: [{ arm: 2, window: 1, requests: 60, failures: 40 }] }));
  expect(record.verdicts.map(({ reason }) => reason).slice(0, 2)).toEqual(['guardrail', 'breaker']);
  const stopsIn = (state: ExperimentState) =>
    outcomeOf({ spec, settings: settingsOf(spec), state } as ExperimentRow, record).stops;
  expect(stopsIn('running')).toEqual(['variant-1', 'variant-2']);
  expect(stopsIn('halted')).toEqual(['variant-2']);
});
