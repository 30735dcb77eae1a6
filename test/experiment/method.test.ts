import { describe, expect, test } from 'vitest';
import { auditLedger } from '../../src/experiment/audit.ts';
import { METHOD_VERSION, methodOf } from '../../src/experiment/method.ts';
import { canonicalJson, hashJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';
import { armsOf, dataOf, look, STARTED_AT, settingsOf, specOf } from './analysis-fixtures.ts';

const spec = specOf();
const data = dataOf(armsOf([1_000, 500, 20], [1_000, 520, 20]));

/** Settings as experiments have them that started before versions were recorded. */
function settingsBeforeVersions() {
  const { methodVersion: _, hash: __, ...settings } = settingsOf(spec);
  return { ...settings, hash: hashJson({ spec, settings } as unknown as Json) };
}

const ledgerOf = (settings: object, record: object): readonly LedgerEntry[] =>
  [
    { kind: 'start' as const, lookNo: null, content: { experimentId: 'rerank', spec, settings } },
    { kind: 'look' as const, lookNo: 1, content: record },
  ].map(({ content, ...entry }, index) => ({
    ...{ ...entry, entryNo: index + 1, at: STARTED_AT },
    content: canonicalJson(content as unknown as Json),
  }));

describe('method', () => {
  test('new experiments start with the newest version, and each look names it', () => {
    expect(settingsOf(spec).methodVersion).toBe(METHOD_VERSION);
    expect(look(spec, data).methodVersion).toBe(METHOD_VERSION);
  });

  test('an experiment without a recorded version is decided, and audited, by version 1', () => {
    const settings = settingsBeforeVersions();
    const record = look(spec, data, { settings });
    expect(record).not.toHaveProperty('methodVersion');
    expect(auditLedger(ledgerOf(settings, record))).toMatchObject({ isEqual: true, identical: 1 });
  });

  test('a changed version in a look, or in the start, fails the audit', () => {
    const settings = settingsOf(spec);
    const record = look(spec, data, { settings });
    expect(auditLedger(ledgerOf(settings, record)).isEqual).toBe(true);
    expect(auditLedger(ledgerOf(settings, { ...record, methodVersion: 1 })).isEqual).toBe(false);
    expect(auditLedger(ledgerOf({ ...settings, methodVersion: 1 }, record)).isEqual).toBe(false);
  });

  test('a version of a newer Sluice is refused by its number', () => {
    expect(() => methodOf(99)).toThrow(/method version 99 is unknown/);
    const settings = { ...settingsOf(spec), methodVersion: 99 };
    expect(auditLedger(ledgerOf(settings, look(spec, data))).findings).toContainEqual(
      expect.objectContaining({ code: 'unreadable', recomputed: expect.stringContaining('method version 99') }),
    );
  });
});
