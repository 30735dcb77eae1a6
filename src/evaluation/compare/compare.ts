/**
 * Sides of evaluations against a baseline side: variants of one evaluation, or of several. A pure function from results to
 * a frozen report.
 */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { Result } from '../../stats/result.ts';
import { signFlips } from '../../stats/sign-flip.ts';
import { EXPLORATORY_RATE } from './adjust.ts';
import { type PlacedSide, scorerOf } from './comparable.ts';
import type { Calibration, ComparedMetric, CorrectedEffect } from './compared-metric.ts';
import { conclude } from './conclude.ts';
import type { SideRef } from './input.ts';
import { type ColumnsWithValues, flippedIn, type Measured, measure, type Paired, pairUp } from './measure.ts';
import { type Pairing, pairExamples } from './pairs.ts';
import { checkRegistration } from './registration.ts';
import { COMPARISON_FORMAT, type ComparisonReport } from './report.ts';
import type { Sheet } from './sheet.ts';
import { describeSide, labelsOf, placeSides } from './sides.ts';
import { partsByTag, slicesOf } from './slices.ts';
import { warningsOf } from './warnings.ts';

export interface CompareInput {
  /** One per evaluation, with all its rows. */
  readonly sheets: readonly Sheet[];
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
  const sides = placeSides(input.sheets, input.sides);
  const [baseline, ...others] = sides as [PlacedSide, ...PlacedSide[]];
  const { alpha } = baseline.sheet.facts.spec;
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
      [...new Set(sides.map(({ sheet }) => sheet))].map(({ facts }) => checkRegistration(facts)),
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
  const known = new Map<Sheet, Pairing>();
  return others.map(({ sheet }) => {
    const pairing = known.get(sheet) ?? pairExamples(baseline.sheet, sheet);
    known.set(sheet, pairing);
    return pairing;
  });
}

const ROLES = ['primary', 'guardrail', 'secondary'] as const;

/** As the baseline's evaluation declares them; then those that only others have, which are told and not compared. */
function metricsOf(sides: readonly PlacedSide[]): readonly MetricSpec[] {
  const byName = new Map<string, MetricSpec>();
  for (const metric of sides.flatMap(({ sheet }) => sheet.facts.spec.metrics)) {
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
