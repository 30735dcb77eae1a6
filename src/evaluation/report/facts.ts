/** What a comparison rests on, as tables of text that each kind of report lays out its own way. */

import { shortId, showMoney, showTime, showWhole } from '../../base/format.ts';
import { levelOf } from '../../stats/format-value.ts';
import type {
  CellReasons,
  ComparedMetric,
  ComparedSide,
  CompareMethod,
  CompareTest,
  ComparisonReport,
} from '../compare/comparison-report.ts';
import type { ReportData } from './data.ts';
import { MISSING } from './values.ts';

export interface FactTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** `docs-bot: hybrid, rewrite against baseline`. */
export function titleOf({ sides }: ComparisonReport): string {
  const [baseline, ...others] = sides;
  const pipelines = [...new Set(sides.map(({ pipeline }) => pipeline))].join(', ');
  return `${pipelines}: ${others.map(({ label }) => label).join(', ')} against ${baseline!.label}`;
}

/** The sides: what ran on what. */
export const comparedRows = ({ report }: Pick<ReportData, 'report'>): FactTable => ({
  headings: ['variant', 'evaluation', 'plan', 'dataset', 'snapshots', 'repeats', 'examples', 'runs'],
  rows: report.sides.map((side) => [
    side.label,
    `${side.evaluationId} (${side.state})`,
    shortId(side.planId),
    datasetWords(side),
    snapshotWords(side),
    String(side.repeats),
    exampleWords(side),
    runWords(side),
  ]),
});

function datasetWords({ dataset: { name, version, split, tag } }: ComparedSide): string {
  const part = [split === null ? '' : `, split ${split}`, tag === null ? '' : `, tag ${tag}`].join('');
  return `${name}@${shortId(version)}${part}`;
}

function snapshotWords({ snapshots }: ComparedSide): string {
  const pinned = Object.entries(snapshots).map(([index, snapshot]) => `${index} ${shortId(snapshot)}`);
  return pinned.join(', ') || MISSING;
}

function exampleWords({ dataset, examples: { common, onlyBaseline, onlySide, changed } }: ComparedSide): string {
  const notes = [
    ...(common === dataset.examples ? [] : [`${showWhole(common)} common`]),
    ...(onlyBaseline === 0 ? [] : [`${showWhole(onlyBaseline)} only in the baseline's`]),
    ...(onlySide === 0 ? [] : [`${showWhole(onlySide)} only here`]),
    ...(changed === 0 ? [] : [`${showWhole(changed)} with other content`]),
  ];
  return [showWhole(dataset.examples), ...notes].join(', ');
}

const runWords = ({ runs }: ComparedSide): string =>
  Object.entries(runs)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([outcome, count]) => `${showWhole(count)} ${outcome}`)
    .join(', ') || MISSING;

/** The evaluations: when, and at what cost. */
export const evaluationRows = ({ evaluations }: Pick<ReportData, 'evaluations'>): FactTable => ({
  headings: ['evaluation', 'started', 'finished', 'calls made', 'calls shared', 'paid', 'saved'],
  rows: evaluations.map(
    ({ evaluationId, createdAt, finishedAt, progress: { calls, paidUsd, unknownCalls, savedUsd } }) => [
      evaluationId,
      showTime(createdAt, 'minutes'),
      showTime(finishedAt, 'minutes'),
      showWhole(calls.made),
      showWhole(calls.shared),
      `${unknownCalls > 0 && paidUsd !== null ? 'at least ' : ''}${showMoney(paidUsd)}${unknownCalls === 0 ? '' : ` (${showWhole(unknownCalls)} calls unknown)`}`,
      showMoney(savedUsd),
    ],
  ),
});

/** What is missing and what failed, by metric and side, with the most frequent reasons. */
export const countRows = ({ report: { metrics, sides } }: Pick<ReportData, 'report'>): FactTable => ({
  headings: [
    'metric',
    'variant',
    'pairs',
    'nothing to score',
    'missing here',
    'missing in the baseline',
    'counts as the worst here',
    'counts as the worst in the baseline',
  ],
  rows: metrics.flatMap((metric) =>
    metric.sides.map(({ side, pairs, missing, failed }) => [
      metric.name,
      sides[side]!.label,
      showWhole(pairs),
      showWhole(missing.inapplicable),
      reasonWords(missing.variant),
      reasonWords(missing.baseline),
      reasonWords(failed.variant),
      reasonWords(failed.baseline),
    ]),
  ),
});

function reasonWords({ cells, reasons }: CellReasons): string {
  if (cells === 0) return '0';
  return `${showWhole(cells)} (${reasons.map(({ reason, cells: count }) => `${showWhole(count)} ${reason}`).join('; ')})`;
}

const METHODS: { readonly [method in CompareMethod]: string } = {
  paired_t: 'paired differences of examples',
  cluster_paired: 'paired differences, clusters of examples as the unit',
  mcnemar_exact: "pairs that changed sides (McNemar's exact test)",
  pairwise: 'choices between two answers',
};
const TESTS: { readonly [test in CompareTest]: string } = {
  t: 't',
  sign_flip: 'sign-flip',
  mcnemar_exact: 'exact McNemar',
  mcnemar_mid: 'mid-p McNemar',
  sign_test: 'sign test',
};

/** The method by metric and side, with p-values before and after adjustment. */
export const methodRows = ({ report: { metrics, sides } }: Pick<ReportData, 'report'>): FactTable => ({
  headings: ['metric', 'variant', 'unit', 'pairs', 'units', 'wins / losses / ties', 'p', 'adjusted p'],
  rows: metrics.flatMap((metric) =>
    metric.sides.map((side) => [
      metric.name,
      sides[side.side]!.label,
      side.method === null ? (side.why?.words ?? MISSING) : METHODS[side.method],
      showWhole(side.pairs),
      showWhole(side.units),
      `${showWhole(side.wins)} / ${showWhole(side.losses)} / ${showWhole(side.ties)}`,
      side.tests
        .map(({ name, p, decides }) => `${showP(p)} ${TESTS[name]}${decides ? '' : ' (shown only)'}`)
        .join(', ') || MISSING,
      side.pAdjusted === null ? MISSING : showP(side.pAdjusted),
    ]),
  ),
});

const showP = (p: number): string => (p < 0.0001 ? '< 0.0001' : p.toPrecision(2));

export function methodLines({ report }: Pick<ReportData, 'report'>): readonly string[] {
  const { alpha, multiplicity, comparisons, metrics } = report;
  const { holm, secondary, slices, exploratoryRate } = multiplicity;
  const has = (role: ComparedMetric['role']): boolean => metrics.some((metric) => metric.role === role);
  const rate = `${Number((100 * exploratoryRate).toPrecision(3))}%`;
  return [
    `Intervals are two-sided at ${levelOf(alpha)}, each for itself. Means are over the pairs: examples that both sides have a value of.`,
    ...(has('primary') ? [`Primaries: ${holm} ${holm === 1 ? 'test' : "tests, adjusted by Holm's method"}.`] : []),
    ...(has('guardrail') ? ['Guardrails: one-sided bounds of the harm against the margin that was declared.'] : []),
    ...(has('secondary')
      ? [
          `Secondary metrics (${secondary} tests) and slices (${slices}) are exploratory: about ${rate} of what they claim may be false (Benjamini and Hochberg).`,
        ]
      : []),
    'A run that failed by its own fault counts as the worst score; what nobody knows is missing, and never 0.',
    `Comparison ${comparisons} on this version of the dataset.`,
  ];
}
