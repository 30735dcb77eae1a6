/** The primaries by tag: where a variant is better or worse. Looking everywhere finds something, so they are exploratory. */
import { MIN_UNITS_FOR_VERDICT } from '../../stats/offline.ts';
import { adjustFamily, EXPLORATORY_RATE } from './adjust.ts';
import { COMPARE_LIMITS } from './limits.ts';
import { type Measured, testColumns } from './measure.ts';
import { type Pairing, pairedValues } from './pairs.ts';
import type { Slice } from './report.ts';
import { countOutcomes, type PairTest } from './test-pairs.ts';
import { decide } from './verdict.ts';

export interface Slices {
  readonly slices: readonly Slice[];
  readonly leftOut: number;
}

/** @param measured what is to be sliced: all of it compared */
export function sliceByTag(measured: readonly Measured[], alpha: number): Slices {
  const tags = new Map<Pairing, ReadonlyMap<string, readonly number[]>>();
  for (const { pairing } of measured) if (!tags.has(pairing)) tags.set(pairing, pairsByTag(pairing));
  const sizes = new Map<string, number>();
  for (const [tag, pairs] of [...tags.values()].flatMap((byTag) => [...byTag])) {
    sizes.set(tag, Math.max(sizes.get(tag) ?? 0, pairs.length));
  }
  const told = [...sizes].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const kept = told.slice(0, COMPARE_LIMITS.sliceTags).map(([tag]) => tag);
  const drafts = measured.flatMap((one) =>
    kept.flatMap((tag) => {
      const pairs = tags.get(one.pairing)!.get(tag);
      return pairs === undefined ? [] : [draftOf(one, tag, pairs, alpha)];
    }),
  );
  const adjusted = adjustFamily(
    drafts.map(({ test }) => ({ p: test.p, isOpen: test.why === null })),
    'bh',
  );
  const slices = drafts.map((draft, place) => sliceOf(draft, adjusted[place]!, alpha));
  return { slices: Object.freeze(slices), leftOut: told.length - kept.length };
}

/** Tags that some pairs have and not all, and enough for a verdict. Splits are no tags here. */
function pairsByTag({ baseline, left }: Pairing): ReadonlyMap<string, readonly number[]> {
  const byTag = new Map<string, number[]>();
  for (const [pair, example] of left.entries()) {
    for (const tag of baseline.facts.examples[example]!.tags) {
      if (tag === 'dev' || tag === 'final') continue;
      const pairs = byTag.get(tag);
      if (pairs === undefined) byTag.set(tag, [pair]);
      else pairs.push(pair);
    }
  }
  const isTold = (pairs: readonly number[]): boolean =>
    pairs.length >= MIN_UNITS_FOR_VERDICT && pairs.length < left.length;
  return new Map([...byTag].filter(([, pairs]) => isTold(pairs)));
}

interface Draft {
  readonly one: Measured;
  readonly tag: string;
  readonly test: PairTest;
  readonly told: Pick<Slice, 'baseline' | 'variant' | 'wins' | 'losses' | 'ties' | 'missing'>;
}

function draftOf(one: Measured, tag: string, pairs: readonly number[], alpha: number): Draft {
  const columns = one.columns!;
  const values = pairedValues(one.pairing, columns, pairs);
  const meanOf = (side: readonly number[]): number | null =>
    side.length === 0 ? null : side.reduce((sum, value) => sum + value, 0) / side.length;
  return {
    one,
    tag,
    test: testColumns(values, columns, alpha),
    told: {
      baseline: meanOf(values.control),
      variant: meanOf(values.treatment),
      ...countOutcomes(values, one.metric),
      missing: values.lacking,
    },
  };
}

function sliceOf({ one, tag, test, told }: Draft, pAdjusted: number | null, alpha: number): Slice {
  const { metric, side } = one;
  // What is missing in the whole makes its parts doubtful, too.
  const why = one.why?.code === 'missing' ? one.why : test.why;
  const { verdict } = decide({
    test,
    why,
    better: metric.better,
    pAdjusted,
    level: EXPLORATORY_RATE,
    minimumEffect: metric.minimumEffect,
    corrected: null,
    planAlpha: alpha,
  });
  const { pairs, units, effect, p } = test;
  return Object.freeze({ tag, metric: metric.name, side, verdict, why, pairs, units, effect, p, pAdjusted, ...told });
}
