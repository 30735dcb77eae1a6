/** What a brief says of how long an experiment has run. */
import { expect, it } from 'vitest';
import type { AnalysisReport } from '../../src/experiment/analysis-report.ts';
import { exposureText } from '../../src/experiment/brief-words.ts';

const DAY_MS = 86_400_000;
const report = {
  funnel: [{ arm: 'baseline', exposed: 1_204, recorded: 1_100 }],
  asked: { unitName: 'user', stop: { maxDurationMs: 28 * DAY_MS } },
  lookNo: 12,
} as unknown as AnalysisReport;

const text = (state: string, endedAt: number | null = null) =>
  exposureText({ state, startedAt: 0, endedAt }, report, 33 * DAY_MS);

it('has the limit of the test while it runs, and not of what goes on after it', () => {
  expect(exposureText({ state: 'running', startedAt: 0, endedAt: null }, report, 3 * DAY_MS)).toBe(
    'Users: 1,204 in baseline (1,100 with a value). It has run for 3 days of at most 28 days, with 12 looks.',
  );
  expect(text('rolling')).toContain('It has run for 33 days, with 12 looks.');
  expect(text('promoted', 30 * DAY_MS)).toContain('It ran for 30 days, with 12 looks.');
});
