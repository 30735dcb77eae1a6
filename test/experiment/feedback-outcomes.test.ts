import { describe, expect, test } from 'vitest';
import { outcomesOfFeedback } from '../../src/experiment/run-outcomes.ts';
import type { ExperimentSpec, FeedbackField, OnlineMetric } from '../../src/model/experiment-spec.ts';

const of = (field: FeedbackField): OnlineMetric =>
  ({
    ...{ name: field, kind: 'rate', source: { from: 'feedback', field }, denominator: null, above: null, cap: null },
  }) as OnlineMetric;
const FIELDS = ['thumb', 'up', 'down', 'score', 'rated'] as const;
const spec = { metrics: FIELDS.map(of) } as unknown as ExperimentSpec;
const assignment = {
  ...{ experiment: 'e', arm: 'baseline', armIndex: 0, stage: 1, unit: 'ann', probability: 0.5, isOverride: false },
};
const said = (what: { readonly thumb?: 1 | -1; readonly score?: number }) =>
  Object.fromEntries(
    outcomesOfFeedback(spec, assignment, {
      ...{ feedbackId: 'f', runId: 'run-1', at: 5, thumb: null, score: null, ...what },
    }).map(({ metric, v }) => [FIELDS[metric], v / 1_000_000]),
  );

describe('what feedback says', () => {
  test('is of what was said alone', () => {
    expect(said({ thumb: 1 })).toEqual({ thumb: 1, up: 1, down: 0, rated: 1 });
    expect(said({ thumb: -1 })).toEqual({ thumb: -1, up: 0, down: 1, rated: 1 });
    expect(said({ score: 0 })).toEqual({ score: 0, rated: 1 });
  });

  test('is nothing in a note: the latest of a run counts, and one after a thumb would take it back', () => {
    expect(said({})).toEqual({});
  });
});
