/**
 * The audit: every look of a ledger worked out again from its own data and what was fixed at the start, and nothing else. It
 * needs no store and no trust in one: a ledger that was copied to a file is enough.
 */

import type { ExperimentSpec, FrozenSettings } from '../model/experiment-spec.ts';
import type { LookRecord } from '../model/look-data.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import { actFindings } from './audit-acts.ts';
import { differences } from './audit-compare.ts';
import { lookRecord } from './look.ts';
import { isHashOf } from './settings.ts';

/** More than these are counted, and not listed. */
const MOST_FINDINGS = 1_000;

export interface AuditFinding {
  readonly entryNo: number;
  readonly lookNo: number | null;
  /**
   * `entries`: numbers with gaps, or no start. `unreadable`. `settings`: the hash is not that of what was fixed. `decision`:
   * another decision, reason, variant or stop. `number`: a number that is off. `act`: something was done that no look decided.
   */
  readonly code: 'entries' | 'unreadable' | 'settings' | 'decision' | 'number' | 'act';
  /** Where in the entry. */
  readonly at: string;
  readonly recorded: Json;
  readonly recomputed: Json;
}

export interface AuditReport {
  readonly isEqual: boolean;
  readonly entries: number;
  readonly looks: number;
  /** Looks that came out the same, byte for byte. */
  readonly identical: number;
  readonly findings: readonly AuditFinding[];
  /** Findings that are not listed. */
  readonly more: number;
}

interface Start {
  readonly spec: ExperimentSpec;
  readonly settings: FrozenSettings;
}

/** Audits the whole ledger of one experiment, its entries in order. */
export function auditLedger(entries: readonly LedgerEntry[]): AuditReport {
  const findings: AuditFinding[] = [];
  const start = startOf(entries, findings);
  findings.push(...numberFindings(entries));
  let [looks, identical] = [0, 0];
  for (const entry of entries) {
    if (entry.kind !== 'look') continue;
    looks += 1;
    const found = start === null ? null : lookFindings(entry, start);
    if (found === null) continue;
    if (found.isIdentical) identical += 1;
    findings.push(...found.findings);
  }
  if (start !== null) findings.push(...actFindings(entries, start.spec));
  return Object.freeze({
    isEqual: findings.length === 0,
    entries: entries.length,
    looks,
    identical,
    findings: Object.freeze(findings.slice(0, MOST_FINDINGS)),
    more: Math.max(0, findings.length - MOST_FINDINGS),
  });
}

function startOf(entries: readonly LedgerEntry[], findings: AuditFinding[]): Start | null {
  const [entry] = entries;
  const report = (code: AuditFinding['code'], at: string, recorded: Json, recomputed: Json): null => {
    findings.push({ entryNo: entry?.entryNo ?? 0, lookNo: null, code, at, recorded, recomputed });
    return null;
  };
  if (entry?.kind !== 'start') return report('entries', 'kind', entry?.kind ?? null, 'start');
  const content = parsed(entry.content) as Partial<Start> | null;
  const { spec, settings } = content ?? {};
  if (!spec?.metrics || !spec.arms || !settings?.vRefs) return report('unreadable', 'content', null, null);
  if (!isHashOf(spec, settings)) report('settings', 'settings.hash', settings.hash, null);
  return { spec, settings };
}

/** Entries count from 1, looks count from 1 in the order of entries, and only the first entry is the start. */
function numberFindings(entries: readonly LedgerEntry[]): readonly AuditFinding[] {
  const findings: AuditFinding[] = [];
  let looks = 0;
  for (const [index, { entryNo, lookNo, kind }] of entries.entries()) {
    const report = (at: string, recorded: Json, recomputed: Json) =>
      findings.push({ entryNo, lookNo, code: 'entries', at, recorded, recomputed });
    if (entryNo !== index + 1) report('entryNo', entryNo, index + 1);
    if (kind === 'look') {
      looks += 1;
      if (lookNo !== looks) report('lookNo', lookNo, looks);
    } else if (lookNo !== null) report('lookNo', lookNo, null);
    if (kind === 'start' && index > 0) report('kind', kind, null);
  }
  return findings;
}

function lookFindings(
  { entryNo, lookNo, content }: LedgerEntry,
  { spec, settings }: Start,
): { readonly isIdentical: boolean; readonly findings: readonly AuditFinding[] } {
  const make = (code: AuditFinding['code'], at: string, recorded: Json, recomputed: Json): AuditFinding => ({
    entryNo,
    lookNo,
    code,
    at,
    recorded,
    recomputed,
  });
  const record = parsed(content) as unknown as LookRecord | null;
  try {
    if (record === null) throw new Error('it is no JSON');
    const { data, phase, at, version } = record;
    // By the number of its entry: a record that says another one differs from what is worked out.
    const again = lookRecord({ spec, settings, data, lookNo: lookNo ?? record.lookNo, phase, at, version });
    const text = canonicalJson(again as unknown as Json);
    if (text === content) return { isIdentical: true, findings: [] };
    const found = differences(record as unknown as Json, JSON.parse(text) as Json);
    return {
      isIdentical: false,
      findings: found.map((difference) =>
        make(codeOf(difference.at), difference.at, difference.recorded, difference.recomputed),
      ),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { isIdentical: false, findings: [make('unreadable', 'content', null, why)] };
  }
}

const DECISIONS = /^(decision|reason|arm|stops|verdicts)\b/;
const codeOf = (at: string): AuditFinding['code'] =>
  DECISIONS.test(at) ? 'decision' : at === 'settingsHash' ? 'settings' : 'number';

function parsed(content: string): Json {
  try {
    return JSON.parse(content) as Json;
  } catch {
    return null;
  }
}
