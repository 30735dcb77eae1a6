/**
 * Sides of evaluations against a baseline side: variants of one evaluation, or of several. A pure function from results to
 * a frozen report.
 */
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { Result } from '../../stats/result.ts';
import { MIN_UNITS_FOR_VERDICT } from '../../stats/sample-size.ts';
import { signFlips } from '../../stats/sign-flip.ts';
import {
  type Calibration,
  COMPARE_LIMITS,
  COMPARISON_FORMAT,
  type ComparedMetric,
  type ComparisonReport,
  type CorrectedEffect,
  type SideRef,
  type Slice,
} from './comparison-report.ts';
import { adjustFamily, conclude, decide, EXPLORATORY_RATE } from './conclude.ts';
import {
  type ColumnsWithValues,
  countOutcomes,
  flippedIn,
  type Measured,
  measure,
  type Paired,
  type PairTest,
  pairUp,
  testColumns,
} from './measure.ts';
import { type Pairing, pairExamples, pairedValues } from './pairs.ts';
import { checkRegistration } from './registration.ts';
import type { ScoreMatrix } from './score-matrix.ts';
import { describeSide, labelsOf, type PlacedSide, placeSides, scorerOf } from './sides.ts';
import { warningsOf } from './warnings.ts';

export interface CompareInput {
  /** One per evaluation, with all its rows. */
  readonly matrices: readonly ScoreMatrix[];
  /** The baseline first. */
  readonly sides: readonly SideRef[];
  /** On the baseline's dataset version so far, this one included. */
  readonly comparisons: number;
  /** Whether the baseline's dataset has a final split that the baseline did not run on; default false. */
  readonly hasFinal?: boolean;
  /** By the name of the metric, of those that a judge scores. */
  readonly judges?: { readonly [metric: string]: Calibration };
  /** Effects as labels correct them; `side` is a place in `sides`. */
  readonly corrections?: readonly Correction[];
  /** Effects of judges that the labels that there are do not correct. */
  readonly uncorrected?: readonly Uncorrected[];
}

export interface Correction extends CorrectedEffect {
  readonly side: number;
  readonly metric: string;
}

export interface Uncorrected {
  readonly side: number;
  readonly metric: string;
  /** A clause. */
  readonly why: string;
}

/** @throws SluiceError `sides_invalid`, `variant_unknown`, `evaluation_unknown` */
export function compareEvaluations(input: CompareInput): ComparisonReport {
  const { comparisons, hasFinal = false, judges = {}, corrections = [], uncorrected = [] } = input;
  const sides = placeSides(input.matrices, input.sides);
  const [baseline, ...others] = sides as [PlacedSide, ...PlacedSide[]];
  const { alpha } = baseline.matrix.facts.spec;
  const pairings = pairAll(baseline, others);
  const labels = labelsOf(sides);
  const specs = metricsOf(sides);
  const paired = specs.flatMap((metric) =>
    others.map((side, index) => pairUp({ metric, baseline, side, place: index + 1, pairing: pairings[index]! })),
  );
  const { parts, leftOut } = partsByTag(toSlice(paired));
  // All at once: drawing signs is what most of the time goes into, and they are the same for all.
  const flips = flipAll([...paired, ...parts].flatMap(({ found }) => found ?? []));
  const measured = paired.map((one) => measure(one, alpha, flips.get(one.found)));
  const wholes = new Map(measured.map((whole, place) => [paired[place]!, whole]));
  const slices = slicesOf(
    parts.map((part) => ({ ...part, whole: wholes.get(part.of)!, flip: flips.get(part.found) })),
    alpha,
  );
  const judgeOf = ({ metric }: Pick<Measured, 'metric'>): Calibration | null => judges[metric.name] ?? null;
  const correctedOf = ({ metric, side }: Measured): CorrectedEffect | null => {
    const found = corrections.find((correction) => correction.metric === metric.name && correction.side === side);
    if (found === undefined) return null;
    const { effect, lo, hi, labels: count, method } = found;
    return Object.freeze({ effect, lo, hi, labels: count, method });
  };
  const concluded = conclude({ measured, alpha, comparisons, hasFinal, labels, judgeOf, correctedOf });
  const metrics = specs.map((metric, place): ComparedMetric => {
    const from = place * others.length;
    const own = concluded.sides.slice(from, from + others.length);
    return Object.freeze({
      ...metric,
      scorer: scorerOf(metric),
      judge: judgeOf({ metric }),
      sides: Object.freeze(own),
    });
  });
  return Object.freeze({
    format: COMPARISON_FORMAT,
    sides: Object.freeze(sides.map((side, place) => describeSide(side, labels[place]!, pairings[place - 1]))),
    metrics: Object.freeze(metrics),
    slices,
    slicesLeftOut: leftOut,
    warnings: warningsOf({ sides, pairings, metrics, comparisons, hasFinal, uncorrected }),
    registrations: Object.freeze(
      [...new Set(sides.map(({ matrix }) => matrix))].map(({ facts }) => checkRegistration(facts)),
    ),
    alpha,
    multiplicity: Object.freeze({
      holm: concluded.holm,
      secondary: concluded.secondary,
      slices: slices.length,
      exploratoryRate: EXPLORATORY_RATE,
    }),
    comparisons,
    headline: headlineOf(metrics),
  });
}

