/** What makes a comparison doubtful, found in what the sides are, and not in their numbers. */
import { isDatasetWorn } from '../../stats/compare-scores.ts';
import { calibrationRemedy, calibrationWords } from '../calibration/words.ts';
import type { Uncorrected } from './compare.ts';
import {
  type ComparedMetric,
  type CompareWarning,
  type EvaluationFacts,
  type Warn,
  warnAt,
} from './comparison-report.ts';
import type { Pairing } from './pairs.ts';
import { type PlacedSide, scorerChanged, scorerOf } from './sides.ts';

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
  const baseline = sides[0]!.matrix.facts;
  const differing = sides.slice(1).flatMap(({ matrix }, index) => {
    if (matrix.facts === baseline) return [];
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
  const warnings = sides.flatMap(({ matrix, evaluationId }, place) => {
    const { state } = matrix.facts;
    if (state === 'completed') return [];
    const what = state === 'partial' ? 'has missing values that a resume may fill' : `is not finished (${state})`;
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

/** What two evaluations do not have in common, as warnings: examples, code, documents, scorers, and what was declared. */
function warningsBetween(
  baseline: PlacedSide,
  side: PlacedSide,
  pairing: Pairing,
  warn: Warn,
): readonly CompareWarning[] {
  const [one, other] = [baseline.matrix.facts, side.matrix.facts];
  return [
    ...datasetWarnings(one, other, pairing, warn),
    ...codeWarnings(one, other, warn),
    ...scorerWarnings(baseline, side, warn),
    ...criteriaWarnings(one, other, warn),
  ];
}

const orNone = (value: string | null): string => value ?? 'none';

function datasetWarnings(one: EvaluationFacts, other: EvaluationFacts, pairing: Pairing, warn: Warn) {
  const [ours, theirs] = [one.spec.dataset, other.spec.dataset];
  const [here, there] = [one.evaluationId, other.evaluationId];
  const nameOf = ({ name, version }: typeof ours): string => `${name}@${version.slice(0, 12)}`;
  const filterOf = ({ tag, examples }: typeof ours): string => `tag ${orNone(tag)}, ${examples} examples`;
  const isSame = ours.version === theirs.version;
  const common = `${pairing.left.length} examples are the same in both and are compared`;
  return [
    ...(isSame
      ? []
      : [
          warn(
            'dataset_versions',
            `${here} is on ${nameOf(ours)}, ${there} on ${nameOf(theirs)}: ${common}`,
            'evaluate both on one version',
          ),
        ]),
    ...(ours.split === theirs.split
      ? []
      : [
          warn(
            'dataset_splits',
            `${here} has split ${ours.split ?? 'both'}, ${there} has ${theirs.split ?? 'both'}: ${common}`,
            'evaluate both on one split',
          ),
        ]),
    ...(ours.tag === theirs.tag && (ours.examples === theirs.examples || !isSame)
      ? []
      : [
          warn(
            'dataset_filters',
            `${here} is on other examples (${filterOf(ours)}) than ${there} (${filterOf(theirs)}): ${common}`,
            null,
          ),
        ]),
    ...(pairing.changed === 0
      ? []
      : [
          warn(
            'examples_changed',
            `${pairing.changed} examples of the same id have another content in ${there} than in ${here}, and are left out`,
            null,
          ),
        ]),
  ];
}

function codeWarnings(one: EvaluationFacts, other: EvaluationFacts, warn: Warn) {
  const [here, there] = [one.evaluationId, other.evaluationId];
  const differing = (ours: { readonly [key: string]: string } = {}, theirs: { readonly [key: string]: string } = {}) =>
    Object.keys(ours).filter((key) => Object.hasOwn(theirs, key) && theirs[key] !== ours[key]);
  const snapshots = differing(one.pins?.snapshots, other.pins?.snapshots);
  const steps = differing(one.pins?.digests, other.pins?.digests);
  return [
    ...(snapshots.length === 0
      ? []
      : [
          warn(
            'snapshots',
            `${here} and ${there} read different snapshots of ${snapshots.join(', ')}`,
            'what differs may be the documents: evaluate both on one snapshot',
          ),
        ]),
    ...(steps.length === 0
      ? []
      : [
          warn(
            'step_digests',
            `${steps.join(', ')}: the code in ${there} is not that in ${here}, and has the same version`,
            'raise the version of a step that now does something else',
          ),
        ]),
    ...(one.spec.repeats === other.spec.repeats
      ? []
      : [
          warn(
            'repeats',
            `${here} has ${one.spec.repeats} repeats, ${there} has ${other.spec.repeats}: means of fewer vary more`,
            null,
          ),
        ]),
  ];
}

function scorerWarnings(baseline: PlacedSide, side: PlacedSide, warn: Warn) {
  const [ours, theirs] = [baseline, side].map(({ matrix }) => matrix.facts.spec.scorers.map(({ id }) => id));
  const changed = ours!.filter((id) => theirs!.includes(id) && scorerChanged(id, baseline.matrix, side.matrix));
  if (changed.length === 0) return [];
  const metrics = baseline.matrix.facts.spec.metrics.filter((metric) => changed.includes(scorerOf(metric) ?? ''));
  const names = metrics.map(({ name }) => name).join(', ');
  const what = `scorer ${changed.join(', ')} is not the same in ${baseline.evaluationId} and ${side.evaluationId}`;
  return [
    warn(
      'scorer_versions',
      `${what}: not compared${names === '' ? '' : `: ${names}`}`,
      'evaluate the older one again: only scores are made anew',
    ),
  ];
}

function criteriaWarnings(one: EvaluationFacts, other: EvaluationFacts, warn: Warn) {
  const theirs = new Map(other.spec.metrics.map((metric) => [metric.name, metric]));
  const differing = one.spec.metrics.filter((ours) => {
    const metric = theirs.get(ours.name);
    const isSame = (key: 'role' | 'minimumEffect' | 'margin'): boolean =>
      metric === undefined || metric[key] === ours[key];
    return !(isSame('role') && isSame('minimumEffect') && isSame('margin'));
  });
  const names = [...differing.map(({ name }) => name), ...(one.spec.alpha === other.spec.alpha ? [] : ['alpha'])];
  if (names.length === 0) return [];
  return [
    warn(
      'criteria',
      `${other.evaluationId} declares ${names.join(', ')} otherwise than ${one.evaluationId}, whose declaration stands`,
      null,
    ),
  ];
}
