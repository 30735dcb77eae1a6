/** Whether what was done is what looks had decided. People may pause, resume, approve and abort; only a look may judge. */

import { EXPERIMENT_STATES, type ExperimentSpec, ITSELF, isLive } from '../model/experiment-spec.ts';
import type { LookRecord } from '../model/look-data.ts';
import type { Json } from '../plan/plan.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { AuditFinding } from './audit.ts';

/** The last look before an act, as far as acts go by it. */
interface Decided {
  readonly decision: LookRecord['decision'];
  readonly arm: string | null;
  readonly stops: readonly string[];
}

/** What the last look has to have decided before an experiment may go into a state; null: people may do that. */
function neededFor({ to, from, by }: Act): LookRecord['decision'] | null {
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

export function actFindings(entries: readonly LedgerEntry[], spec: ExperimentSpec): readonly AuditFinding[] {
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
  const record = read(content) as Partial<LookRecord> | null;
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
