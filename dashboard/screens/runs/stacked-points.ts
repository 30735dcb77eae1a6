/** Runs per bin and state, as the points that a stacked bar chart draws. */

export const STATES = ['completed', 'running', 'degraded', 'cancelled', 'failed'] as const;

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly n: number;
}

/**
 * The points of each state: the middle of a bin, and its runs. Every state has a point in every bin, 0 where it has no runs,
 * because a chart with a time axis stacks series by their place in the list, not by their time.
 */
export function stackedPoints(
  bins: readonly Bin[],
): ReadonlyMap<string, readonly (readonly [at: number, n: number])[]> {
  const keyOf = (state: string, from: number): string => `${state} ${from}`;
  const counts = new Map(bins.map(({ state, from, n }) => [keyOf(state, from), n]));
  const spans = [...new Map(bins.map(({ from, to }) => [from, to]))].sort(([one], [other]) => one - other);
  return new Map(
    STATES.map((state) => [
      state,
      spans.map(([from, to]) => [(from + to) / 2, counts.get(keyOf(state, from)) ?? 0] as const),
    ]),
  );
}
