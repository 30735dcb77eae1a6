/** What people are told of a look: the verdict on the right variant, what it rests on, rows as data, and Markdown. */
import { describe, expect, test } from 'vitest';
import { showSpan, showTime } from '../../src/base/format.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { detailsMarkdown, explainAnalysis, explainState, reportOf } from '../../src/experiment/report.ts';
import { effectRows } from '../../src/experiment/report-table.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import {
  ANSWERED,
  armsOf,
  cellOf,
  dataOf,
  ERRORS,
  guardrailOf,
  look,
  metricOf,
  rateCell,
  STARTED_AT,
  settingsOf,
  specOf,
  valuesCell,
  WINDOW_MS,
} from './analysis-fixtures.ts';

const spec = specOf();
const settings = settingsOf(spec);
const winning = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 40]));

describe('in words', () => {
  test('a win', () => {
    expect(explainAnalysis(spec, settings, look(spec, winning))).toEqual([
      'variant-1 beats baseline on answered by 8 percentage points (95% interval 3.03 to 13 percentage points; holds however often you look). 4000 users.',
      'Proven harmless: errors.',
      '0 excluded, 0 late, 0 missing, 0 capped.',
      'Unit: user. Window: 10 minutes. Method: stage_cs.',
      'The estimate of a winner that stopped early is optimistic; its interval is not.',
    ]);
  });

  test('harm, by the guardrail that is furthest beyond its margin', () => {
    const two = specOf({ metrics: [ANSWERED, ERRORS, guardrailOf('slow')] });
    const record = look(two, dataOf(armsOf([2_000, 1_000, 40, 40], [2_000, 1_160, 240, 440])));
    expect(record.verdicts[0]!.guardrails).toEqual(['errors', 'slow']);
    expect(explainAnalysis(two, settingsOf(two), record)[0]).toMatch(
      /^variant-1 was rolled back at 2026-03-11 00:00 UTC: slow rose by at least 1[67].\d percentage points, over the allowed 2 percentage points\.$/,
    );
  });

  test('records that are lost', () => {
    const lost = [...winning.cells.slice(0, 2), rateCell(1, 0, 2_000, 40), rateCell(1, 1, 1_400, 40)];
    expect(explainAnalysis(spec, settings, look(spec, { ...winning, cells: lost }))[0]).toMatch(
      /^variant-1 loses its records of errors \(expected 0\.5:0\.5, got 2000:1400; chance less than 1 in a billion\)/,
    );
  });

  test('one variant is stopped, and the report is on the one that is ahead', () => {
    const three = specOf({ variants: [0.25, 0.25, 0.25] });
    const record = look(
      three,
      dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 240], [2_000, 1_010, 40], [2_000, 1_020, 40])),
    );
    const report = reportOf(three, settingsOf(three), record);
    expect(report).toMatchObject({ variant: 'variant-3', alpha: 0.05 / 3, verdict: { reason: 'collecting' } });
    expect(report.stopped).toMatchObject([{ variant: 'variant-1', guardrail: { name: 'errors' } }]);
    expect(explainAnalysis(three, settingsOf(three), record)[1]).toMatch(
      /^variant-1 is stopped, .*: errors rose by at least/,
    );
  });

  test('of several that are rolled back at once it is on the one that the look names', () => {
    const three = specOf({ variants: [1 / 3, 1 / 3] });
    const record = look(three, dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 240], [2_000, 1_100, 240])));
    expect(record).toMatchObject({ decision: 'rollback', arm: 1 });
    expect(reportOf(three, settingsOf(three), record)).toMatchObject({
      variant: 'variant-1',
      stopped: [{ variant: 'variant-2' }],
    });
  });

  test('others are stopped when one has won, and say so', () => {
    const three = specOf({ variants: [1 / 3, 1 / 3] });
    const record = look(three, dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 40], [2_000, 1_200, 40])));
    expect(explainAnalysis(three, settingsOf(three), record)[1]).toBe(
      'variant-1 is stopped, and its users get the baseline: variant-2 has won.',
    );
  });

  test('what is missing, capped, late or excluded is counted', () => {
    const cells = [
      ...[rateCell(0, 0, 1_990, 1_000), rateCell(0, 1, 1_980, 1_000)],
      ...[0, 1].map((arm) => ({ ...rateCell(1, arm, 2_000, 40), capped: 3 })),
    ];
    const matured = [0, 1].map((arm) => ({ windowMs: WINDOW_MS, stage: 1, arm, n: 2_000 }));
    const counts = { twoArms: 7, overridden: 1, outcomes: 4_000, late: 5, outside: 2 };
    const { counts: told } = reportOf(spec, settings, look(spec, dataOf(cells, { matured, counts })));
    expect(told).toEqual({ excluded: 7, late: 5, outcomes: 4_000, missing: 30, capped: 6 });
  });

  test('how many units are waited for: those of the experiment, or those that a sum needs', () => {
    const few = dataOf(armsOf([40, 20, 1], [45, 20, 1]));
    expect(explainAnalysis(spec, settings, look(spec, few))[0]).toBe('Collecting: 40 of 50 users in the smaller arm.');
    const sums = specOf({ metrics: [metricOf({ kind: 'sum', cap: 10 }), ERRORS] });
    expect(explainAnalysis(sums, settings, look(sums, few))[0]).toBe('Collecting: 40 of 100 users in the smaller arm.');
  });

  test('a judge is called one, arithmetic is not', () => {
    const judge = (model: string) => {
      const scorer = { id: 'grounded', call: { config: { model } } } as unknown as ScorerSpec;
      const scored = metricOf({ source: { from: 'score', scorer: 'grounded', field: 'supported' } });
      const asked = specOf({ metrics: [scored, ERRORS], scorers: [{ spec: scorer, sample: 1 }] });
      return reportOf(asked, settings, look(asked, winning)).judge;
    };
    expect(judge('anthropic/some-model')).toBe('uncorrected');
    expect(judge('local/f1')).toBe(null);
    expect(reportOf(spec, settings, look(spec, winning)).judge).toBe(null);
  });

  test('a rollout', () => {
    const record = look(spec, winning, { phase: 'rollout' });
    expect(explainAnalysis(spec, settings, record)[0]).toBe(
      'variant-1 is being rolled out: no guardrail is beyond its margin.',
    );
  });

  test('a state, with when it ended, or since when it is', () => {
    const state = (change: Partial<ExperimentRow>, ...since: [by: string | null, at?: number]) =>
      explainState(
        {
          ...{ state: 'aborted', pipeline: 'docs-search', winner: null, spec, reason: 'a bug' },
          ...{ startedAt: STARTED_AT, endedAt: null, ramp: 0, ...change },
        } as unknown as ExperimentRow,
        ...since,
      )[0];
    expect(state({ endedAt: STARTED_AT + 60_000 }, 'ada', STARTED_AT)).toBe(
      'Aborted at 2026-03-01 00:01 UTC by ada: a bug. Baseline stays; what was seen until then decides nothing.',
    );
    expect(state({ state: 'paused' }, null, STARTED_AT + 120_000)).toMatch(/^Paused at 2026-03-01 00:02 UTC: a bug\./);
    expect(state({ state: 'paused' }, null)).toMatch(/^Paused: a bug\./);
    expect(state({ state: 'running' }, null)).toBe('Running since 2026-03-01 00:00 UTC.');
  });
});

