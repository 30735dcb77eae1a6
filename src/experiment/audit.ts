/**
 * The audit: every look of a ledger worked out again from its own data and what was fixed at the start, and nothing else. It
 * needs no store and no trust in one: a ledger that was copied to a file is enough.
 */

import type { AnalysisRecord } from '../model/analysis-data.ts';
import {
  EXPERIMENT_STATES,
  type ExperimentSpec,
  type FrozenSettings,
  ITSELF,
  isLive,
} from '../model/experiment-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import { analysisRecord } from './analysis-record.ts';
import { isHashOf } from './method.ts';

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
    const found = start === null ? null : analysisFindings(entry, start);
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

function analysisFindings(
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
  const record = parsed(content) as unknown as AnalysisRecord | null;
  try {
    if (record === null) throw new Error('it is no JSON');
    const { data, phase, at, version } = record;
    // By the number of its entry: a record that says another one differs from what is worked out.
    const again = analysisRecord({ spec, settings, data, lookNo: lookNo ?? record.lookNo, phase, at, version });
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

/** The last look before an act, as far as acts go by it. */
interface Decided {
  readonly decision: AnalysisRecord['decision'];
  readonly arm: string | null;
  readonly stops: readonly string[];
}

/** What the last look has to have decided before an experiment may go into a state; null: people may do that. */
function neededFor({ to, from, by }: Act): AnalysisRecord['decision'] | null {
  switch (to) {
    case 'halted':
      return from === 'halted' ? null : 'halt';
    case 'inconclusive':
      return 'inconclusive';
    case 'approving':
      return 'promote';
    case 'rolling':
      return from === 'running' ? 'promote' : null;
    case 'rolled_back':
      return by === ITSELF ? 'rollback' : null;
    default:
      return null;
  }
}

function actFindings(entries: readonly LedgerEntry[], spec: ExperimentSpec): readonly AuditFinding[] {
  const findings: AuditFinding[] = [];
  const stopsSoFar = new Set<string>();
  let last: Decided | null = null;
  let promoted: string | null = null;
  let ended: string | null = null;
  for (const { kind, entryNo, lookNo, content } of entries) {
    const report = (at: string, recorded: Json, recomputed: Json) =>
      findings.push({ entryNo, lookNo, code: 'act', at, recorded, recomputed });
    // A look that had begun before the end may still be written after it: nothing follows from it.
    if (ended !== null && kind !== 'look') report('after the end', kind, ended);
    if (kind === 'look') {
      last = decidedIn(content, spec);
      for (const name of last?.stops ?? []) stopsSoFar.add(name);
      if (last?.decision === 'promote') promoted = last.arm;
    }
    const act = kind === 'act' ? actIn(content) : null;
    if (act === null) continue;
    const needed = neededFor(act);
    if (needed !== null && last?.decision !== needed) report(act.to, last?.decision ?? null, needed);
    if (act.to === 'promoted' && act.from !== 'rolling') report(act.to, act.from, 'rolling');
    // What was served by hand (`rollout start`) has no look before it, and is the only variant.
    if (act.winner !== null && promoted !== null && act.winner !== promoted) report('winner', act.winner, promoted);
    for (const name of act.stop) if (!stopsSoFar.has(name)) report('stop', name, null);
    if (isEnd(act.to)) ended = act.to;
  }
  return findings;
}

/** Nothing is done after it. */
function isEnd(state: string): boolean {
  const known = EXPERIMENT_STATES.find((each) => each === state);
  return known !== undefined && !isLive({ state: known });
}

function decidedIn(content: string, { arms }: ExperimentSpec): Decided | null {
  const record = read(content) as Partial<AnalysisRecord> | null;
  if (!record?.decision) return null;
  const nameOf = (arm: number): string => arms[arm]?.name ?? String(arm);
  return {
    decision: record.decision,
    arm: record.arm == null ? null : nameOf(record.arm),
    stops: (record.stops ?? []).map(nameOf),
  };
}

/** What `move` leaves in the ledger, as far as it is judged. */
interface Act {
  readonly to: string;
  readonly from: string | null;
  readonly by: string | null;
  readonly winner: string | null;
  readonly stop: readonly string[];
}

function actIn(content: string): Act | null {
  const act = read(content) as Partial<Act> | null;
  if (typeof act?.to !== 'string') return null;
  const { to, from = null, by = null, winner = null, stop = [] } = act;
  return { to, from, by, winner, stop };
}

function read(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** Relative; below 1, absolute: another version of a maths library may differ in the last digits. */
const TOLERANCE = 1e-9;

export interface Difference {
  /** `rows[2].effect.ciLo`. */
  readonly at: string;
  readonly recorded: Json;
  readonly recomputed: Json;
}

export function differences(recorded: Json, recomputed: Json, at = ''): readonly Difference[] {
  if (typeof recorded === 'number' && typeof recomputed === 'number')
    return isClose(recorded, recomputed) ? [] : [{ at, recorded, recomputed }];
  if (!isTree(recorded) || !isTree(recomputed) || Array.isArray(recorded) !== Array.isArray(recomputed))
    return recorded === recomputed ? [] : [{ at, recorded, recomputed }];
  const [old, fresh] = [entriesOf(recorded), entriesOf(recomputed)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])];
  return keys.flatMap((key) => {
    const path = Array.isArray(recorded) ? `${at}[${key}]` : at === '' ? key : `${at}.${key}`;
    if (old.has(key) && fresh.has(key)) return differences(old.get(key)!, fresh.get(key)!, path);
    return [{ at: path, recorded: old.get(key) ?? null, recomputed: fresh.get(key) ?? null }];
  });
}

type Tree = { readonly [key: string]: Json } | readonly Json[];

const isTree = (value: Json): value is Tree => typeof value === 'object' && value !== null;
const entriesOf = (tree: Tree): ReadonlyMap<string, Json> => new Map(Object.entries(tree));

const isClose = (a: number, b: number): boolean =>
  Math.abs(a - b) <= TOLERANCE * Math.max(Number.MIN_VALUE, Math.abs(a), Math.abs(b)) || Math.abs(a - b) < 1e-15;
