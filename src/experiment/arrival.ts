/**
 * Whether the events of a metric have arrived. Feedback and scores come by themselves, after the run: they may come after their
 * window, or be lost on their way. Silence counts as 0, so a verdict on events that have not arrived would rule out an effect
 * that nobody could have seen.
 */

import type { AnalysisData, AnalysisRecord, ArrivalRow } from '../model/analysis-data.ts';
import {
  DEFAULT_MAX_LATE,
  type ExperimentSpec,
  type FeedbackField,
  type FrozenSettings,
  isOfEvents,
  type OnlineMetric,
} from '../model/experiment-spec.ts';
import { asympCsBinary } from '../stats/asymp-cs.ts';
import { BURN_IN_UNITS } from '../stats/interim-analysis.ts';
import { maturedUnits, recordedUnits, stagesOf } from './metric-cells.ts';
import { servedArms } from './srm.ts';

/** Two-sided level of the warning that the arms give feedback at different rates, over all variants. */
export const UNEVEN_ALPHA = 0.01;

/** A row per metric of events and served arm, in the order of the spec. */
export function arrivalRows(spec: ExperimentSpec, settings: FrozenSettings, data: AnalysisData): readonly ArrivalRow[] {
  const arms = servedArms(spec, data);
  const alpha = UNEVEN_ALPHA / Math.max(1, arms.length - 1);
  const compared = comparedMetrics(spec.metrics);
  return Object.freeze(
    spec.metrics.flatMap((metric, index) => {
      if (!isOfEvents(metric)) return [];
      const tallies = arms.map((arm) => tallyOf(spec, data, index, arm));
      return tallies.map((tally, place): ArrivalRow => {
        const rateP = place > 0 && compared.has(index) ? rateDifferenceP(tallies[0]!, tally, alpha, settings) : null;
        const { matured, heard, events, late } = tally;
        return Object.freeze({
          ...{ metric: index, arm: arms[place]!, matured, silent: Math.max(0, matured - heard), events, late },
          ...{ status: statusOf(spec, data, index, tally), rateP, isUneven: rateP !== null && rateP < alpha },
        });
      });
    }),
  );
}

/** The status of a metric for the comparison of a variant with the baseline: the worse of the two. */
export function arrivalOf(rows: readonly ArrivalRow[], metric: number, variant: number): ArrivalRow['status'] {
  const own = rows.filter((row) => row.metric === metric && (row.arm === 0 || row.arm === variant));
  return (
    own.find(({ status }) => status === 'late')?.status ??
    own.find(({ status }) => status === 'none')?.status ??
    'arrived'
  );
}

interface Tally {
  readonly arm: number;
  readonly matured: number;
  /** Units with an event in time. */
  readonly heard: number;
  readonly events: number;
  readonly late: number;
}

function tallyOf(spec: ExperimentSpec, data: AnalysisData, index: number, arm: number): Tally {
  const { windowMs } = spec.metrics[index]!;
  const counts = (data.arrivals ?? []).filter((count) => count.metric === index && count.arm === arm);
  const heard = recordedUnits(data, index, arm);
  return {
    arm,
    matured: stagesOf(data).reduce((sum, stage) => sum + maturedUnits(data, windowMs, stage, arm), 0),
    heard,
    events: data.arrivals === undefined ? heard : counts.reduce((sum, { events }) => sum + events, 0),
    late: counts.reduce((sum, { late }) => sum + late, 0),
  };
}

/** Before the burn-in no interval is there that could decide, and an arm without events is nothing to wonder about. */
function statusOf(spec: ExperimentSpec, data: AnalysisData, index: number, tally: Tally): ArrivalRow['status'] {
  const { arm, matured, events, late } = tally;
  if (matured < BURN_IN_UNITS) return 'arrived';
  if (late > (spec.stop.maxLate ?? DEFAULT_MAX_LATE) * (events + late)) return 'late';
  const channel = channelsOf(spec.metrics[index]!);
  const isHeard = spec.metrics.some(
    (other, which) => channelsOf(other).some((each) => channel.includes(each)) && recordedUnits(data, which, arm) > 0,
  );
  return isHeard ? 'arrived' : 'none';
}

/** What brings a metric's events: all feedback comes the same way, and so do the scores of one scorer. */
const channelsOf = ({ source, denominator }: OnlineMetric): readonly string[] =>
  [source, denominator].flatMap((each) =>
    each?.from === 'feedback' ? ['feedback'] : each?.from === 'score' ? [`score:${each.scorer}`] : [],
  );

/** Thumbs up and thumbs down are events of the same kind, and are compared once. */
const KINDS: { readonly [Field in FeedbackField]: string } = {
  ...{ thumb: 'thumb', up: 'thumb', down: 'thumb' },
  ...{ score: 'score', rated: 'rated' },
};

/** The first metric of each kind of feedback. Lost scores show in the sample ratio of recorded units. */
function comparedMetrics(metrics: readonly OnlineMetric[]): ReadonlySet<number> {
  const first = new Map<string, number>();
  for (const [index, { source }] of metrics.entries())
    if (source.from === 'feedback' && !first.has(KINDS[source.field])) first.set(KINDS[source.field], index);
  return new Set(first.values());
}

/** Valid however often it is looked at: the p of the confidence sequence of a difference of two rates. */
function rateDifferenceP(baseline: Tally, variant: Tally, alpha: number, { nStar }: FrozenSettings): number | null {
  const [arm0, arm1] = [baseline, variant].map(({ heard, matured }) => ({
    ...{ n: matured, successes: Math.min(heard, matured) },
  })) as [{ n: number; successes: number }, { n: number; successes: number }];
  if (Math.min(arm0.n, arm1.n) < BURN_IN_UNITS) return null;
  return asympCsBinary(arm0, arm1, { alpha, nStar }).p;
}

/** An arrival row with the names of its metric and its arm. */
export interface NamedArrival extends Omit<ArrivalRow, 'metric' | 'arm'> {
  readonly metric: string;
  readonly arm: string;
  readonly windowMs: number;
}

export const namedArrivals = (
  { metrics, arms }: Pick<ExperimentSpec, 'metrics' | 'arms'>,
  { arrivals = [] }: Pick<AnalysisRecord, 'arrivals'>,
): readonly NamedArrival[] =>
  arrivals.map(({ metric, arm, ...row }) => {
    const { name, windowMs } = metrics[metric]!;
    return { ...row, metric: name, arm: arms[arm]!.name, windowMs };
  });