describe('rows as data', () => {
  const metrics = [
    ANSWERED,
    ERRORS,
    guardrailOf('slow'),
    metricOf({ name: 'rated', role: 'secondary' }),
    metricOf({ name: 'cost', role: 'secondary', kind: 'mean', format: 'usd', better: 'lower' }),
    metricOf({ name: 'p95', role: 'secondary', kind: 'quantile', quantile: 0.95, format: 'ms' }),
  ];
  const wide = specOf({ metrics });
  const costs = (price: number) => Array.from({ length: 200 }, (_, index) => price + (index % 2) * 0.01);
  const data = dataOf([
    ...armsOf([2_000, 1_000, 40, 40, 300], [2_000, 1_160, 40, 100, 301]),
    ...[valuesCell(4, 0, costs(0.02)), valuesCell(4, 1, costs(0.05))],
    ...[800, 950].map((ms, arm) =>
      cellOf({ metric: 5, arm, n: 2_000, quantile: { estimate: ms * 1e6, lo: null, hi: null } }),
    ),
  ]);
  const settings = freezeSettings(wide, { nStar: 4_000, vRefs: [1, 0.1, 0.1, 0.5, 0.0001, 1] });
  const rows = effectRows(wide, look(wide, data, { settings }));

  test('say what stands', () => {
    expect(rows.map(({ metric, status, isExploratory }) => [metric, status, isExploratory])).toEqual([
      ['answered', 'better', false],
      ['errors', 'proven', false],
      ['slow', 'unproven', false],
      ['rated', 'open', true],
      ['cost', 'worse', true],
      ['p95', 'shown', true],
    ]);
    const harmed = look(wide, {
      ...data,
      cells: data.cells.map((cell) => (cell.metric === 1 && cell.arm === 1 ? rateCell(1, 1, 2_000, 400) : cell)),
    });
    expect(effectRows(wide, harmed)[1]!.status).toBe('harmed');
  });

  test('have both values, the effect, and its interval', () => {
    expect(rows[0]).toMatchObject({
      variant: 'variant-1',
      units: [2_000, 2_000],
      values: [0.5, 0.58],
      margin: null,
      harm: null,
    });
    expect(rows[0]!.effect).toBeCloseTo(0.08, 12);
    expect(rows[0]!.interval![0]).toBeCloseTo(0.0322, 4);
    expect(rows[1]).toMatchObject({ margin: 0.02, values: [0.02, 0.02] });
    expect(rows[1]!.harm!.hi).toBeGreaterThan(0);
    expect(rows[4]!.values[1]).toBeCloseTo(0.055, 12);
    expect(rows[5]).toMatchObject({ values: [800, 950], effect: 150, interval: null });
  });

  test('values are over all stages; a ratio is the ratio of all sums', () => {
    const ratio = specOf({ metrics: [metricOf({ kind: 'ratio', denominator: { from: 'run', field: 'costUsd' } })] });
    const cells = [
      valuesCell(0, 0, [1, 2], { below: [2, 4] }),
      valuesCell(0, 0, [6], { below: [6], stage: 2 }),
      valuesCell(0, 1, [0], { below: [0] }),
    ];
    expect(effectRows(ratio, look(ratio, dataOf(cells)))[0]!.values).toEqual([0.75, null]);
  });

  test('as Markdown: the verdict, a row each, and what it rests on', () => {
    const record = look(wide, data);
    const lines = detailsMarkdown(wide, record, explainAnalysis(wide, settingsOf(wide), record)).split('\n');
    expect(lines[0]).toMatch(/^\*\*Not decided yet: the interval of the effect is .*\*\*$/);
    expect(lines[2]).toBe('Look 1, 2026-03-11 00:00 UTC.');
    expect(lines).toContain('| p95 | exploratory | variant-1 | 800 ms | 950 ms | +150 ms | – | 2000 / 2000 | shown |');
    expect(lines.find((line) => line.startsWith('| errors |'))).toContain('| proven (2 percentage points allowed) |');
    expect(lines.at(-1)).toBe('- Unit: user. Window: 10 minutes. Method: stage_cs.');
  });

  test('a name with a bar breaks no table', () => {
    const barred = specOf({ metrics: [{ ...ANSWERED, name: 'a|b' }, ERRORS] });
    expect(detailsMarkdown(barred, look(barred, winning), ['Verdict.'])).toContain('| a\\|b |');
  });
});

test('times and spans', () => {
  expect(showTime(STARTED_AT, 'minutes')).toBe('2026-03-01 00:00 UTC');
  expect([1_500, 60_000, 90_000, 600_000, 3_600_000, 86_400_000, 129_600_000, 604_800_000].map(showSpan)).toEqual([
    '1.5 seconds',
    '1 minute',
    '90 seconds',
    '10 minutes',
    '1 hour',
    '1 day',
    '36 hours',
    '7 days',
  ]);
});
