/** How many examples it would take, from the error that so many have shown. */
import { PLANNED_POWER } from '../../stats/offline.ts';
import { pairedSampleSize } from '../../stats/planning.ts';

export interface SeenError {
  /** Standard error of an effect over its pairs, clusters reckoned in; null or 0 where nothing varies. */
  readonly se: number | null;
  readonly pairs: number;
  /** What is to be seen; its sign does not matter. */
  readonly effect: number | null;
  /** Two-sided. */
  readonly alpha: number;
}

/** Examples that show the effect with 80 % power; null where it cannot be told. */
export function examplesNeeded({ se, pairs, effect, alpha }: SeenError): number | null {
  if (se === null || !(se > 0) || effect === null || effect === 0) return null;
  const between = se * Math.sqrt(pairs);
  const { n } = pairedSampleSize({ ...ONCE, delta: effect, between, alpha, power: PLANNED_POWER });
  return n !== null && Number.isSafeInteger(n) ? n : null;
}

/** What repeats add is in the error already. */
const ONCE = { within0: 0, within1: 0, repeats: 1 } as const;