function flipAll(all: readonly ColumnsWithValues[]): ReadonlyMap<ColumnsWithValues | null, Result<{ p: number }>> {
  const toFlip = all.flatMap((found) => {
    const flipped = flippedIn(found);
    return flipped === null ? [] : [{ found, flipped }];
  });
  const flips = signFlips(toFlip.map(({ flipped }) => flipped));
  return new Map(toFlip.map(({ found }, place) => [found, flips[place]!]));
}

/** One pairing per evaluation: its variants have the same examples. */
function pairAll(baseline: PlacedSide, others: readonly PlacedSide[]): readonly Pairing[] {
  const known = new Map<ScoreMatrix, Pairing>();
  return others.map(({ matrix }) => {
    const pairing = known.get(matrix) ?? pairExamples(baseline.matrix, matrix);
    known.set(matrix, pairing);
    return pairing;
  });
}

const ROLES = ['primary', 'guardrail', 'secondary'] as const;

/** As the baseline's evaluation declares them; then those that only others have, which are ranked and not compared. */
function metricsOf(sides: readonly PlacedSide[]): readonly MetricSpec[] {
  const byName = new Map<string, MetricSpec>();
  for (const metric of sides.flatMap(({ matrix }) => matrix.facts.spec.metrics)) {
    if (!byName.has(metric.name)) byName.set(metric.name, metric);
  }
  return ROLES.flatMap((role) => [...byName.values()].filter((metric) => metric.role === role));
}

/** The primaries; where none is declared the first metric. */
function toSlice(paired: readonly Paired[]): readonly Paired[] {
  const compared = paired.filter(({ found }) => found !== null);
  const primaries = compared.filter(({ metric }) => metric.role === 'primary');
  return primaries.length > 0 ? primaries : compared.filter(({ metric }) => metric === compared[0]?.metric);
}

function headlineOf(metrics: readonly ComparedMetric[]): readonly string[] {
  const verdicts = metrics.filter(({ role }) => role === 'primary').flatMap(({ sides }) => sides);
  const open = metrics.flatMap(({ sides }) => sides).flatMap(({ guardrail }) => guardrail ?? []);
  return Object.freeze([
    ...verdicts.flatMap(({ sentences }) => sentences.slice(0, 1)),
    ...open.filter(({ status }) => status !== 'proven').flatMap(({ sentences }) => sentences.slice(0, 1)),
  ]);
}

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
function partsByTag(paired: readonly Paired[]): Parts {
  const tags = new Map<Pairing, ReadonlyMap<string, readonly number[]>>();
  for (const { pairing } of paired) if (!tags.has(pairing)) tags.set(pairing, pairsByTag(pairing));
  const sizes = new Map<string, number>();
  for (const [tag, pairs] of [...tags.values()].flatMap((byTag) => [...byTag])) {
    sizes.set(tag, Math.max(sizes.get(tag) ?? 0, pairs.length));
  }
  const ranked = [...sizes].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const kept = ranked.slice(0, COMPARE_LIMITS.sliceTags).map(([tag]) => tag);
  const parts = paired.flatMap((of) =>
    kept.flatMap((tag): TaggedPairs[] => {
      const pairs = tags.get(of.pairing)!.get(tag);
      if (pairs === undefined) return [];
      const { columns } = of.found!;
      return [{ of, tag, found: { columns, values: pairedValues(of.pairing, columns, pairs) } }];
    }),
  );
  return { parts, leftOut: ranked.length - kept.length };
}

export interface TestedPart extends TaggedPairs {
  /** What the whole of it came to. */
  readonly whole: Measured;
  /** Of `flippedIn` what was found. */
  readonly flip?: Result<{ p: number }> | undefined;
}

function slicesOf(parts: readonly TestedPart[], alpha: number): readonly Slice[] {
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
  const isListed = (pairs: readonly number[]): boolean =>
    pairs.length >= MIN_UNITS_FOR_VERDICT && pairs.length < left.length;
  return new Map([...byTag].filter(([, pairs]) => isListed(pairs)));
}

interface Draft {
  readonly one: Measured;
  readonly tag: string;
  readonly test: PairTest;
  readonly numbers: Pick<Slice, 'baseline' | 'variant' | 'wins' | 'losses' | 'ties' | 'missing'>;
}

function draftOf({ whole, tag, found: { columns, values }, flip }: TestedPart, alpha: number): Draft {
  const meanOf = (side: readonly number[]): number | null =>
    side.length === 0 ? null : side.reduce((sum, value) => sum + value, 0) / side.length;
  return {
    one: whole,
    tag,
    test: testColumns(values, columns, alpha, flip),
    numbers: {
      baseline: meanOf(values.control),
      variant: meanOf(values.treatment),
      ...countOutcomes(values, whole.metric),
      missing: values.lacking,
    },
  };
}

function sliceOf({ one, tag, test, numbers }: Draft, pAdjusted: number | null, alpha: number): Slice {
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
  return Object.freeze({
    tag,
    metric: metric.name,
    side,
    verdict,
    why,
    pairs,
    units,
    effect,
    p,
    pAdjusted,
    ...numbers,
  });
}
