/** What a look comes to, for the workflow that asked for it: the decision by names, and what the Temporal UI shows. */
import type { LookOutcome } from '../../model/experiment-messages.ts';
import type { ExperimentSpec } from '../../model/experiment-spec.ts';
import type { LookRecord } from '../../model/look-data.ts';
import type { ExperimentRow } from '../../store/experiments.ts';
import { explainLook } from '../report.ts';
import { detailsMarkdown } from '../report-details.ts';
import { standingOf } from './standing.ts';

export function lookedAt(row: ExperimentRow, record: LookRecord): LookOutcome {
  const { lookNo, at, decision, reason, arm } = record;
  const sentences = explainLook(row.spec, row.settings, record);
  const nameOf = (index: number): string => row.spec.arms[index]!.name;
  return {
    ...standingOf(row),
    ...{ lookNo, at, isRecorded: true, decision, reason },
    arm: arm === null ? null : nameOf(arm),
    stops: stopsOf(row, record).map(nameOf),
    units: unitsOf(row.spec, record),
    sentences,
    details: detailsMarkdown(row.spec, record, sentences),
  };
}

/** Where the split is off, counts of runs hold, and estimates do not. */
function stopsOf({ state }: ExperimentRow, { stops, verdicts }: LookRecord): readonly number[] {
  if (state !== 'halted') return stops;
  return stops.filter((stop) => verdicts.some(({ arm, reason }) => arm === stop && reason === 'breaker'));
}

export function notLookedAt(row: ExperimentRow, lookNo: number): LookOutcome {
  return {
    ...standingOf(row),
    ...{ lookNo, at: 0, isRecorded: false, decision: 'continue', reason: row.reason ?? row.state, arm: null },
    ...{ stops: [], units: 0, sentences: [], details: '' },
  };
}

/** Units, all arms together, whose windows are over for all that decides: the primary metric and the guardrails. */
export function unitsOf({ metrics }: ExperimentSpec, { data }: Pick<LookRecord, 'data'>): number {
  const deciding = metrics.filter(({ role }) => role !== 'secondary');
  const longest = Math.max(...(deciding.length > 0 ? deciding : metrics).map(({ windowMs }) => windowMs));
  return data.matured.filter(({ windowMs }) => windowMs === longest).reduce((sum, { n }) => sum + n, 0);
}
