/** What is said of rows, the same in the terminal and on the screens. */
import { expect, test } from 'vitest';
import { standsText, toneOf } from '../../src/experiment/brief-words.ts';
import type { EffectRow } from '../../src/experiment/report-table.ts';

const row = (more: Partial<EffectRow>): EffectRow => ({
  ...{ metric: 'failed', role: 'guardrail', kind: 'rate', format: 'share', better: 'lower', variant: 'loud' },
  ...{ units: [10, 10], values: [0, 0], effect: 0, interval: null, harm: null, margin: 0.02 },
  ...{ status: 'unproven', phase: 'experiment', isExploratory: false, ...more },
});

test.each([
  [{ status: 'unproven' }, 'not proven yet (limit 2 percentage points)', 'open'],
  [{ status: 'unproven', phase: 'rollout' }, 'no harm seen (limit 2 percentage points)', 'open'],
  [{ status: 'proven', phase: 'rollout' }, 'proven within 2 percentage points', 'good'],
  [{ status: 'harmed' }, 'harmed beyond 2 percentage points', 'harm'],
  [{ status: 'worse', role: 'primary', margin: null }, 'worse', 'harm'],
  [{ status: 'worse', role: 'secondary', margin: null, isExploratory: true }, 'worse, exploratory', 'open'],
  [{ status: 'shown', role: 'secondary', margin: null, isExploratory: true }, 'only shown', 'open'],
] as const)('%j', (more, words, tone) => {
  expect([standsText(row(more)), toneOf(row(more))]).toEqual([words, tone]);
});
