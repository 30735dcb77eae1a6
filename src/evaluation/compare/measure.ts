/** One metric of one side against the baseline, before it is known what other tests there are: numbers, and no verdict. */
import type { MetricSpec } from '../../model/evaluation-spec.ts';
import { averageRepeats, compareScores, designEffectOf, flippedOf } from '../../stats/compare-scores.ts';
import type { ExplainedEffect } from '../../stats/explained-report.ts';
import { mcnemarExact, pairwise, positionBias } from '../../stats/rates.ts';
import type { Problem, Result } from '../../stats/result.ts';
import { MIN_UNITS_FOR_VERDICT } from '../../stats/sample-size.ts';
import type { Flipped } from '../../stats/sign-flip.ts';
import { differences, tTest } from '../../stats/t-test.ts';
import type {
  CompareMethod,
  CompareTest,
  MetricSide,
  MissingPairs,
  NoVerdictCode,
  PositionBias,
  Spread,
} from './comparison-report.ts';
import { blockedBy, failedCells, missingPairs, NO_CELLS } from './missing.ts';
import { EVEN, outcomeOf, type PairedColumns, type PairedValues, type Pairing, pairedValues } from './pairs.ts';
import { type Column, explainedMean, NO_MEAN } from './score-matrix.ts';
import { comparable, type PlacedSide } from './sides.ts';

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
  readonly numbers: Pick<
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
  if (found === null) return { ...about, columns: null, test: null, why, numbers: NOTHING };
  const { metric, pairing } = about;
  const { columns, values } = found;
  const test = testColumns(values, columns, alpha, flip);
  const missing = missingPairs(pairing, columns);
  return {
    ...about,
    columns,
    test,
    why: whyUndecided(test, missing),
    numbers: {
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

const NOTHING: Measured['numbers'] = Object.freeze({
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

export interface PairTest {
  readonly method: CompareMethod;
  readonly pairs: number;
  readonly units: number;
  readonly effect: ExplainedEffect;
  /** Of the effect, by its pairs or clusters; null where nothing varies. */
  readonly se: number | null;
  /** Of clusters: how many times as many examples they take as independent ones; null without, or where nothing varies. */
  readonly designEffect: number | null;
  readonly tests: MetricSide['tests'];
  /** The largest of those that decide. */
  readonly p: number | null;
  /** Why it decides nothing; null where it may. */
  readonly why: MetricSide['why'];
  /** Two-sided, at another level; null where there is none. */
  readonly intervalAt: (alpha: number) => { readonly lo: number; readonly hi: number } | null;
}

export interface TestSettings {
  readonly alpha: number;
  /** Whether values are means of repeats. */
  readonly isAveraged: boolean;
  /** The sign-flip test of what `toFlip` gives, where it was made with others'. */
  readonly flip?: Result<{ p: number }> | undefined;
}

/**
 * One metric's pairs put to the test that fits them: McNemar's for passes and failures, the sign test for a judge's
 * choices, and t with sign-flip for everything else, which includes repeats that were averaged and clusters.
 */
function testPairs(values: PairedValues, metric: MetricSpec, settings: TestSettings): PairTest {
  switch (methodFor(values, metric, settings)) {
    case 'rate':
      return testRate(values, settings.alpha);
    case 'wins':
      return testWins(values, settings.alpha);
    case 'means':
      return testMeans(values, metric, settings);
  }
}

/** What the sign-flip test of these pairs is made of; null where they are put to another. */
const toFlip = (values: PairedValues, metric: MetricSpec, settings: Pick<TestSettings, 'isAveraged'>) =>
  methodFor(values, metric, settings) === 'means'
    ? flippedOf(values.control, values.treatment, values.cluster ?? undefined)
    : (null satisfies Flipped | null);

function methodFor(values: PairedValues, { kind }: MetricSpec, { isAveraged }: Pick<TestSettings, 'isAveraged'>) {
  const isPlain = values.cluster === null && !isAveraged;
  const areAmong = (...allowed: readonly number[]): boolean =>
    [values.control, values.treatment].every((side) => side.every((value) => allowed.includes(value)));
  if (isPlain && (kind === 'rate' || kind === 'share') && areAmong(0, 1)) return 'rate';
  return isPlain && kind === 'win-rate' && areAmong(0, EVEN, 1) ? 'wins' : 'means';
}

function testMeans(
  { control, treatment, cluster }: PairedValues,
  { better }: MetricSpec,
  { alpha, flip }: TestSettings,
): PairTest {
  const clusters = cluster === null ? {} : { cluster };
  const result = compareScores(control, treatment, { alpha, better, mde: null, ...clusters, ...(flip && { flip }) });
  const { se, df, ciLo, ciHi } = result;
  const diff = withoutRounding(result.diff, result.se);
  const tests = [testOf('t', result.p), testOf('sign_flip', result.pSignFlip)].flat();
  return {
    method: cluster === null ? 'paired_t' : 'cluster_paired',
    pairs: control.length,
    units: result.units ?? (cluster === null ? control.length : new Set(cluster).size),
    effect: Object.freeze({ diff, lo: ciLo, hi: ciHi }),
    se,
    designEffect: cluster === null || !se ? null : designEffectOf(differences(control, treatment)!, se),
    tests,
    p: tests.length === 2 ? Math.max(...tests.map(({ p }) => p)) : null,
    why: result.status === 'ok' ? null : whyNot(result.status, result.why, control.length),
    intervalAt: (level) => {
      if (diff === null || df === null || !se) return null;
      const { ciLo: lo, ciHi: hi } = tTest(diff, se, df, level);
      return { lo, hi };
    },
  };
}

function testRate({ control, treatment }: PairedValues, alpha: number): PairTest {
  const count = (first: number, second: number): number =>
    control.filter((value, index) => value === first && treatment[index] === second).length;
  const counts = { n11: count(1, 1), n10: count(1, 0), n01: count(0, 1), n00: count(0, 0) };
  const { n10, n01 } = counts;
  const pairs = control.length;
  const result = mcnemarExact(counts, alpha);
  const { diff } = result;
  return {
    method: 'mcnemar_exact',
    pairs,
    units: pairs,
    effect: Object.freeze({ diff, lo: result.ciLo, hi: result.ciHi }),
    se: pairs < 2 || n10 + n01 === 0 ? null : errorOf((n10 + n01) / pairs, diff!, pairs),
    designEffect: null,
    tests: [testOf('mcnemar_exact', result.pExact), testOf('mcnemar_mid', result.pMid, false)].flat(),
    p: result.pExact,
    why: result.status === 'ok' ? tooFew(pairs) : whyNot(result.status, result.why, pairs),
    intervalAt: (level) => intervalOf(mcnemarExact(counts, level), 0),
  };
}

function testWins({ treatment }: PairedValues, alpha: number): PairTest {
  const count = (outcome: number): number => treatment.filter((value) => value === outcome).length;
  const [wins, ties, losses] = [count(1), count(EVEN), count(0)];
  const pairs = treatment.length;
  const result = pairwise(wins, ties, losses, alpha);
  const diff = result.winRate === null ? null : result.winRate - EVEN;
  const { lo, hi } = intervalOf(result, EVEN) ?? { lo: null, hi: null };
  return {
    method: 'pairwise',
    pairs,
    units: pairs,
    effect: Object.freeze({ diff, lo, hi }),
    se: lo === null ? null : errorOf((wins + losses) / 4 / pairs, diff!, pairs),
    designEffect: null,
    tests: testOf('sign_test', result.pSign),
    p: result.pSign,
    why: result.status === 'ok' ? tooFew(pairs) : whyNot(result.status, result.why, pairs),
    intervalAt: (level) => intervalOf(pairwise(wins, ties, losses, level), EVEN),
  };
}

/** Scores that even out leave a sum of rounding errors: a difference that their own error dwarfs so far is none. */
const withoutRounding = (diff: number | null, se: number | null): number | null =>
  diff !== null && se !== null && se > 0 && Math.abs(diff) < 1e-12 * se ? 0 : diff;

/** From the mean of squared differences and their mean: standard error with n - 1. */
const errorOf = (meanSquare: number, mean: number, n: number): number =>
  Math.sqrt((meanSquare - mean * mean) / (n - 1));

function intervalOf({ ciLo, ciHi }: { ciLo: number | null; ciHi: number | null }, zero: number) {
  return ciLo === null || ciHi === null ? null : { lo: ciLo - zero, hi: ciHi - zero };
}

const testOf = (name: CompareTest, p: number | null, decides = true): MetricSide['tests'] =>
  p === null ? [] : [Object.freeze({ name, p, decides })];

const CODES: { readonly [status in Problem]: NoVerdictCode } = {
  no_variation: 'no_variation',
  insufficient_data: 'too_few_units',
  invalid_input: 'invalid',
  uninformative_judge: 'invalid',
  no_relevant: 'invalid',
};

function whyNot(status: Problem, words: string, pairs: number): NonNullable<MetricSide['why']> {
  if (pairs === 0) return Object.freeze({ code: 'no_pairs', words: 'no example has a score on both sides' });
  return Object.freeze({ code: CODES[status], words });
}

const tooFew = (units: number): MetricSide['why'] =>
  units >= MIN_UNITS_FOR_VERDICT
    ? null
    : Object.freeze({ code: 'too_few_units', words: `a verdict needs at least ${MIN_UNITS_FOR_VERDICT} units` });

/** Pairs in which the variant is better, worse, or equal. */
export function countOutcomes({ control, treatment }: PairedValues, metric: MetricSpec) {
  let [wins, losses, ties] = [0, 0, 0];
  for (const [index, first] of control.entries()) {
    const outcome = outcomeOf(first, treatment[index]!, metric);
    if (outcome > 0) wins += 1;
    else if (outcome < 0) losses += 1;
    else ties += 1;
  }
  return { wins, losses, ties };
}
