/** The primaries by tag: where a variant is better or worse. Looking everywhere finds something, so they are exploratory. */

import type { Result } from '../../stats/result.ts';
import { MIN_UNITS_FOR_VERDICT } from '../../stats/sample-size.ts';
import { adjustFamily, EXPLORATORY_RATE } from './adjust.ts';
import { COMPARE_LIMITS } from './limits.ts';
import { type ColumnsWithValues, type Measured, type Paired, testColumns } from './measure.ts';
import { type Pairing, pairedValues } from './pairs.ts';
import type { Slice } from './report.ts';
import { countOutcomes, type PairTest } from './test-pairs.ts';
import { decide } from './verdict.ts';

/** The pairs of one metric and side that have a tag. */
export interface TaggedPairs {
  readonly of: Paired;
  readonly tag: string;
  readonly found: ColumnsWithValues;
}

export interface Parts {
  readonly parts: readonly TaggedPairs[];
  /** Tags that have none. */
  readonly leftOut: number;
}

/** @param paired what is to be sliced: all of it may be compared */
export function partsByTag(paired: readonly Paired[]): Parts {
  const tags = new Map<Pairing, ReadonlyMap<string, readonly number[]>>();
  for (const { pairing } of paired) if (!tags.has(pairing)) tags.set(pairing, pairsByTag(pairing));
  const sizes = new Map<string, number>();
  for (const [tag, pairs] of [...tags.values()].flatMap((byTag) => [...byTag])) {
    sizes.set(tag, Math.max(sizes.get(tag) ?? 0, pairs.length));
  }
  const told = [...sizes].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const kept = told.slice(0, COMPARE_LIMITS.sliceTags).map(([tag]) => tag);
  const parts = paired.flatMap((of) =>
    kept.flatMap((tag): TaggedPairs[] => {
      const pairs = tags.get(of.pairing)!.get(tag);
      if (pairs === undefined) return [];
      const { columns } = of.found!;
      return [{ of, tag, found: { columns, values: pairedValues(of.pairing, columns, pairs) } }];
    }),
  );
  return { parts, leftOut: told.length - kept.length };
}

export interface TestedPart extends TaggedPairs {
  /** What the whole of it came to. */
  readonly whole: Measured;
  /** Of `flippedIn` what was found. */
  readonly flip?: Result<{ p: number }> | undefined;
}

export function slicesOf(parts: readonly TestedPart[], alpha: number): readonly Slice[] {
  const drafts = parts.map((part) => draftOf(part, alpha));
  const adjusted = adjustFamily(
    drafts.map(({ test }) => ({ p: test.p, isOpen: test.why === null })),
    'bh',
  );
  return Object.freeze(drafts.map((draft, place) => sliceOf(draft, adjusted[place]!, alpha)));
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

function draftOf({ whole, tag, found: { columns, values }, flip }: TestedPart, alpha: number): Draft {
  const meanOf = (side: readonly number[]): number | null =>
    side.length === 0 ? null : side.reduce((sum, value) => sum + value, 0) / side.length;
  return {
    one: whole,
    tag,
    test: testColumns(values, columns, alpha, flip),
    told: {
      baseline: meanOf(values.control),
      variant: meanOf(values.treatment),
      ...countOutcomes(values, whole.metric),
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
