/** From the verdicts on several variants to one decision on the experiment. */

import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { ArmVerdict, LookPhase, LookRecord } from '../model/look-data.ts';
import type { Decision, GateReason } from '../stats/gate.ts';
import type { LookRow } from '../stats/interim-analysis.ts';

export type Combined = Pick<LookRecord, 'decision' | 'reason' | 'arm' | 'stops'>;

/** Which reason speaks for all where several variants get the same decision: the one that says most comes first. */
const RANK: readonly GateReason[] = [
  'breaker',
  'guardrail',
  'srm',
  'exposure',
  'worse',
  'superior',
  'guardrails_unproven',
  'events_missing',
  'events_late',
  'min_duration',
  'futile',
  'no_effect_proven',
  'collecting',
  'insufficient_data',
  'warming_up',
];

/**
 * Safety first. A variant that is to be rolled back is stopped, and the experiment with the last of them; a split that is off
 * halts all; of those that may be promoted the one with the highest estimate is, and the others are stopped; it is
 * inconclusive when all that are left are.
 */
export function combine(
  verdicts: readonly ArmVerdict[],
  rows: readonly LookRow[],
  spec: ExperimentSpec,
  phase: LookPhase,
): Combined {
  const of = (decision: Decision): readonly ArmVerdict[] => verdicts.filter((verdict) => verdict.decision === decision);
  const rolledBack = of('rollback').map(({ arm }) => arm);
  const left = verdicts.filter(({ decision }) => decision !== 'rollback');
  // What a rollout serves is the winner: nothing goes on without it.
  if (left.length === 0 || (phase === 'rollout' && rolledBack.length > 0)) {
    return decided('rollback', of('rollback'), rolledBack, spokesman(of('rollback')).arm);
  }
  if (of('halt').length > 0) return decided('halt', of('halt'), rolledBack, null);
  const promotable = of('promote');
  if (promotable.length > 0) {
    const winner = highest(promotable, rows, spec);
    return decided('promote', [winner], armsBut(winner.arm, verdicts), winner.arm);
  }
  const only = left.length === 1 ? left[0]!.arm : null;
  if (left.every(({ decision }) => decision === 'inconclusive')) return decided('inconclusive', left, rolledBack, only);
  return decided('continue', of('continue'), rolledBack, only);
}

function decided(
  decision: Decision,
  verdicts: readonly ArmVerdict[],
  stops: readonly number[],
  arm: number | null,
): Combined {
  return { decision, reason: spokesman(verdicts).reason, arm, stops: Object.freeze([...stops]) };
}

/** Whose reason comes first; of equals the first variant. */
function spokesman(verdicts: readonly ArmVerdict[]): ArmVerdict {
  return verdicts.reduce((best, next) => (RANK.indexOf(next.reason) < RANK.indexOf(best.reason) ? next : best));
}

const armsBut = (winner: number, verdicts: readonly ArmVerdict[]): readonly number[] =>
  verdicts.map(({ arm }) => arm).filter((arm) => arm !== winner);

function highest(verdicts: readonly ArmVerdict[], rows: readonly LookRow[], spec: ExperimentSpec): ArmVerdict {
  return verdicts.reduce((best, next) => (gainOf(next.arm, rows, spec) > gainOf(best.arm, rows, spec) ? next : best));
}

/** A variant's estimate on the primary metric, turned so that more is better; null before there is one. */
export function gainOf(arm: number, rows: readonly LookRow[], spec: ExperimentSpec): number {
  const row = rows.find((candidate) => candidate.arm === arm && candidate.role === 'primary');
  const diff = row?.effect.diff ?? null;
  if (row === undefined || diff === null) return Number.NEGATIVE_INFINITY;
  return spec.metrics.find(({ name }) => name === row.metric)?.better === 'lower' ? -diff : diff;
}
