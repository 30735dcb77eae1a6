/** From one metric's numbers to its verdict. A win needs the interval and the adjusted p, and the labels where there are any. */

import type { Better } from '../../stats/gate.ts';
import { examplesNeeded } from '../../stats/sample-size.ts';
import type { CorrectedEffect, MetricSide } from './compared-metric.ts';
import type { PairTest } from './test-pairs.ts';

export interface VerdictInput {
  readonly test: PairTest | null;
  readonly why: MetricSide['why'];
  readonly better: Better;
  readonly pAdjusted: number | null;
  /** What the adjusted p must be below. */
  readonly level: number;
  /** Within it either way two sides are equivalent; null: nothing is declared. */
  readonly minimumEffect: number | null;
  /** As labels have it; null: no labels. */
  readonly corrected: CorrectedEffect | null;
  /** Two-sided, that examples are planned for. */
  readonly planAlpha: number;
}

export type Decided = Pick<MetricSide, 'verdict' | 'nNeeded' | 'neededFor'>;

const NOTHING_NEEDED = { nNeeded: null, neededFor: null } as const;

export function decide(input: VerdictInput): Decided {
  const { test, why, better, pAdjusted, level, minimumEffect, corrected } = input;
  const hasFewClusters = why?.code === 'too_few_units' && test !== null && test.designEffect !== null;
  if (hasFewClusters) return { verdict: null, ...neededOf(input, test, 0) };
  if (test === null || why !== null) return { verdict: null, ...NOTHING_NEEDED };
  const { diff, lo, hi } = test.effect;
  if (diff === null || lo === null || hi === null) return { verdict: null, ...NOTHING_NEEDED };
  const intervals = [{ lo, hi }, ...(corrected === null ? [] : [corrected])];
  const isHigher = intervals.every((interval) => interval.lo > 0);
  const isLower = intervals.every((interval) => interval.hi < 0);
  if ((isHigher || isLower) && pAdjusted !== null && pAdjusted < level) {
    return { verdict: isHigher === (better === 'higher') ? 'better' : 'worse', ...NOTHING_NEEDED };
  }
  const isWithin = ({ lo: from, hi: to }: { lo: number; hi: number }): boolean =>
    minimumEffect !== null && from > -minimumEffect && to < minimumEffect;
  if (intervals.every(isWithin)) return { verdict: 'equivalent', ...NOTHING_NEEDED };
  return { verdict: 'inconclusive', ...neededOf(input, test, test.pairs) };
}

/**
 * Examples for the declared effect, or for the one that was seen where none is declared or the pairs at hand would show it.
 * Where they would show that one, too, it is chance or the labels, and no number of examples would say more.
 */
function neededOf(
  { minimumEffect, planAlpha }: VerdictInput,
  test: PairTest,
  atHand: number,
): Omit<Decided, 'verdict'> {
  for (const effect of [minimumEffect, test.effect.diff]) {
    const needed = examplesNeeded({ ...test, effect, alpha: planAlpha });
    if (needed === null || needed.examples <= atHand) continue;
    const { examples, ...of } = needed;
    return { nNeeded: examples, neededFor: Object.freeze({ ...of, isDeclared: effect === minimumEffect }) };
  }
  return NOTHING_NEEDED;
}
