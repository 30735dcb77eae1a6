/** Which examples differ most, and so have their outputs shown; and which are in a page at all that cannot hold them all. */
import { outcomeOf } from '../compare/pairs.ts';
import type { ComparisonReport } from '../compare/report.ts';
import type { ReportedColumn } from './data.ts';
import { REPORT_LIMITS } from './limits.ts';

type Columns = readonly (readonly (ReportedColumn | null)[])[];

/** Metrics by which examples are ranked: the primaries, or else the first that there is. */
export function rankingMetrics({ metrics }: Pick<ComparisonReport, 'metrics'>): readonly number[] {
  const primaries = metrics.flatMap(({ role }, place) => (role === 'primary' ? [place] : []));
  return primaries.length > 0 || metrics.length === 0 ? primaries : [0];
}

/** Examples with a difference on one metric, the worst for the side first. */
export function byRegression(
  baseline: ReportedColumn | null | undefined,
  side: ReportedColumn | null | undefined,
  metric: ComparisonReport['metrics'][number],
): readonly number[] {
  if (!baseline || !side) return [];
  const sign = metric.better === 'higher' ? 1 : -1;
  const gain = (example: number): number => sign * (side.values[example]! - baseline.values[example]!);
  const differing: number[] = [];
  for (const [example, first] of baseline.values.entries()) {
    const second = side.values[example]!;
    if (!Number.isNaN(first) && !Number.isNaN(second) && outcomeOf(first, second, metric) !== 0)
      differing.push(example);
  }
  return differing.sort((one, other) => gain(one) - gain(other) || one - other);
}

/** Those whose outputs are wanted: worst and best of each side and ranking metric in turn, so that a limit cuts all alike. */
export function wantOutputs(report: ComparisonReport, columns: Columns): readonly number[] {
  const rankings = rankingMetrics(report).flatMap((place) =>
    columns[place]!.slice(1).map((side) => byRegression(columns[place]![0], side, report.metrics[place]!)),
  );
  const wanted = new Set<number>();
  for (let rank = 0; rank < REPORT_LIMITS.outputsEachEnd; rank += 1) {
    for (const ranking of rankings) {
      for (const example of [ranking[rank], ranking[ranking.length - 1 - rank]]) {
        if (example !== undefined && wanted.size < REPORT_LIMITS.examplesWithOutputs) wanted.add(example);
      }
    }
  }
  return [...wanted];
}

/** All examples where there is room, else those that are wanted and an even sample of the others; in their order. */
export function chooseExamples(
  { metrics, sides }: Pick<ComparisonReport, 'metrics' | 'sides'>,
  total: number,
  wanted: readonly number[],
): readonly number[] {
  const room = Math.floor(REPORT_LIMITS.values / Math.max(1, metrics.length * sides.length));
  if (total <= room) return Array.from({ length: total }, (_, example) => example);
  const kept = new Set(wanted);
  const others = Array.from({ length: total }, (_, example) => example).filter((example) => !kept.has(example));
  const places = Math.max(0, room - kept.size);
  for (let place = 0; place < places; place += 1) kept.add(others[Math.floor((place * others.length) / places)]!);
  return [...kept].sort((one, other) => one - other);
}
