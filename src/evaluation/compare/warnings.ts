/** What makes a comparison doubtful, found in what the sides are, and not in their numbers. */
import { isDatasetWorn } from '../../stats/compare-scores.ts';
import { calibrationRemedy, calibrationWords } from '../calibration/words.ts';
import type { PlacedSide } from './comparable.ts';
import type { Uncorrected } from './compare.ts';
import type { ComparedMetric } from './compared-metric.ts';
import type { EvaluationFacts } from './input.ts';
import type { Pairing } from './pairs.ts';
import { type CompareWarning, warnAt } from './warning.ts';
import { warningsBetween } from './warnings-between.ts';

export interface WarningInput {
  /** The baseline first. */
  readonly sides: readonly PlacedSide[];
  /** Of each side but the baseline. */
  readonly pairings: readonly Pairing[];
  readonly metrics: readonly ComparedMetric[];
  readonly comparisons: number;
  readonly hasFinal: boolean;
  readonly uncorrected: readonly Uncorrected[];
}

export function warningsOf(input: WarningInput): readonly CompareWarning[] {
  const { sides, pairings, metrics } = input;
  const baseline = sides[0]!.sheet.facts;
  const differing = sides.slice(1).flatMap(({ sheet }, index) => {
    if (sheet.facts === baseline) return [];
    return warningsBetween(sides[0]!, sides[index + 1]!, pairings[index]!, warnAt([index + 1]));
  });
  return Object.freeze([
    ...unfinished(sides),
    ...unique(differing),
    ...judgeWarnings(metrics, baseline),
    ...correctionWarnings(input, baseline),
    ...worn(baseline, input),
  ]);
}

/** Several sides of one evaluation are warned of once. */
function unique(warnings: readonly CompareWarning[]): readonly CompareWarning[] {
  const byMessage = Map.groupBy(warnings, ({ code, message }) => `${code} ${message}`);
  return [...byMessage.values()].map((alike) =>
    Object.freeze({ ...alike[0]!, sides: Object.freeze(alike.flatMap(({ sides }) => sides)) }),
  );
}

function unfinished(sides: readonly PlacedSide[]): readonly CompareWarning[] {
  const warnings = sides.flatMap(({ sheet, evaluationId }, place) => {
    const { state } = sheet.facts;
    if (state === 'completed') return [];
    const what = state === 'partial' ? 'has holes that may be filled' : `is not finished (${state})`;
    return [warnAt([place])('unfinished', `${evaluationId} ${what}`, `sluice eval resume ${evaluationId}`)];
  });
  return unique(warnings);
}

function judgeWarnings(
  metrics: readonly ComparedMetric[],
  { evaluationId }: Pick<EvaluationFacts, 'evaluationId'>,
): readonly CompareWarning[] {
  return metrics.flatMap(({ name, judge, scorer, sides }) => {
    const uncalibrated = judge?.state === 'uncalibrated' && sides.some(({ verdict }) => verdict !== null);
    const biased = sides.filter(({ positionBias }) => positionBias?.warn);
    return [
      ...(uncalibrated
        ? [
            warnAt([])(
              'judge_uncalibrated',
              `the judge behind ${name} is not calibrated, so its verdicts do not gate: ${calibrationWords(judge)}`,
              calibrationRemedy(judge, { evaluationId, scorer: scorer! }),
            ),
          ]
        : []),
      ...biased.map(({ side, positionBias }) =>
        warnAt([side])(
          'position_bias',
          `the judge behind ${name} changed its mind with the order in ${positionBias!.flips} of ${positionBias!.of} comparisons`,
          'those count as ties; a judge that reads both answers alike would show more',
        ),
      ),
    ];
  });
}

/** Where labels correct no effect of a judge, or only as far as both sides are alike. */
function correctionWarnings(
  { metrics, uncorrected }: WarningInput,
  { evaluationId }: Pick<EvaluationFacts, 'evaluationId'>,
): readonly CompareWarning[] {
  return metrics.flatMap(({ name, scorer, sides }) => {
    const remedy = `label the same examples on both sides: sluice judge export ${evaluationId} --scorer ${scorer} --unlabelled --out labels.csv`;
    const left = uncorrected.filter(({ metric }) => metric === name);
    const pooled = sides.filter(({ corrected }) => corrected?.method === 'rogan_gladen_pooled');
    return unique([
      ...left.map(({ side, why }) =>
        warnAt([side])('labels_not_applied', `labels do not correct the effect on ${name}: ${why}`, remedy),
      ),
      ...pooled.map(({ side }) =>
        warnAt([side])(
          'error_rates_pooled',
          `labels correct the effect on ${name} by one table of error rates for both sides: what the judge does to one side alone is not corrected`,
          remedy,
        ),
      ),
    ]);
  });
}

const worn = ({ spec }: EvaluationFacts, { comparisons, hasFinal }: WarningInput): readonly CompareWarning[] =>
  isDatasetWorn(comparisons)
    ? [
        warnAt([])(
          'dataset_worn',
          `this is comparison ${comparisons} on ${spec.dataset.name}: its examples are no longer fresh evidence`,
          hasFinal ? 'confirm on the final split' : 'confirm on new examples',
        ),
      ]
    : [];
