/** One metric of one side against the baseline, before it is known what other tests there are: numbers, and no verdict. */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { averageRepeats } from '../../stats/compare-scores.ts';
import { positionBias } from '../../stats/rates.ts';
import type { Result } from '../../stats/result.ts';
import type { Flipped } from '../../stats/sign-flip.ts';
import { comparable, type PlacedSide } from './comparable.ts';
import type { MetricSide, MissingPairs, PositionBias, Spread } from './compared-metric.ts';
import { explainedMean, NO_MEAN } from './means.ts';
import { blockedBy, failedCells, missingPairs, NO_CELLS } from './missing.ts';
import { EVEN, type PairedColumns, type PairedValues, type Pairing, pairedValues } from './pairs.ts';
import type { Column } from './sheet.ts';
import { countOutcomes, type PairTest, testPairs, toFlip } from './test-pairs.ts';

/** What is to be measured. */
export interface Paired {
  readonly metric: MetricSpec;
  /** Place in the report's sides. */
  readonly side: number;
  readonly pairing: Pairing;
  /** Null: the two may not be compared, `why` says why. */
  readonly found: ColumnsWithValues | null;
  readonly why: MetricSide['why'];
}

export interface ColumnsWithValues {
  readonly columns: PairedColumns;
  readonly values: PairedValues;
}

export interface Measured extends Pick<Paired, 'metric' | 'side' | 'pairing' | 'why'> {
  /** Null: as of `Paired`. */
  readonly columns: PairedColumns | null;
  readonly test: PairTest | null;
  /** What goes into the report as it is. */
  readonly told: Pick<
    MetricSide,
    'baseline' | 'variant' | 'wins' | 'losses' | 'ties' | 'missing' | 'failed' | 'repeats' | 'positionBias'
  >;
}

export interface PairInput {
  readonly metric: MetricSpec;
  readonly baseline: PlacedSide;
  readonly side: PlacedSide;
  readonly place: number;
  readonly pairing: Pairing;
}

export function pairUp({ metric, baseline, side, place, pairing }: PairInput): Paired {
  const found = comparable(metric, baseline, side);
  if ('why' in found) return { metric, side: place, pairing, found: null, why: found.why };
  const { columns } = found;
  return { metric, side: place, pairing, found: { columns, values: pairedValues(pairing, columns) }, why: null };
}

/** @param flip the sign-flip test of `flippedIn` it */
export function measure({ found, why, ...about }: Paired, alpha: number, flip?: Result<{ p: number }>): Measured {
  if (found === null) return { ...about, columns: null, test: null, why, told: NOTHING };
  const { metric, pairing } = about;
  const { columns, values } = found;
  const test = testColumns(values, columns, alpha, flip);
  const missing = missingPairs(pairing, columns);
  return {
    ...about,
    columns,
    test,
    why: whyUndecided(test, missing),
    told: {
      ...meansOf(values, columns, alpha),
      ...countOutcomes(values, metric),
      missing,
      failed: Object.freeze({
        baseline: columns.left === null ? NO_CELLS : failedCells(pairing.baseline, columns.left, pairing.left),
        variant: failedCells(pairing.side, columns.right, pairing.right),
      }),
      repeats: spreadsOf(pairing, columns),
      positionBias: biasOf(columns.right, pairing.right, alpha),
    },
  };
}

/** The test of these values, as their columns ask for. */
export const testColumns = (
  values: PairedValues,
  columns: PairedColumns,
  alpha: number,
  flip?: Result<{ p: number }>,
): PairTest => testPairs(values, columns.metric, { alpha, isAveraged: isAveraged(columns), flip });

/** What the sign-flip test of these values is made of; null where another test fits them. */
export const flippedIn = ({ columns, values }: ColumnsWithValues): Flipped | null =>
  toFlip(values, columns.metric, { isAveraged: isAveraged(columns) });

const isAveraged = ({ left, right }: PairedColumns): boolean =>
  right.repeats > 1 || (left !== null && left.repeats > 1);

/** Why nothing may be decided: too few, nothing that varies, or too much that is missing. */
export function whyUndecided(test: PairTest, missing: MissingPairs): MetricSide['why'] {
  if (test.why?.code === 'no_pairs') return test.why;
  return missing.blocksVerdict ? Object.freeze({ code: 'missing', words: blockedBy(missing) }) : test.why;
}

function meansOf({ control, treatment, cluster }: PairedValues, columns: PairedColumns, alpha: number) {
  const isRate = columns.metric.kind === 'rate' || columns.metric.kind === 'share';
  const settings = { alpha, isRate: isRate && !isAveraged(columns), cluster };
  const isEven = columns.left === null && control.length > 0;
  return {
    baseline: isEven ? Object.freeze({ mean: EVEN, lo: null, hi: null }) : explainedMean(control, settings),
    variant: explainedMean(treatment, settings),
  };
}

function spreadsOf(pairing: Pairing, columns: PairedColumns): MetricSide['repeats'] {
  if (!isAveraged(columns)) return null;
  const { left, right } = columns;
  const spreadOf = (column: Column, examples: readonly number[]): Spread => {
    const lists = examples
      .map((example) => valuesOf(column, example).filter((value) => !Number.isNaN(value)))
      .filter((list) => list.length > 0);
    const { within, between } = averageRepeats(lists);
    return Object.freeze({ within, between });
  };
  return Object.freeze({
    baseline: left === null ? NO_SPREAD : spreadOf(left, pairing.left),
    variant: spreadOf(right, pairing.right),
  });
}

const NO_SPREAD: Spread = Object.freeze({ within: null, between: null });

const valuesOf = ({ values, repeats }: Column, example: number): readonly number[] =>
  Array.from(values.subarray(example * repeats, (example + 1) * repeats));

function biasOf({ flips, repeats }: Column, examples: readonly number[], alpha: number): PositionBias | null {
  if (flips === null) return null;
  const asked = examples.flatMap((example) =>
    Array.from(flips.subarray(example * repeats, (example + 1) * repeats)).filter((flip) => flip >= 0),
  );
  const count = asked.filter((flip) => flip === 1).length;
  const { share, lo, hi, warn } = positionBias(count, asked.length, alpha);
  return Object.freeze({ flips: count, of: asked.length, share, lo, hi, warn: warn ?? false });
}

const NO_MISSING: MissingPairs = Object.freeze({
  cells: 0,
  share: 0,
  p: null,
  blocksVerdict: false,
  bounds: null,
  inapplicable: 0,
  baseline: NO_CELLS,
  variant: NO_CELLS,
});

const NOTHING: Measured['told'] = Object.freeze({
  baseline: NO_MEAN,
  variant: NO_MEAN,
  wins: 0,
  losses: 0,
  ties: 0,
  missing: NO_MISSING,
  failed: Object.freeze({ baseline: NO_CELLS, variant: NO_CELLS }),
  repeats: null,
  positionBias: null,
});
