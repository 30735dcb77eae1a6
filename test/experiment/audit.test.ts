/** The audit finds whatever was changed in a ledger, and nothing where nothing was. */
import { describe, expect, test } from 'vitest';
import { type AuditReport, auditLedger } from '../../src/experiment/audit.ts';
import type { AnalysisRecord } from '../../src/model/analysis-data.ts';
import { canonicalJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';
import { armsOf, dataOf, look, STARTED_AT, settingsOf, specOf } from './analysis-fixtures.ts';

const spec = specOf({ variants: [1 / 3, 1 / 3] });
const settings = settingsOf(spec);
const [fair, harmful, better] = [
  [2_000, 1_000, 40],
  [2_000, 1_000, 240],
  [2_000, 1_160, 40],
];

type Written = Pick<LedgerEntry, 'kind' | 'lookNo'> & { readonly content: unknown };
const entry = (kind: LedgerEntry['kind'], content: unknown, lookNo: number | null = null): Written => ({
  ...{ kind, content, lookNo },
});
const looked = (record: AnalysisRecord) => entry('look', record, record.lookNo);
const act = (to: string, change: object = {}) =>
  entry('act', {
    from: 'running',
    to,
    reason: 'guardrail',
    by: 'sluice',
    winner: null,
    stop: [],
    ramp: null,
    ...change,
  });
const ledger = (written: readonly Written[]): readonly LedgerEntry[] =>
  written.map(({ kind, lookNo, content }, index) => ({
    ...{ entryNo: index + 1, kind, lookNo, at: STARTED_AT, content: canonicalJson(content as Json) },
  }));

const start = entry('start', { experimentId: 'rerank', spec, settings });
const [harms, wins] = [
  look(spec, dataOf(armsOf(fair!, harmful!, fair!)), { lookNo: 1, days: 3 }),
  look(spec, dataOf(armsOf(fair!, harmful!, better!), { stopped: [1] }), { lookNo: 2, days: 8 }),
];
const story: readonly Written[] = [
  start,
  looked(harms!),
  act('running', { stop: ['variant-1'] }),
  entry('stage', { stage: 2, why: 'a new snapshot' }),
  looked(wins!),
  act('approving', { winner: 'variant-2' }),
  act('rolling', { from: 'approving', winner: 'variant-2', by: 'ada' }),
  act('promoted', { from: 'rolling' }),
];

const codes = ({ findings }: AuditReport) => findings.map(({ code, at }) => `${code}: ${at}`);
/** The story with one thing changed, in the text as somebody would. */
const changed = (at: number, change: (text: string) => string) =>
  auditLedger(
    ledger(story).map((row, index) => {
      if (index !== at) return row;
      const content = change(row.content);
      expect(content).not.toBe(row.content);
      return { ...row, content };
    }),
  );

test('a ledger that nobody touched is equal, to the byte', () => {
  expect(harms).toMatchObject({ decision: 'continue', stops: [1] });
  expect(wins).toMatchObject({ decision: 'promote', arm: 2 });
  const report = auditLedger(ledger(story));
  expect(report).toMatchObject({ isEqual: true, entries: 8, looks: 2, identical: 2, findings: [], more: 0 });
});

describe('one thing that is planted', () => {
  test('a number in a result', () => {
    const report = changed(4, (text) => text.replace(/"diff":0.0[78]\d*/, '"diff":0.081'));
    expect(codes(report)).toEqual(['number: rows[0].effect.diff']);
    expect(report).toMatchObject({ isEqual: false, looks: 2, identical: 1 });
    expect(report.findings[0]).toMatchObject({ entryNo: 5, lookNo: 2, recorded: 0.081 });
  });

  test('one success more in the data: nothing that was made of it is right any more', () => {
    const report = changed(4, (text) => text.replace('"v":"1160000000"', '"v":"1161000000"'));
    expect(report.isEqual).toBe(false);
    expect(codes(report)).toContain('number: rows[0].effect.ciLo');
  });

  test('another decision', () => {
    const report = changed(4, (text) =>
      text.replace(/"decision":"promote"(?=,"exposure":null,"lookNo")/, '"decision":"continue"'),
    );
    expect(codes(report)).toEqual(['decision: decision', 'act: approving']);
  });

  test('who is stopped', () => {
    const report = changed(1, (text) => text.replace('"stops":[1]', '"stops":[]'));
    expect(codes(report)).toEqual(['decision: stops[0]', 'act: stop']);
  });

  test('settings, after the start', () => {
    expect(codes(changed(0, (text) => text.replace('"alphaRollback":0.05', '"alphaRollback":0.5')))).toContain(
      'settings: settings.hash',
    );
    expect(codes(changed(1, (text) => text.replace(/"settingsHash":"./, '"settingsHash":"x')))).toEqual([
      'settings: settingsHash',
    ]);
  });

  test('what is no record any more', () => {
    expect(codes(changed(1, () => 'gone'))).toEqual(['unreadable: content', 'act: stop']);
    expect(codes(changed(1, (text) => text.replace('"v":"1000000000"', '"v":"a lot"')))).toEqual([
      'unreadable: content',
    ]);
    expect(codes(changed(0, () => '{}'))).toEqual(['unreadable: content']);
  });
});

describe('entries', () => {
  const rows = ledger(story);
  test('one that is taken out is missed', () => {
    expect(codes(auditLedger(rows.filter(({ entryNo }) => entryNo !== 4)))[0]).toBe('entries: entryNo');
    const without = auditLedger(rows.filter(({ entryNo }) => entryNo !== 2));
    expect(codes(without)).toContain('entries: lookNo');
  });

  test('a ledger begins with its start, once', () => {
    expect(codes(auditLedger([]))).toEqual(['entries: kind']);
    expect(codes(auditLedger(ledger(story.slice(1))))).toContain('entries: kind');
    expect(codes(auditLedger(ledger([start, start])))).toEqual(['entries: kind']);
  });
});

describe('acts', () => {
  const actsOf = (...written: readonly Written[]) => codes(auditLedger(ledger([start, ...written])));

  test('a judgement needs a look that says so', () => {
    expect(actsOf(looked(harms!), act('inconclusive'))).toEqual(['act: inconclusive']);
    expect(actsOf(act('halted'))).toEqual(['act: halted']);
    expect(actsOf(looked(harms!), act('running', { stop: ['variant-2'] }))).toEqual(['act: stop']);
    expect(actsOf(looked(harms!), { ...looked(wins!) }, act('rolling', { winner: 'variant-1' }))).toEqual([
      'act: winner',
    ]);
  });

  test('so does a rollback, unless somebody has done it, and a rollout, unless somebody has approved it', () => {
    expect(actsOf(looked(harms!), act('rolled_back'))).toEqual(['act: rolled_back']);
    expect(actsOf(looked(harms!), act('rolled_back', { by: 'ada' }))).toEqual([]);
    expect(actsOf(looked(harms!), act('rolling', { winner: 'variant-2' }))).toEqual(['act: rolling']);
    expect(actsOf(act('rolling', { from: 'rolling', ramp: 0.5 }))).toEqual([]);
    expect(actsOf(looked(harms!), act('promoted'))).toEqual(['act: promoted']);
    expect(actsOf(act('promoted', { from: 'rolling' }))).toEqual([]);
  });

  test('a breaker that trips while it is halted stops its variant, and needs the look that says so', () => {
    const stopped = act('halted', { from: 'halted', stop: ['variant-1'] });
    expect(actsOf(looked(harms!), stopped)).toEqual([]);
    expect(actsOf(stopped)).toEqual(['act: stop']);
  });

  test('people pause, resume and abort when they like', () => {
    expect(actsOf(act('paused', { by: 'ada' }), act('running'), act('aborted'))).toEqual([]);
  });

  test('nothing is done after the end; a look may have been under way', () => {
    expect(actsOf(act('aborted'), looked(harms!))).toEqual([]);
    expect(actsOf(act('aborted'), act('running'))).toEqual(['act: after the end']);
  });
});

test('very many findings are counted', () => {
  const gaps = ledger(Array.from({ length: 1_200 }, () => start)).slice(1);
  const report = auditLedger(gaps);
  expect(report.findings).toHaveLength(1_000);
  expect(report.more).toBeGreaterThan(1_000);
});
