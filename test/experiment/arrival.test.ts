import { describe, expect, test } from 'vitest';
import { analysisReport } from '../../src/experiment/analysis-report.ts';
import { arrivalRows, UNEVEN_ALPHA } from '../../src/experiment/arrival.ts';
import { auditLedger } from '../../src/experiment/audit.ts';
import { explainAnalysis } from '../../src/experiment/report.ts';
import { effectRows } from '../../src/experiment/report-table.ts';
import type { AnalysisData, ArrivalCount, MetricCell } from '../../src/model/analysis-data.ts';
import { canonicalJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import { randomFrom } from '../../src/stats/random.ts';
import {
  dataOf,
  ERRORS,
  guardrailOf,
  look,
  metricOf,
  rateCell,
  settingsOf,
  specOf,
  WINDOW_MS,
} from './analysis-fixtures.ts';

const up = { from: 'feedback', field: 'up' } as const;
const down = { from: 'feedback', field: 'down' } as const;
const THUMBS = metricOf({ name: 'thumbs-up', source: up, absent: 'zero', minimumEffect: 0.1 });
const COMPLAINTS = guardrailOf('complaints', { source: down, absent: 'zero' });
const spec = specOf({ metrics: [THUMBS, ERRORS] });

/** What one arm has of one metric. */
interface Seen {
  readonly matured: number;
  /** Units with an event in time, and those of them that are 1. */
  readonly heard?: number;
  readonly good?: number;
  readonly late?: number;
}

/** Data of these arms, the baseline first, for each of these metrics of events. */
function eventsOf(
  arms: readonly Seen[],
  metrics: readonly number[] = [0],
  change: Partial<AnalysisData> = {},
): AnalysisData {
  const counts = arms.map(({ matured: n }, arm) => ({ stage: 1, arm, n }));
  const of = <Row>(make: (seen: Seen, metric: number, arm: number) => readonly Row[]): readonly Row[] =>
    metrics.flatMap((metric) => arms.flatMap((seen, arm) => make(seen, metric, arm)));
  const cells = of<MetricCell>(({ heard = 0, good = 0 }, metric, arm) =>
    heard === 0 ? [] : [rateCell(metric, arm, heard, good)],
  );
  const arrivals = of<ArrivalCount>(({ heard: events = 0, late = 0 }, metric, arm) => [
    { metric, stage: 1, arm, events, late },
  ]);
  const errors = arms.map(({ matured }, arm) => rateCell(1, arm, matured, 0));
  const matured = counts.map((count) => ({ windowMs: WINDOW_MS, ...count }));
  const own = metrics.includes(1) ? cells : [...cells, ...errors];
  return dataOf(own, { exposed: counts, matured, arrivals, ...change });
}

const UNHEARD = eventsOf([
  { matured: 2_000, late: 1_000 },
  { matured: 2_000, late: 1_000 },
]);
const V1 = { ...settingsOf(spec), methodVersion: 1 };

describe('a verdict on events that came too late', () => {
  test('is neither futile nor a proof of no effect: it goes on, and at the end says that the data came too late', () => {
    expect(look(spec, UNHEARD, { settings: V1 })).toMatchObject({ decision: 'inconclusive', reason: 'futile' });
    expect(look(spec, UNHEARD)).toMatchObject({ decision: 'continue', reason: 'events_late', daysLeft: null });
    const end = look(spec, UNHEARD, { days: 28 });
    expect(end).toMatchObject({ decision: 'inconclusive', reason: 'events_late' });
    const [verdict] = explainAnalysis(spec, settingsOf(spec), end);
    expect(verdict).toContain('No verdict after 28 days: 1000 of 1000 events of thumbs-up in baseline came after the');
    expect(verdict).toContain('no effect is proven and none is ruled out');
    expect(verdict).toContain('longer window');
  });

  test('is no promotion while more than the allowed share is late in one arm', () => {
    const won = (late: number) =>
      eventsOf([
        { matured: 2_000, heard: 950, good: 200 },
        { matured: 2_000, heard: 950, good: 800, late },
      ]);
    expect(look(spec, won(50))).toMatchObject({ decision: 'promote', reason: 'superior' });
    expect(look(spec, won(51))).toMatchObject({ decision: 'continue', reason: 'events_late' });
    expect(effectRows(spec, look(spec, won(50)))[0]).toMatchObject({ role: 'primary', status: 'better' });
    expect(effectRows(spec, look(spec, won(51)))[0]).toMatchObject({ role: 'primary', status: 'open' });
    const patient = specOf({ metrics: [THUMBS, ERRORS], stop: { maxLate: 0.1 } });
    expect(look(patient, won(51))).toMatchObject({ decision: 'promote' });
    expect(look(patient, won(106))).toMatchObject({ reason: 'events_late' });
  });

  test('still rolls back: for a guardrail, and for a primary that is worse', () => {
    const harmed = [rateCell(1, 0, 2_000, 20), rateCell(1, 1, 2_000, 400)];
    expect(look(spec, { ...UNHEARD, cells: harmed })).toMatchObject({ decision: 'rollback', reason: 'guardrail' });
    const worse = eventsOf([
      { matured: 2_000, heard: 900, good: 800, late: 300 },
      { matured: 2_000, heard: 900, good: 200, late: 300 },
    ]);
    expect(look(spec, worse)).toMatchObject({ decision: 'rollback', reason: 'worse' });
  });

  test('audits equal, and its arrivals are part of what is compared', () => {
    const settings = settingsOf(spec);
    const record = look(spec, UNHEARD);
    const entries = (content: object) =>
      [
        { kind: 'start' as const, lookNo: null, content: { experimentId: 'rerank', spec, settings } },
        { kind: 'look' as const, lookNo: 1, content },
      ].map(({ content: of, ...entry }, index) => ({
        ...{ ...entry, entryNo: index + 1, at: 0, content: canonicalJson(of as unknown as Json) },
      }));
    expect(auditLedger(entries(record)).isEqual).toBe(true);
    const [first, ...others] = record.arrivals!;
    expect(auditLedger(entries({ ...record, arrivals: [{ ...first, late: 1 }, ...others] })).isEqual).toBe(false);
  });
});

describe('a verdict on an arm without any event', () => {
  const silent = eventsOf([{ matured: 2_000, heard: 600 }, { matured: 2_000 }]);

  test('is not futile, and says that nothing has arrived in that arm', () => {
    expect(look(spec, silent, { settings: V1 })).toMatchObject({ reason: 'futile' });
    const record = look(spec, silent);
    expect(record.verdicts).toMatchObject([{ decision: 'continue', reason: 'events_missing' }]);
    expect(record.arrivals).toMatchObject([
      { arm: 0, matured: 2_000, silent: 1_400, events: 600, late: 0, status: 'arrived' },
      { arm: 1, matured: 2_000, silent: 2_000, events: 0, late: 0, status: 'none' },
    ]);
    expect(explainAnalysis(spec, settingsOf(spec), record)[0]).toMatch(
      /^Not decided yet: no event of thumbs-up has arrived in variant-1 from 2000 users within 10 minutes, .*Check that feedback/,
    );
  });

  test('waits as ever for the burn-in, in which silence says nothing', () => {
    expect(look(spec, eventsOf([{ matured: 40 }, { matured: 40 }]))).toMatchObject({ reason: 'warming_up' });
  });

  test('leaves a guardrail of feedback unproven, unless other feedback has come in every arm', () => {
    const both = specOf({ metrics: [THUMBS, COMPLAINTS] });
    const arms = [
      { matured: 2_000, heard: 900, good: 200 },
      { matured: 2_000, heard: 900, good: 700 },
    ];
    const withoutComplaints = ({ cells, ...data }: AnalysisData) => ({
      ...data,
      cells: cells.filter(({ metric }) => metric === 0),
    });
    // A thumb up is an event of the guardrail, too, and one that is no complaint.
    expect(look(both, withoutComplaints(eventsOf(arms)))).toMatchObject({ decision: 'promote' });
    const primary = metricOf({ name: 'answered', minimumEffect: 0.1 });
    const alone = specOf({ metrics: [primary, COMPLAINTS] });
    const unheard = withoutComplaints(eventsOf(arms, [0], { arrivals: [] }));
    expect(look(alone, unheard)).toMatchObject({ decision: 'continue' });
    expect(explainAnalysis(alone, settingsOf(alone), look(alone, unheard)).join(' ')).toContain(
      'complaints (its events have not arrived, 2 percentage points allowed)',
    );
    expect(look(alone, unheard, { days: 28 }).verdicts).toMatchObject([
      { decision: 'inconclusive', reason: 'guardrails_unproven', guardrails: ['complaints'] },
    ]);
    expect(look(alone, unheard, { settings: { ...settingsOf(alone), methodVersion: 1 } }).decision).toBe('promote');
  });
});

describe('the rates of feedback', () => {
  const lost = eventsOf([
    { matured: 3_000, heard: 900, good: 300 },
    { matured: 3_000, heard: 630, good: 300 },
  ]);

  test('are compared between the arms: 30 % of one arm lost is a warning, and no more', () => {
    const record = look(spec, lost);
    expect(record.arrivals).toMatchObject([
      { arm: 0, rateP: null, isUneven: false },
      { arm: 1, isUneven: true },
    ]);
    expect(record.arrivals![1]!.rateP).toBeLessThan(UNEVEN_ALPHA);
    const { decision, reason } = look(spec, lost, { settings: V1 });
    expect(record).toMatchObject({ decision, reason });
    expect(explainAnalysis(spec, settingsOf(spec), record)).toContain(
      'Warning: the arms give feedback at different rates. thumbs-up has an event from 21% of users in variant-1, and from 30% in baseline. Feedback may be lost in one arm; a real effect can change this rate too.',
    );
    expect(analysisReport({ experimentId: 'x', spec }, record).arrivals[1]).toMatchObject({
      ...{ metric: 'thumbs-up', arm: 'variant-1', silent: 2_370, isUneven: true },
    });
  });

  test('are compared once per kind of feedback, and not for what runs leave by themselves', () => {
    const both = specOf({ metrics: [THUMBS, COMPLAINTS] });
    const [, first, , second] = look(both, eventsOf(Array(2).fill({ matured: 900, heard: 90 }), [0, 1])).arrivals!;
    expect([first!.rateP, second!.rateP]).toEqual([expect.any(Number), null]);
    const plain = specOf();
    expect(look(plain, dataOf([rateCell(0, 0, 900, 90), rateCell(0, 1, 900, 90)]))).not.toHaveProperty('arrivals');
  });

  test('warn of equal rates in at most 1 % of experiments, looked at 100 times', () => {
    const random = randomFrom(20_261_202);
    const [experiments, looks, units, rate] = [1_500, 100, 40, 0.2];
    const settings = settingsOf(spec);
    let warned = 0;
    for (let experiment = 0; experiment < experiments; experiment += 1) {
      const arms = [0, 1].map(() => ({ matured: 0, heard: 0 }));
      for (let at = 0; at < looks; at += 1) {
        for (const arm of arms)
          for (let unit = 0; unit < units; unit += 1) {
            arm.matured += 1;
            if (random.uniform() < rate) arm.heard += 1;
          }
        if (arrivalRows(spec, settings, eventsOf(arms))[1]!.isUneven) {
          warned += 1;
          break;
        }
      }
    }
    // 2.33 standard errors above the level.
    expect(warned / experiments).toBeLessThanOrEqual(UNEVEN_ALPHA + 2.33 * Math.sqrt(UNEVEN_ALPHA / experiments));
  });
});
