/** From one metric's numbers to its verdict. A win needs the interval and the adjusted p, and the labels where there are any. */
import type { Better } from '../../stats/gate.ts';
import type { OfflineVerdict } from '../../stats/offline.ts';
import type { CorrectedEffect, MetricSide } from './compared-metric.ts';
import { examplesNeeded } from './examples-needed.ts';
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

export interface Decided {
  readonly verdict: OfflineVerdict | null;
  readonly nNeeded: number | null;
}

export function decide(input: VerdictInput): Decided {
  const { test, why, better, pAdjusted, level, minimumEffect, corrected, planAlpha } = input;
  if (test === null || why !== null) return { verdict: null, nNeeded: null };
  const { diff, lo, hi } = test.effect;
  if (diff === null || lo === null || hi === null) return { verdict: null, nNeeded: null };
  const intervals = [{ lo, hi }, ...(corrected === null ? [] : [corrected])];
  const isHigher = intervals.every((interval) => interval.lo > 0);
  const isLower = intervals.every((interval) => interval.hi < 0);
  if ((isHigher || isLower) && pAdjusted !== null && pAdjusted < level) {
    return { verdict: isHigher === (better === 'higher') ? 'better' : 'worse', nNeeded: null };
  }
  const isWithin = ({ lo: from, hi: to }: { lo: number; hi: number }): boolean =>
    minimumEffect !== null && from > -minimumEffect && to < minimumEffect;
  if (intervals.every(isWithin)) return { verdict: 'equivalent', nNeeded: null };
  const needed = examplesNeeded({ ...test, effect: minimumEffect ?? diff, alpha: planAlpha });
  // As many as there are would have been enough: chance, and no number of examples would say more.
  return { verdict: 'inconclusive', nNeeded: needed !== null && needed > test.pairs ? needed : null };
}
